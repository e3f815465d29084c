/** The page's state: the simulator's state, kept current by its events, and the reader's choices. */

const CALLS_KEPT = 200;
const MESSAGES_KEPT = 2000;
const KEPT_CHOICES = ["wanted", "user", "group", "panel"];

/** The simulator's state. Objects are replaced, never changed: the same object means nothing to redraw. */
export class Store {
  constructor() {
    this.reset({ apps: [], users: [], conversations: [], messages: [], cards: {}, calls: [], settings: {} });
  }

  /** Take over one event of `/sim/events`; unknown ones are left to newer pages. */
  apply(event) {
    const { type } = event;
    if (type === "state") this.reset(event.state);
    else if (type === "message") this.addMessage(event.message);
    else if (type === "card") this.cards.set(event.card.id, event.card);
    else if (type === "app") this.apps.set(event.app.id, event.app);
    else if (type === "app_removed") this.apps.delete(event.id);
    else if (type === "conversation") this.conversations.set(event.conversation.id, event.conversation);
    else if (type === "settings") this.settings = event.settings;
    else if (type === "call") this.addCall(event.call);
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

  reset(state) {
    this.apps = byId(state.apps);
    this.users = byId(state.users);
    this.conversations = byId(state.conversations);
    this.messages = byId(state.messages);
    this.cards = new Map(Object.entries(state.cards));
    this.settings = state.settings;
    this.calls = [...state.calls].sort((a, b) => a.id - b.id);
    this.errors = this.calls.filter(failed).length;
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
    this.errors += failed(call) ? 1 : 0;
  }
}

/** The reader's choices. Most of them are remembered when the page is closed. */
export class Choice {
  constructor() {
    this.app = null;
    this.wanted = null; // the chosen bot, also while it is away
    this.user = null;
    this.group = false;
    this.panel = window.innerWidth >= 1200;
    this.tab = "calls";
    this.card = null;
    this.view = "list"; // on a phone one of list, chat, panel is seen at a time
    Object.assign(this, JSON.parse(localStorage.getItem("imbot.choice") ?? "{}"));
  }

  /** Choose, and remember what should be remembered. */
  set(changes) {
    Object.assign(this, changes);
    if (changes.app) this.wanted = changes.app;
    const kept = Object.fromEntries(KEPT_CHOICES.map((key) => [key, this[key]]));
    localStorage.setItem("imbot.choice", JSON.stringify(kept));
  }

  /** Fall back to what exists: the first bot, the first user. */
  settle(store) {
    this.app = store.apps.has(this.wanted) ? this.wanted : (store.apps.keys().next().value ?? null);
    if (!store.users.has(this.user)) this.user = store.users.keys().next().value ?? null;
  }
}

/** Whether the platform refused a call: legacy APIs say so in a code under HTTP 200. */
export function failed(call) {
  return call.status >= 400 || !["", "0", "ok", null, undefined].includes(call.code);
}

function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}
