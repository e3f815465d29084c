/** The page's state: the simulator's state, kept current by its events, and the reader's choices. */

import { language } from "./i18n.js";

const CALLS_KEPT = 200;
const MESSAGES_KEPT = 2000;
const NATURAL = new Intl.Collator(language, { numeric: true }); // "bot 2" before "bot 10"
const KEPT_CHOICES = ["wanted", "user", "group", "panel"];

/** The simulator's state. Objects are replaced, never changed: the same object means nothing to redraw. */
export class Store {
  constructor() {
    this.reset({ apps: [], bots: null, users: [], conversations: [], messages: [], cards: {}, calls: [], settings: {} });
  }

  /** Take over one event of `/sim/events`; unknown ones are left to newer pages. */
  apply(event) {
    const { type } = event;
    if (type === "state") this.reset(event.state);
    else if (type === "message") this.addMessage(event.message);
    else if (type === "card") this.cards.set(event.card.id, event.card);
    else if (type === "app") this.apps.set(event.app.id, event.app);
    else if (type === "app_removed") this.apps.delete(event.id);
    else if (type === "bots") this.setBots(event.bots);
    else if (type === "conversation") this.conversations.set(event.conversation.id, event.conversation);
    else if (type === "settings") this.settings = event.settings;
    else if (type === "call") this.addCall(event.call);
  }

  /**
   * Everyone in the list, sorted by name: `{key, title, app, bot, state}`. `app` is null of a bot that does not
   * run, `bot` of an app nobody told of.
   */
  entries() {
    const told = this.bots.map((bot) => entryOf(bot.name, bot, this.apps.get(bot.app) ?? null));
    const known = new Set(this.bots.map((bot) => bot.app));
    const others = [...this.apps.values()].filter((app) => !known.has(app.id));
    const all = [...told, ...others.map((app) => entryOf(app.id, null, app))];
    return all.sort((a, b) => NATURAL.compare(a.title, b.title));
  }

  /** The conversation of a bot with this user, or its group; undefined before the first message. */
  conversation(app, user, group) {
    const kind = group ? "group" : "single";
    return [...this.conversations.values()].find(
      (item) => item.app === app && item.kind === kind && (group || item.users.includes(user)),
    );
  }

  /** Messages of a conversation, oldest first. */
  messagesOf(conversation) {
    if (!conversation) return [];
    return [...this.messages.values()].filter((message) => message.conversation === conversation.id);
  }

  /** The calls of a conversation, oldest first, with those that belong to no card: of its app or of nobody. */
  callsOf(app, conversation) {
    return this.calls.filter((call) => {
      const place = this.cards.get(call.card)?.conversation;
      return (call.app ?? app) === app && (place == null || place === conversation?.id);
    });
  }

  reset(state) {
    this.apps = byId(state.apps);
    this.setBots(state.bots);
    this.users = byId(state.users);
    this.conversations = byId(state.conversations);
    this.messages = byId(state.messages);
    this.cards = new Map(Object.entries(state.cards));
    this.settings = state.settings;
    this.calls = [...state.calls].sort((a, b) => a.id - b.id);
  }

  /** What is known of the bots; null where nobody tells the page, as bots of others may come at any time. */
  setBots(told) {
    const bots = told ?? [];
    this.told = told !== null;
    this.bots = bots;
    this.failures = new Map();
    for (const failure of bots.flatMap((bot) => bot.failures)) {
      if (failure.card) this.failures.set(failure.card, failure);
      this.failures.set(failure.message, failure);
    }
  }

  /** Why the answer failed that a message is; of an answer without a card, it is told at its question. */
  failureOf(message) {
    if (message.card) return this.failures.get(message.card);
    const failure = this.failures.get(message.id);
    return failure && !this.cards.has(failure.card) ? failure : undefined;
  }

  addMessage(message) {
    this.messages.set(message.id, message);
    if (this.messages.size <= MESSAGES_KEPT) return;
    const oldest = this.messages.values().next().value;
    this.messages.delete(oldest.id);
    this.cards.delete(oldest.card);
  }

  addCall(call) {
    this.calls = [...this.calls.slice(1 - CALLS_KEPT), call];
  }
}

/** The reader's choices. Most of them are remembered when the page is closed. */
export class Choice {
  constructor() {
    this.entry = null; // who is seen of those in the list
    this.app = null; // its app
    this.wanted = null; // the key of the chosen one, also while it is away
    this.user = null;
    this.group = false;
    this.panel = false;
    this.tab = "calls";
    this.card = null;
    this.view = "list"; // on a phone one of list, chat, panel is seen at a time
    Object.assign(this, JSON.parse(localStorage.getItem("imbot.choice") ?? "{}"));
  }

  /** Choose, and remember what should be remembered. */
  set(changes) {
    Object.assign(this, changes);
    const kept = Object.fromEntries(KEPT_CHOICES.map((key) => [key, this[key]]));
    localStorage.setItem("imbot.choice", JSON.stringify(kept));
  }

  /** Fall back to what exists: a bot that can be asked something, the first user. */
  settle(store) {
    const entries = store.entries();
    this.entry = entries.find((entry) => entry.key === this.wanted) ?? inviting(entries) ?? null;
    this.app = this.entry?.app?.id ?? null;
    if (!store.users.has(this.user)) this.user = store.users.keys().next().value ?? null;
  }
}

/** Whether the platform refused a call: legacy APIs say so in a code under HTTP 200. */
export function failed(call) {
  return call.status >= 400 || !["", "0", "ok", null, undefined].includes(call.code);
}

function entryOf(key, bot, app) {
  const title = bot?.title || app?.name || key;
  return { key, title, app, bot, state: stateOf(bot, app) };
}

/** How one in the list is: online, offline, broken (it runs, but not as its file says), failing, or a state that it was told. */
function stateOf(bot, app) {
  if (bot && !app) return bot.state === "running" ? "offline" : bot.state;
  if (bot?.problems.some((problem) => problem.severity === "error")) return "broken";
  if (bot?.failing) return "failing";
  return app.connections > 0 ? "online" : "offline";
}

/** Whom a new reader meets: the first that offers questions, else the first that runs. */
function inviting(entries) {
  const running = entries.filter((entry) => entry.app !== null);
  return running.find((entry) => entry.bot?.questions.length > 0) ?? running[0] ?? entries[0];
}

function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}
