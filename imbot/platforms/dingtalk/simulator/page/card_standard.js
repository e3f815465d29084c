/** StandardCard: a card whose whole layout is its data. */

import { drawButtons } from "./buttons.js";
import { drawImages } from "./card_ai.js";
import { h } from "./dom.js";
import { drawImage } from "./links.js";

const CONTENTS = {
  text: (item) => h("p", { class: "plain" }, String(item.text ?? "")),
  markdown: (item, { markdown }) => markdown(item.text ?? ""),
  divider: () => h("hr"),
  image: (item) => drawImages([item.image ?? ""]),
  imageList: (item) => drawImages(list(item.images), "slider"),
  section: drawSection,
  action: (item, context) => drawButtons(list(item.actions), context),
  button: (item, context) => drawButtons([item], context),
};

/** The card's head and contents. */
export function drawStandardCard(_card, context) {
  const { header, contents } = context.data;
  return [
    header && drawHeader(header),
    h("div", { class: "card-content", "data-testid": "card-content" }, drawContents(list(contents), context)),
  ];
}

function drawHeader({ title, logo }) {
  return h(
    "header",
    { class: "card-title" },
    logo && h("span", { class: "logo" }, drawImage(String(logo))),
    h("strong", {}, title?.text ?? title),
  );
}

function drawContents(items, context) {
  return items.map((item) => CONTENTS[item?.type]?.(item, context) ?? drawUnknown(item));
}

function drawSection(item, context) {
  const fields = item.fields?.list ?? (item.content ? [item.content] : []);
  return h(
    "section",
    { class: "card-section" },
    h("div", {}, drawContents(list(fields), context)),
    item.extra && drawContents([item.extra], context),
  );
}

/** A part of an unknown type. The platform refuses or skips those; here the author of the card should see them. */
function drawUnknown(item) {
  return h("pre", { class: "card-unknown" }, JSON.stringify(item));
}

function list(value) {
  return Array.isArray(value) ? value : [];
}
