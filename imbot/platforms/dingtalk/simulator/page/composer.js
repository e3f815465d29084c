/** Where the reader writes: Enter sends, Shift+Enter starts a new line, ArrowUp brings back what was sent. */

import { t } from "./i18n.js";

const TALLEST_PX = 160;
const KEPT = 50;

/** The composer; `onSend(text)` resolves to true when the text is on its way. */
export class Composer {
  constructor(form, onSend) {
    this.input = form.querySelector("textarea");
    this.button = form.querySelector("button");
    this.onSend = onSend;
    this.composedAt = -Infinity;
    this.sent = []; // what the reader has sent, oldest first
    this.at = 0; // which of it is being looked at; its length: none
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
    if (composing) return; // the key is for the input method
    if (event.key === "Enter" && !event.shiftKey) this.submit(event);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") this.recall(event);
  }

  /** Go through what was sent, newest first. A text that was typed or changed stays. */
  recall(event) {
    const older = event.key === "ArrowUp";
    if (!this.input.value) this.at = this.sent.length;
    if (this.input.value !== (this.sent[this.at] ?? "")) return;
    const at = this.at + (older ? -1 : 1);
    if (at < 0 || at > this.sent.length) return;
    event.preventDefault();
    this.at = at;
    this.write(this.sent[at] ?? "");
  }

  async submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text || this.input.disabled) return;
    this.sent = [...this.sent.filter((earlier) => earlier !== text), text].slice(-KEPT);
    this.at = this.sent.length;
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
