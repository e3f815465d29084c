/** The list of bots on the left, and the choice of the user that the reader plays. */

import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { plainText } from "./markdown.js";
import { clock, drawAvatar } from "./people.js";

const SEARCHED_FROM = 8; // bots
const PREVIEW_CHARS = 60;
const READ_CHARS = 400; // of a text, to find them
const previews = new WeakMap(); // by card or message: neither is ever changed, only replaced

/** The left column; `onChoose(changes)` is told what the reader picks. */
export class Sidebar {
  constructor(root, onChoose) {
    this.list = root.querySelector("[data-testid=app-list]");
    this.search = root.querySelector("[data-testid=search]");
    this.search.oninput = () => onChoose({});
    this.users = root.querySelector("[data-testid=user-select]");
    this.me = root.querySelector(".me-avatar");
    this.onChoose = onChoose;
    this.users.onchange = () => onChoose({ user: this.users.value });
  }

  /** Show the bots of `store`, the chosen one marked. */
  render(store, choice, unread) {
    const entries = store.entries();
    const found = this.found(entries);
    fill(
      this.list,
      found.map((entry) => this.drawEntry(entry, store, choice, unread)),
      entries.length === 0 && drawEmpty(store),
      entries.length > 0 && found.length === 0 && h("li", { class: "empty" }, t("noMatch")),
    );
    fill(
      this.users,
      [...store.users.values()].map((user) => h("option", { value: user.id }, user.nick)),
    );
    this.users.value = choice.user;
    const me = store.users.get(choice.user);
    fill(this.me, me && drawAvatar(me.id, me.nick));
  }

  /** Those whose name holds what the reader searches for; without many bots there is no search. */
  found(entries) {
    this.search.hidden = entries.length < SEARCHED_FROM;
    const wanted = this.search.hidden ? "" : this.search.value.trim().toLowerCase();
    return entries.filter(({ key, title }) => `${title}\n${key}`.toLowerCase().includes(wanted));
  }

  drawEntry(entry, store, choice, unread) {
    const { key, title, app, state } = entry;
    const last = app && store.messagesOf(store.conversation(app.id, choice.user, choice.group)).at(-1);
    const count = app ? unread.ofApp(app.id, choice.user, store) : 0;
    const button = h(
      "button",
      {
        type: "button",
        class: "app",
        "data-testid": "app",
        "data-app": app?.id,
        "data-bot": key,
        "data-state": state,
        "data-online": String((app?.connections ?? 0) > 0),
        "aria-current": choice.entry.key === key ? "true" : null,
        onclick: () => this.onChoose({ wanted: key, view: "chat" }),
      },
      h(
        "span",
        { class: "app-avatar" },
        drawAvatar(app?.id ?? key, title, true),
        h("span", { class: "dot" }),
      ),
      h(
        "span",
        { class: "app-text" },
        h("span", { class: "app-name", title }, title),
        h("span", { class: "app-preview" }, last && !isTroubled(state) ? preview(last, store) : t(`state_${state}`)),
      ),
      h(
        "span",
        { class: "app-side" },
        last && h("time", {}, clock(last.at)),
        count > 0 && h("span", { class: "badge" }, count),
      ),
      h("span", { class: "hidden" }, t(`state_${state}`)),
    );
    return h("li", {}, button);
  }
}

/** Whether the list says how a bot is instead of what it said last. */
function isTroubled(state) {
  return state !== "online" && state !== "offline";
}

function drawEmpty(store) {
  const hint = t(store.told ? "addFileHint" : "addBotHint");
  return h("li", { class: "empty" }, h("strong", {}, t("noBots")), h("span", {}, hint));
}

/** The beginning of what was said last, without marks. */
function preview(message, store) {
  const source = store.cards.get(message.card) ?? message;
  if (!previews.has(source)) previews.set(source, readPreview(message, source.data ?? {}));
  return previews.get(source);
}

function readPreview(message, data) {
  const title = data.msgTitle || data.title || data.header?.title?.text || message.title;
  const text = data.msgContent || data.content || data.markdown || message.text || title || "";
  const isPlain = message.type === "text";
  const plain = isPlain ? text : plainText(text.slice(0, READ_CHARS));
  return plain.slice(0, PREVIEW_CHARS).trim() || `[${t("card")}]`;
}
