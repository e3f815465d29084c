/** Buttons of AI cards and StandardCards in one shape, and how they look while a click is under way. */

import { h } from "./dom.js";
import { safeUrl, spokenText } from "./links.js";

const COLORS = { blue: "primary", primary: "primary", red: "danger", warning: "danger" };

/** One shape for `msgButtons` items and StandardCard buttons. */
export function readButton(item) {
  const label = item.text ?? item.label?.text ?? item.label ?? item.title ?? "";
  const url = item.url?.all ?? item.url ?? item.iosUrl ?? item.pcUrl ?? "";
  const request = item.request === true || item.request === "true" || item.actionType === "request";
  const look = COLORS[item.color ?? item.status] ?? "normal";
  return { id: String(item.id ?? ""), label: String(label), url: String(url), request, look };
}

/** Whether a value is a list of buttons. */
export function isButtonList(value) {
  return Array.isArray(value) && value.length > 0 && value.every(isButton);
}

/** A row of buttons. `context`: `clicks` (what is under way), `press(button)`, `mute` (why the bot gets no clicks, or null). */
export function drawButtons(items, context) {
  return h(
    "div",
    { class: "card-buttons" },
    items.map((item) => drawButton(readButton(item), context)),
  );
}

/** Do what a button without a callback does; true if this was one. */
export function follow(button, onSay) {
  const text = spokenText(button.url);
  if (text !== null) onSay?.(text);
  else if (safeUrl(button.url)) window.open(button.url, "_blank", "noopener,noreferrer");
  else return false;
  return true;
}

function isButton(item) {
  if (item === null || typeof item !== "object") return false;
  const named = ["text", "label", "title"].some((key) => item[key] !== undefined);
  return named && ["request", "url", "actionType"].some((key) => item[key] !== undefined);
}

function drawButton(button, context) {
  const click = context.clicks.get(button.id);
  const mute = button.request && context.mute;
  return h(
    "button",
    {
      type: "button",
      class: `card-button ${button.look} ${click?.state ?? ""}`,
      title: mute || click?.error || null,
      "aria-busy": click?.state === "pending" ? "true" : null,
      "aria-disabled": mute ? "true" : null,
      "data-testid": "card-button",
      "data-action": button.id,
      "data-click": click?.state,
      onclick: () => context.press(button),
    },
    button.label,
  );
}
