/** The conversation in the middle: its head, its messages, the scroll position. */

import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { MessageView } from "./message.js";
import { drawAvatar } from "./people.js";

const SHOWN = 300;
const NEAR_BOTTOM_PX = 48;

/** The middle column. `actions`: `say(text)`, `click(card, id)`, `inspect(cardId)`. */
export class Chat {
  constructor(root, actions) {
    this.head = root.querySelector(".chat-title");
    this.log = root.querySelector(".log");
    this.list = root.querySelector(".messages");
    this.more = root.querySelector(".more");
    this.actions = actions;
    this.views = new Map();
    this.shown = null;
    this.sticky = true;
    this.log.onscroll = () => this.onScroll();
    this.more.onclick = () => this.toBottom();
    new ResizeObserver(() => this.keepBottom()).observe(this.list);
    new ResizeObserver(() => this.keepBottom()).observe(this.log);
  }

  /** Show the chosen conversation. */
  render(store, choice) {
    const app = store.apps.get(choice.app);
    const place = `${choice.app} ${choice.group ? "group" : choice.user}`;
    if (place !== this.shown) this.clear(place);
    fill(this.head, app && drawHead(app));
    const messages = store
      .messagesOf(store.conversation(choice.app, choice.user, choice.group))
      .slice(-SHOWN);
    if (messages.length === 0) this.drawEmpty(app);
    else this.drawMessages(messages, store, choice);
  }

  clear(place) {
    this.views.clear();
    this.list.replaceChildren();
    this.shown = place;
    this.sticky = true;
  }

  drawMessages(messages, store, choice) {
    this.list.querySelector(".empty")?.remove();
    const current = new Set(messages.map((message) => message.id));
    for (const [id, view] of this.views) if (!current.has(id)) this.remove(id, view);
    let before = null;
    for (const message of messages) {
      if (!this.views.has(message.id)) this.add(message.id);
      this.views.get(message.id).show(message, before, store, choice);
      before = message;
    }
  }

  add(id) {
    const view = new MessageView(this.actions);
    this.views.set(id, view);
    this.list.append(view.element);
    if (!this.sticky) this.more.hidden = false;
  }

  remove(id, view) {
    view.element.remove();
    this.views.delete(id);
  }

  drawEmpty(app) {
    if (this.views.size > 0) this.clear(this.shown);
    fill(this.list, h("li", { class: "empty" }, app ? this.drawInvitation(app) : drawNobody()));
  }

  drawInvitation(app) {
    const name = app.name || app.id;
    const examples = [t("exampleHello"), t("exampleHelp")].map((text) =>
      h("button", { type: "button", class: "chip", onclick: () => this.actions.say(text) }, text),
    );
    return [
      drawAvatar(app.id, name, true),
      h("strong", {}, t("emptyChat", name)),
      h("div", { class: "chips" }, examples),
    ];
  }

  onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.sticky = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (this.sticky) this.more.hidden = true;
  }

  keepBottom() {
    if (this.sticky) this.log.scrollTop = this.log.scrollHeight;
  }

  /** Scroll to the newest message and stay there. */
  toBottom() {
    this.sticky = true;
    this.more.hidden = true;
    this.keepBottom();
  }
}

function drawNobody() {
  return [icon("spark"), h("strong", {}, t("noBots")), h("p", {}, t("addBotHint"))];
}

function drawHead(app) {
  const online = app.connections > 0;
  const state = online ? t("connected") : t("disconnected");
  const many = app.connections > 1 && ` · ${t("connections", app.connections)}`;
  return [
    drawAvatar(app.id, app.name || app.id, true),
    h(
      "div",
      { class: "head-text" },
      h("h2", {}, app.name || app.id),
      h(
        "p",
        { class: "head-state", "data-testid": "connection", "data-online": String(online) },
        h("span", { class: "dot" }),
        state,
        many,
        app.name && app.name !== app.id && h("span", { class: "client-id" }, ` · ${app.id}`),
      ),
    ),
  ];
}
