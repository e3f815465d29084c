/** A card as the reader sees it. It needs only a CARD and an element, no chat. */

import { drawAiCard } from "./card_ai.js";
import { drawGenericCard } from "./card_generic.js";
import { drawStandardCard } from "./card_standard.js";
import { follow } from "./buttons.js";
import { h, icon, morph } from "./dom.js";
import { t } from "./i18n.js";
import { renderMarkdown } from "./markdown.js";

const AI_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71";
const FLOW = { 1: "processing", 2: "inputting", 3: "finished", 4: "processing", 5: "failed" };

/** One card on the page; `element` is its place, `show` draws it there and again when it changes. */
export class CardView {
  /**
   * `viewer`: the id of the user whose private data is shown over the public data. `onAction(card, id)`: a
   * callback button was pressed; resolves to `{ok, error}`. `onSay(text)`: a link sends a text for the reader.
   */
  constructor({ viewer = "", onAction = null, onSay = null } = {}) {
    this.viewer = viewer;
    this.onAction = onAction;
    this.onSay = onSay;
    this.clicks = new Map(); // button id -> {state: "pending" | "failed", error}
    this.note = "";
    this.element = h("article");
  }

  /** Draw this state of the card. */
  show(card) {
    this.card = card;
    this.element = morph(this.element, this.draw());
    return this.element;
  }

  draw() {
    const { card } = this;
    const [kind, drawBody] = kindOf(card);
    const data = { ...card.data, ...card.private?.[this.viewer] };
    const state = kind === "ai" ? aiState(card, data) : card.state;
    const context = {
      data,
      state,
      clicks: this.clicks,
      mute: muteReason(card),
      press: (button) => this.press(button),
      markdown: (text, streaming = false) => renderMarkdown(text, { streaming, onSay: this.onSay }),
    };
    return h(
      "article",
      {
        class: `card ${kind}`,
        "data-testid": "card",
        "data-card-id": card.id,
        "data-state": state,
        "aria-busy": state === "processing" || state === "inputting" ? "true" : "false",
      },
      drawBody(card, context),
      state === "failed" && h("p", { class: "card-note failed" }, icon("warning"), t("cardFailed")),
      this.note && h("p", { class: "card-note", role: "alert" }, icon("warning"), this.note),
    );
  }

  async press(button) {
    if (this.clicks.get(button.id)?.state === "pending") return;
    this.note = "";
    if (!button.request && follow(button, this.onSay)) return;
    if (muteReason(this.card)) this.note = muteReason(this.card);
    else if (this.onAction) await this.callBack(button.id);
    this.show(this.card);
  }

  async callBack(id) {
    this.clicks.set(id, { state: "pending" });
    this.show(this.card);
    const { ok, error } = await this.onAction(this.card, id);
    if (ok) this.clicks.delete(id);
    else this.clicks.set(id, { state: "failed", error });
    this.note = ok ? "" : t("clickFailed", error);
  }
}

/** A card's element, drawn once; see CardView for the options. */
export function renderCard(card, options) {
  return new CardView(options).show(card);
}

function kindOf(card) {
  if (card.template === "StandardCard") return ["standard", drawStandardCard];
  return card.template.startsWith(AI_TEMPLATE) ? ["ai", drawAiCard] : ["generic", drawGenericCard];
}

/** Why the bot would not be told of a click; null if it would be. */
function muteReason(card) {
  if (card.template === "StandardCard") return t("standardNoCallback");
  return card.callback === false ? t("noCallback") : null;
}

/** This template shows its variable `flowStatus`. The state of the stream only counts if there is none. */
function aiState(card, data) {
  return card.state === "failed" ? "failed" : (FLOW[data.flowStatus] ?? card.state);
}
