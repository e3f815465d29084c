/** The conversation in the middle: its head, its messages, the scroll position. */

import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { MessageView } from "./message.js";
import { Notice } from "./notice.js";
import { drawAvatar } from "./people.js";

const SHOWN = 300;
const NEAR_BOTTOM_PX = 48;

/** The middle column. `actions`: `say(text)`, `click(card, id)`, `inspect(card)`. */
export class Chat {
  constructor(root, actions) {
    this.root = root;
    this.head = root.querySelector(".chat-title");
    this.log = root.querySelector(".log");
    this.list = root.querySelector(".messages");
    this.more = root.querySelector(".more");
    this.notice = new Notice(root.querySelector(".notice"));
    this.actions = actions;
    this.views = new Map();
    this.shown = null;
    this.sticky = true;
    this.log.onscroll = () => this.onScroll();
    this.more.onclick = () => this.toBottom();
    this.height = 0; // of all messages, to see them grow
    new ResizeObserver(() => this.onGrowth()).observe(this.list);
    new ResizeObserver(() => this.keepBottom()).observe(this.log);
  }

  /** Show the chosen conversation. */
  render(store, choice) {
    const app = store.apps.get(choice.app);
    const place = `${choice.entry?.key} ${choice.group ? "group" : choice.user}`;
    if (place !== this.shown) this.clear(place);
    fill(this.head, choice.entry && drawHead(choice.entry));
    this.notice.render(choice.entry);
    this.root.dataset.running = String(!choice.entry || app !== undefined);
    const messages = store
      .messagesOf(store.conversation(choice.app, choice.user, choice.group))
      .slice(-SHOWN);
    if (messages.length === 0) this.drawEmpty(choice.entry, store.told);
    else this.drawMessages(messages, store, choice);
  }

  clear(place) {
    this.views.clear();
    this.list.replaceChildren();
    this.shown = place;
    this.sticky = true;
    this.height = 0;
    this.more.hidden = true;
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
  }

  remove(id, view) {
    view.element.remove();
    this.views.delete(id);
  }

  drawEmpty(entry, told) {
    if (this.views.size > 0) this.clear(this.shown);
    fill(this.list, h("li", { class: "empty" }, entry ? this.drawInvitation(entry) : drawNobody(told)));
  }

  drawInvitation({ key, title, app, bot }) {
    const examples = (bot?.questions ?? []).map((text) =>
      h(
        "button",
        { type: "button", class: "chip", "data-testid": "starter", onclick: () => this.actions.say(text) },
        text,
      ),
    );
    return [
      drawAvatar(app?.id ?? key, title, true),
      h("strong", {}, t("emptyChat", title)),
      h("div", { class: "chips" }, examples),
    ];
  }

  onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.sticky = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (this.sticky) this.more.hidden = true;
  }

  /** Follow what grows, or announce it to a reader who has scrolled away. */
  onGrowth() {
    const grown = this.list.scrollHeight > this.height;
    this.height = this.list.scrollHeight;
    if (grown && !this.sticky) this.more.hidden = false;
    this.keepBottom();
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

function drawNobody(told) {
  return [icon("spark"), h("strong", {}, t("noBots")), h("p", {}, t(told ? "addFileHint" : "addBotHint"))];
}

function drawHead({ key, title, app, bot, state }) {
  const online = (app?.connections ?? 0) > 0;
  const many = app?.connections > 1 && ` · ${t("connections", app.connections)}`;
  const id = app?.id ?? bot.path;
  return [
    drawAvatar(app?.id ?? key, title, true),
    h(
      "div",
      { class: "head-text" },
      h("h2", { title }, title),
      h(
        "p",
        {
          class: "head-state",
          "data-testid": "connection",
          "data-state": state,
          "data-online": String(online),
        },
        h("span", { class: "dot" }),
        t(`state_${state}`),
        many,
        id !== title && h("span", { class: "client-id" }, ` · ${id}`),
      ),
    ),
  ];
}
