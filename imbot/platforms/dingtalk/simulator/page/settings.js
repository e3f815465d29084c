/** A form for the simulator's settings that a person needs; the others are for tests. */

import { saveSettings } from "./api.js";
import { h, fill } from "./dom.js";
import { t } from "./i18n.js";

const FIELDS = {
  qps: "number",
  monthly: "number",
  latency_ms: "number",
  stream_max: "number",
  callback_s: "number",
  redelivery_s: "number",
  redelivery_same_id: "switch",
  published: "switch",
  samples_without_title: "switch",
  webhooks_without_text: "switch",
  system_frames: "switch",
};

/** The form. A change is saved at once; an empty number turns a limit off. */
export class SettingsForm {
  constructor(root) {
    this.root = root;
    this.settings = null;
    this.error = "";
  }

  /** Show the current settings; a field that is being typed in is left alone. */
  render(settings) {
    if (settings === this.settings) return;
    this.settings = settings;
    const fields = Object.keys(FIELDS).filter((name) => name in settings);
    fill(
      this.root,
      fields.map((name) => this.drawField(name)),
      h("p", { class: "hint", role: "status" }, this.error),
    );
    for (const name of fields) showValue(this.root.elements[name], settings[name]);
  }

  drawField(name) {
    const onchange = (event) => this.save(name, event.target);
    const look =
      FIELDS[name] === "switch"
        ? { type: "checkbox", role: "switch" }
        : { type: "number", min: "0", step: "any", placeholder: t("off") };
    return h("label", { class: "field" }, h("span", {}, t(name)), h("input", { name, onchange, ...look }));
  }

  async save(name, input) {
    const { ok, error } = await saveSettings({ [name]: readValue(input) });
    this.error = ok ? "" : t("settingFailed", error);
    this.root.querySelector("[role=status]").textContent = this.error;
    if (!ok) showValue(input, this.settings[name]);
  }
}

function showValue(input, value) {
  if (input.type === "checkbox") input.checked = value;
  else if (input !== document.activeElement) input.value = value ?? "";
}

function readValue(input) {
  if (input.type === "checkbox") return input.checked;
  return input.value === "" ? null : Number(input.value);
}
