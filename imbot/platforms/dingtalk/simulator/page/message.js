/** One message in the chat: who, when, and a bubble or a card. */

import { CardView } from "./card.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { drawImage } from "./links.js";
import { renderMarkdown } from "./markdown.js";
import { whyFailed } from "./notice.js";
import { clock, drawAvatar } from "./people.js";
import { drawWords } from "./problems.js";

const PAUSE_MS = 5 * 60_000;

/** A message's place in the log; drawn again only when something it shows has changed. */
export class MessageView {
  constructor(actions) {
    this.actions = actions;
    this.element = h("li", { class: "message-item" });
    this.drawn = [];
    this.cardView = null;
  }

  /** Draw a message; `before` is the one above it. */
  show(message, before, store, choice) {
    const card = store.cards.get(message.card);
    const app = store.apps.get(message.app);
    const inspected = choice.panel && choice.card === message.card;
    const failure = store.failureOf(message);
    const told = failure && whyFailed(failure);
    const inputs = [message, card, choice.user, choice.group, inspected, app?.name, told];
    if (inputs.every((input, index) => input === this.drawn[index])) return;
    this.drawn = inputs;
    const mine = message.from.kind === "user" && message.from.id === choice.user;
    const sender = senderOf(message, store);
    fill(
      this.element,
      paused(message, before) && h("time", { class: "separator" }, clock(message.at)),
      h(
        "div",
        {
          class: `message ${mine ? "mine" : ""}`,
          "data-testid": "message",
          "data-from": message.from.kind,
          title: clock(message.at),
        },
        drawAvatar(message.from.id, sender, message.from.kind === "bot"),
        h("span", { class: "hidden" }, `${sender}:`),
        h(
          "div",
          { class: `message-body ${message.type === "card" ? "wide" : ""}` },
          choice.group && !mine && h("div", { class: "message-head" }, sender),
          this.drawContent(message, card, inspected, choice, store),
          message.reactions?.length > 0 &&
            h(
              "p",
              { class: "reactions" },
              message.reactions.map((name) => h("span", { class: "tag" }, name)),
            ),
          told && h("p", { class: "failure", "data-testid": "failure" }, icon("warning"), h("span", {}, drawWords(told))),
          message.delivered === false && h("p", { class: "undelivered" }, icon("warning"), t("notDelivered")),
        ),
      ),
    );
    if (card) this.placeCard(card, choice);
  }

  drawContent(message, card, inspected, choice, store) {
    if (message.type === "card")
      return [
        h("div", { class: "card-place", "data-own": true }),
        card && this.drawFoot(card, inspected, store),
      ];
    return h(
      "div",
      { class: `bubble ${message.type}` },
      drawMention(message, choice, store.apps.get(message.app)),
      this.drawBubble(message),
    );
  }

  drawBubble(message) {
    if (message.type === "image") return drawImage(message.text, message.title);
    if (message.type === "text") return h("span", { class: "plain" }, message.text);
    return [
      message.type !== "markdown" && h("span", { class: "tag" }, message.type),
      message.type !== "markdown" && message.title && h("strong", { class: "bubble-title" }, message.title),
      renderMarkdown(message.text, { onSay: this.actions.say }),
    ];
  }

  /** The card draws itself into an element of its own, which stays while the message around it changes. */
  placeCard(card, choice) {
    this.cardView ??= new CardView({ onAction: this.actions.click, onSay: this.actions.say });
    this.cardView.viewer = choice.user;
    this.cardView.show(card);
    const place = this.element.querySelector(".card-place");
    if (this.cardView.element.parentNode !== place) place.replaceChildren(this.cardView.element);
  }

  drawFoot(card, inspected, store) {
    const last = store.calls.findLast((call) => call.card === card.id); // clicks change a card long after its reply
    const seconds = last ? (last.at - card.created) / 1000 : 0;
    const calls = card.calls === 1 ? t("callsOfOne") : t("callsOfCard", card.calls);
    return h(
      "button",
      {
        type: "button",
        class: "card-foot",
        "data-testid": "inspect",
        title: t("inspect"),
        "aria-pressed": String(inspected),
        onclick: () => this.actions.inspect(card.id),
      },
      h("span", { class: "braces", "aria-hidden": "true" }, "{ }"),
      seconds >= 0.05 ? `${calls} · ${seconds.toFixed(1)} s` : calls,
    );
  }
}

function senderOf(message, store) {
  if (message.from.kind === "bot")
    return store.apps.get(message.app)?.name || message.from.nick || message.app;
  return message.from.nick || message.from.id;
}

/** In a group people reach a bot by mentioning it; bots mention people. */
function drawMention(message, choice, app) {
  if (message.from.kind === "bot") return null;
  const name = app?.name || message.app;
  return choice.group && !message.text.startsWith("@") && h("span", { class: "mention" }, `@${name} `);
}

function paused(message, before) {
  return before === null || message.at - before.at > PAUSE_MS;
}
