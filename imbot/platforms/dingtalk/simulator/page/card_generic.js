/** Cards of any other template: the text that streams, then buttons, then all other variables. */

import { drawButtons, isButtonList } from "./buttons.js";
import { drawText, drawTitle, parseObject } from "./card_ai.js";
import { h } from "./dom.js";

const TEXT_KEYS = ["content", "msgContent", "markdown", "text", "answer"];
const HEAD_KEYS = ["title", "msgTitle", "logo", "flowStatus", "sys_full_json_obj", "sys_lastMessageI18n"];

/** The card's parts. The simulator does not know how the template looks, so it shows the card's data. */
export function drawGenericCard(card, { data, ...context }) {
  const main = card.streamed ?? TEXT_KEYS.find((key) => data[key]) ?? TEXT_KEYS[0];
  const values = Object.entries({ ...data, ...parseObject(data.sys_full_json_obj) })
    .filter(([key]) => key !== main && !HEAD_KEYS.includes(key))
    .map(([key, value]) => [key, parseValue(value)]);
  const buttons = values.filter(([, value]) => isButtonList(value)).flatMap(([, value]) => value);
  const others = values.filter(([, value]) => !isButtonList(value) && value !== "");
  return [
    drawTitle({ data }),
    drawText(data[main] ?? "", context.state, context.markdown),
    others.length > 0 && h("dl", { class: "card-vars" }, others.map(drawVariable)),
    buttons.length > 0 && drawButtons(buttons, context),
  ];
}

function parseValue(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function drawVariable([key, value]) {
  const text = typeof value === "object" ? h("pre", {}, JSON.stringify(value, null, 2)) : String(value);
  return [h("dt", {}, key), h("dd", {}, text)];
}
