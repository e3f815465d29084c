/** The list of bots on the left, and the choice of the user that the reader plays. */

import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { clock, drawAvatar } from "./people.js";

/** The left column; `onChoose(changes)` is told what the reader picks. */
export class Sidebar {
  constructor(root, onChoose) {
    this.list = root.querySelector("[data-testid=app-list]");
    this.users = root.querySelector("[data-testid=user-select]");
    this.me = root.querySelector(".me-avatar");
    this.onChoose = onChoose;
    this.users.onchange = () => onChoose({ user: this.users.value });
  }

  /** Show the bots of `store`, the chosen one marked. */
  render(store, choice, unread) {
    const apps = [...store.apps.values()];
    fill(this.list, apps.length ? apps.map((app) => this.drawApp(app, store, choice, unread)) : drawEmpty());
    fill(
      this.users,
      [...store.users.values()].map((user) => h("option", { value: user.id }, user.nick)),
    );
    this.users.value = choice.user;
    const me = store.users.get(choice.user);
    fill(this.me, me && drawAvatar(me.id, me.nick));
  }

  drawApp(app, store, choice, unread) {
    const last = store.messagesOf(store.conversation(app.id, choice.user, choice.group)).at(-1);
    const online = app.connections > 0;
    const count = unread.ofApp(app.id, choice.user, store);
    const button = h(
      "button",
      {
        type: "button",
        class: "app",
        "data-testid": "app",
        "data-app": app.id,
        "data-online": String(online),
        "aria-current": choice.app === app.id ? "true" : null,
        onclick: () => this.onChoose({ app: app.id, view: "chat" }),
      },
      h(
        "span",
        { class: "app-avatar" },
        drawAvatar(app.id, app.name || app.id, true),
        h("span", { class: "dot" }),
      ),
      h(
        "span",
        { class: "app-text" },
        h("span", { class: "app-name" }, app.name || app.id),
        h(
          "span",
          { class: "app-preview" },
          last ? preview(last, store) : t(online ? "connected" : "disconnected"),
        ),
      ),
      h(
        "span",
        { class: "app-side" },
        last && h("time", {}, clock(last.at)),
        count > 0 && h("span", { class: "badge" }, count),
      ),
      h("span", { class: "hidden" }, t(online ? "connected" : "disconnected")),
    );
    return h("li", {}, button);
  }
}

function drawEmpty() {
  return h("li", { class: "empty" }, h("strong", {}, t("noBots")), h("span", {}, t("addBotHint")));
}

function preview(message, store) {
  const data = store.cards.get(message.card)?.data ?? {};
  const title = data.msgTitle || data.title || data.header?.title?.text || message.title;
  const text = data.msgContent || data.content || data.markdown || message.text || title || "";
  const plain = text
    .replace(/[#*`>|~]+|\[|\]\([^)]*\)|<[^>]*>/g, "")
    .trim()
    .slice(0, 60);
  return plain || `[${t("card")}]`;
}
