/** Where the reader writes: Enter sends, Shift+Enter starts a new line; an Enter for an input method does not send. */

import { t } from "./i18n.js";

const TALLEST_PX = 160;

/** The composer; `onSend(text)` resolves to true when the text is on its way. */
export class Composer {
  constructor(form, onSend) {
    this.input = form.querySelector("textarea");
    this.button = form.querySelector("button");
    this.onSend = onSend;
    this.composedAt = -Infinity;
    form.onsubmit = (event) => this.submit(event);
    this.input.oninput = () => this.fit();
    this.input.onkeydown = (event) => this.onKey(event);
    this.input.addEventListener("compositionend", (event) => (this.composedAt = event.timeStamp));
    this.fit();
  }

  /** Show whom the message is for. */
  render(entry, group) {
    const app = entry?.app;
    const label = app ? t(group ? "placeholderGroup" : "placeholder", entry.title) : noApp(entry);
    if (this.input.placeholder !== label) this.input.placeholder = label;
    this.input.setAttribute("aria-label", label);
    this.input.disabled = !app;
    this.button.disabled = !app || !this.input.value.trim();
  }

  onKey(event) {
    // Safari ends the composition just before the Enter that confirmed it arrives
    const composing = event.isComposing || event.keyCode === 229 || event.timeStamp - this.composedAt < 50;
    if (event.key === "Enter" && !event.shiftKey && !composing) this.submit(event);
  }

  async submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text || this.input.disabled) return;
    this.write("");
    if (!(await this.onSend(text)) && !this.input.value) this.write(text);
  }

  write(text) {
    this.input.value = text;
    this.fit();
  }

  fit() {
    this.button.disabled = this.input.disabled || !this.input.value.trim();
    this.input.style.height = "";
    const { clientHeight, scrollHeight } = this.input; // both 0 while the chat is not on screen
    if (scrollHeight > clientHeight) this.input.style.height = `${Math.min(scrollHeight, TALLEST_PX)}px`;
  }
}

function noApp(entry) {
  return entry ? t("notRunning", entry.title) : t("noBots");
}
