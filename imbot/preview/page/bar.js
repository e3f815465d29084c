/** The bar on top: which bot this is, and what of it is to be seen. */

import { fill, h } from "../../renderer/dom.js";
import { t } from "../../renderer/i18n.js";

export class Bar {
  /** `choose(axis, value)`: the reader wants to see something else. */
  constructor(element, choose) {
    this.element = element;
    this.choose = choose;
  }

  /** Draw the bar. */
  show({ state, live, gone }, choice) {
    if (state === null) return fill(this.element, h("p", { class: "hint" }, t(gone ? "goneShort" : "waiting")));
    const named = (axis, name) => t(`${axis}_${name}`);
    fill(
      this.element,
      h(
        "div",
        { class: "bar-row" },
        drawBot(state.bot, live && drawLink(gone)),
        h("span", { class: "spring" }),
        this.draw("theme", state, choice, (name) => t(name), "both"),
        this.draw("width", state, choice, (name) => t(name), "both"),
        this.drawData(choice),
      ),
      h(
        "div",
        { class: "bar-row" },
        this.draw("sample", state, choice, (name) => named("sample", name), "all"),
        this.draw("phase", state, choice, (name) => named("phase", name), "all"),
      ),
    );
    // a select that was used no longer follows its options
    for (const select of this.element.querySelectorAll("select")) select.value = select.dataset.value;
  }

  /** The options of an axis; nothing where there is no choice. */
  draw(axis, state, choice, label, everything) {
    const options = choice.options(axis, state);
    const chosen = choice.of(axis, state);
    const item = (value, text) =>
      h(
        "button",
        {
          type: "button",
          "data-testid": `${axis}-${value}`,
          "aria-pressed": String(value === chosen),
          onclick: () => this.choose(axis, value),
        },
        text,
      );
    const name = t(AXES[axis] ?? axis);
    const many = options.length > 2;
    return [
      h(
        "div",
        { class: `choices ${many ? "many" : ""}`, role: "group", hidden: options.length < 2, "aria-label": name },
        options.map((value) => item(value, label(value))),
        item("all", t(everything)),
      ),
      many && this.drawSelect(axis, name, [...options, "all"], chosen, (value) => (value === "all" ? t(everything) : label(value))),
    ];
  }

  /** The same choice for a phone, where many buttons do not fit. */
  drawSelect(axis, name, values, chosen, label) {
    const onchange = (event) => this.choose(axis, event.target.value);
    return h(
      "label",
      { class: "choice-select" },
      h("span", {}, name),
      h(
        "select",
        { "data-testid": `select-${axis}`, "data-value": chosen, onchange },
        values.map((value) => h("option", { value }, label(value))),
      ),
    );
  }

  drawData(choice) {
    const shown = choice.values.data === "yes";
    return h(
      "button",
      {
        type: "button",
        class: "data-toggle",
        title: t("dataHint"),
        "data-testid": "data",
        "aria-pressed": String(shown),
        onclick: () => this.choose("data", shown ? "no" : "yes"),
      },
      h("span", { class: "braces", "aria-hidden": "true" }, "{ }"),
      t("data"),
    );
  }
}

const AXES = { theme: "theme_axis", width: "width_axis" };

function drawBot({ title, path, kind }, link) {
  return h(
    "div",
    { class: "bot" },
    h("h1", { "data-testid": "bot" }, title),
    link,
    kind && h("span", { class: "tag", title: t("kindHint") }, `card.kind: ${kind}`),
    h("span", { class: "path" }, path),
  );
}

function drawLink(gone) {
  return h(
    "span",
    { class: "link-state", "data-online": String(!gone), "data-testid": "link" },
    h("i", { class: "dot" }),
    gone && t("goneShort"),
  );
}
