/** The public AI card template 382e4302-551d-4880-bf29-a30acfab2e71: blocks in the order the bot asks for. */

import { drawButtons, isButtonList } from "./buttons.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { drawImage } from "./links.js";

const ORDER = [
  "msgTitle",
  "msgContent",
  "staticMsgContent",
  "msgTextList",
  "msgImages",
  "msgSlider",
  "msgButtons",
];
const BLOCKS = {
  msgTitle: drawTitle,
  msgContent: drawContent,
  staticMsgContent: ({ data, markdown }) =>
    data.staticMsgContent && h("div", {}, markdown(data.staticMsgContent)),
  msgTextList: ({ extra }) => drawTexts(asList(extra.msgTextList)),
  msgImages: ({ extra }) => drawImages(asList(extra.msgImages)),
  msgSlider: ({ extra }) => drawImages(asList(extra.msgSlider), "slider"),
  msgButtons: (context) =>
    isButtonList(context.extra.msgButtons) && drawButtons(context.extra.msgButtons, context),
};

/** The card's blocks. */
export function drawAiCard(_card, context) {
  const extra = parseObject(context.data.sys_full_json_obj);
  const order = Array.isArray(extra.order) ? extra.order : ORDER;
  return [
    ...order.map((name) => BLOCKS[name]?.({ ...context, extra })),
    extra.source?.text && h("p", { class: "card-source" }, extra.source.text),
  ];
}

/** The object in a text of JSON; empty if there is none. */
export function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

/** A card's head: logo and title. */
export function drawTitle({ data: { msgTitle, title = msgTitle, logo } }) {
  if (!title && !logo) return null;
  const image = logo ? drawImage(String(logo)) : icon("spark");
  return h("header", { class: "card-title" }, h("span", { class: "logo" }, image), h("strong", {}, title));
}

/** The streaming text, or while there is none the sign that the bot is thinking. */
export function drawText(text, state, markdown) {
  const streaming = state === "inputting";
  const thinking = state === "processing" || (streaming && !text);
  return h(
    "div",
    { "data-testid": "card-content", class: "card-content" },
    text && markdown(text, streaming),
    thinking &&
      h(
        "p",
        { class: "thinking" },
        text ? "" : t("thinking"),
        h("span", { class: "dots" }, h("i"), h("i"), h("i")),
      ),
  );
}

function drawContent({ data, state, markdown }) {
  return drawText(data.msgContent ?? "", state, markdown);
}

function drawTexts(texts) {
  return (
    texts.length > 0 &&
    h(
      "ul",
      { class: "card-texts" },
      texts.map((item) => h("li", {}, item.text ?? String(item))),
    )
  );
}

/** Pictures beside each other; as a `slider` in one row. Items are addresses or `{title, image}`. */
export function drawImages(images, look = "") {
  const figures = images.map((item) => {
    const source = item.image ?? item.url ?? item;
    return h(
      "figure",
      {},
      drawImage(String(source), item.title ?? ""),
      item.title && h("figcaption", {}, item.title),
    );
  });
  return figures.length > 0 && h("div", { class: `card-images ${look}`, tabindex: "0" }, figures);
}

function asList(value) {
  return Array.isArray(value) ? value.filter((item) => item != null) : [];
}
