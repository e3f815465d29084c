/** How people, bots and times are shown. */

import { h } from "./dom.js";
import { language } from "./i18n.js";

const CHINESE = /[\u2e80-\u9fff]/;
const DAY_MS = 86_400_000;

/** A square with a person's last characters (as names are shortened in Chinese clients), or a bot's first ones. */
export function drawAvatar(id, name, bot = false) {
  const short = bot ? shortenBot(name) : shorten(name);
  const node = h("span", { class: `avatar ${bot ? "bot" : ""}`, "aria-hidden": "true" }, short);
  node.style.setProperty("--hue", hue(id));
  return node;
}

/** A time as a chat shows it: the hour today, the day before that. */
export function clock(at) {
  const date = new Date(at);
  const time = { hour: "2-digit", minute: "2-digit", hour12: false };
  const day =
    Date.now() - at < DAY_MS && date.getDate() === new Date().getDate()
      ? {}
      : { month: "numeric", day: "numeric" };
  return date.toLocaleString(language, { ...day, ...time });
}

function shorten(name) {
  return CHINESE.test(name) ? [...name].slice(-2).join("") : name.slice(0, 2);
}

/** The first characters; of numbered bots the number too, as they differ in nothing else. */
function shortenBot(name) {
  const number = /\d{1,2}$/.exec(name)?.[0] ?? "";
  if (CHINESE.test(name)) return [...name].slice(0, number ? 1 : 2).join("") + number;
  return name.slice(0, number ? 1 : 2).toUpperCase() + number;
}

function hue(id) {
  return [...id].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 360, 7);
}
