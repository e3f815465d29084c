/** Counts the messages of bots in conversations that are not on screen. */

/** Counts by conversation. */
export class Unread {
  constructor() {
    this.counts = new Map();
  }

  /** Note a new message. */
  add(message) {
    if (message.from.kind === "bot")
      this.counts.set(message.conversation, (this.counts.get(message.conversation) ?? 0) + 1);
  }

  /** The reader sees this conversation. */
  clear(conversation) {
    if (conversation) this.counts.delete(conversation.id);
  }

  /** The number of unread messages from a bot to this user, in single chat and group. */
  ofApp(app, user, store) {
    return this.of(store.conversation(app, user, false)) + this.of(store.conversation(app, user, true));
  }

  /** The number of unread messages in a conversation. */
  of(conversation) {
    return conversation ? (this.counts.get(conversation.id) ?? 0) : 0;
  }
}
