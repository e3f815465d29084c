"""The simulated organisation: all the data behind the APIs and the chat page. It does no network calls."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from imbot.platforms.dingtalk.simulator.feed import Feed, Removed
from imbot.platforms.dingtalk.simulator.frames import Ack
from imbot.platforms.dingtalk.simulator.quota import Quota
from imbot.platforms.dingtalk.simulator.settings import Settings
from imbot.platforms.dingtalk.simulator.templates import PUBLIC, UNKNOWN, Template, plain
from imbot.platforms.dingtalk.simulator.values import (
    App,
    Bots,
    Call,
    Card,
    Conversation,
    Message,
    Recent,
    User,
    opaque,
)

_USERS = (User("u-lilei", "李雷"), User("u-hanmeimei", "韩梅梅"), User("u-alex", "Alex"))
_SHOWN = 500  # messages a page gets when it opens
_SHOWN_CALLS = 200
MOST_APPS = 10_000  # that come by themselves


@dataclass(frozen=True, slots=True)
class File:
    """The file of a download code or a media id."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """The conversation of one sessionWebhook, and when it expires on the loop's clock."""

    conversation: Conversation
    app: App
    expires: float


class World:
    """Apps, people, their messages and cards, by their ids."""

    def __init__(self, settings: Settings, *, open_apps: bool) -> None:
        self.settings = settings
        self.open_apps = open_apps
        self.url = ""
        self.quota = Quota()
        self.feed = Feed(self.state)
        self.apps: dict[str, App] = {}
        self._removed: dict[str, App] = {}
        self.tokens: dict[str, App] = {}
        self.bots = Bots()
        self.users: dict[str, User] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: Recent[str, Message] = Recent(10_000)
        self.sent: Recent[str, list[str]] = Recent(10_000)
        self.cards: Recent[str, Card] = Recent(10_000)
        self.calls: deque[Call] = deque(maxlen=10_000)
        self.observers: list[Callable[[Call | Ack], None]] = []
        self.files: Recent[str, File] = Recent(1_000)
        self.webhooks: Recent[str, Webhook] = Recent(10_000)
        self.templates: dict[str, Template] = dict(PUBLIC)
        self._user_ids: dict[str, User] = {}
        for user in _USERS:
            self.add_user(user)

    def set_url(self, url: str) -> None:
        """Note the address of the server, which listens now."""
        self.url = url
        for app in self.apps.values():
            app.base = app.base or url

    def now(self) -> float:
        """The loop's clock, by which tokens, tickets and webhooks expire."""
        return asyncio.get_running_loop().time()

    def add_app(self, client_id: str, secret: str, name: str = "") -> App:
        """Register an app, or give a known one a new secret and name."""
        app = self.apps.get(client_id) or self._removed.pop(client_id, None)
        if app is None:
            app = App(client_id, secret, name or client_id, self.url)
        self.apps[client_id] = app
        app.secret, app.name = secret, name or app.name
        self._publish_group(app)
        self.feed.publish("app", app.id, app)
        return app

    def remove_app(self, client_id: str) -> None:
        """Unregister an app and its token. Its messages stay, in case it comes back."""
        app = self._removed[client_id] = self.apps.pop(client_id)
        self.tokens.pop(app.token, None)
        self.feed.publish("app_removed", app.id, Removed(app.id))

    def app_of(self, client_id: Any, secret: Any) -> App | None:
        """The app of these credentials; None if they are wrong. With ``open_apps``, an unknown app is registered."""
        if not (isinstance(client_id, str) and isinstance(secret, str) and client_id and secret):
            return None
        app = self.apps.get(client_id)
        if app is None:
            let_in = self.open_apps and len(self.apps) < MOST_APPS
            return self.add_app(client_id, secret) if let_in else None
        return app if secrets.compare_digest(app.secret.encode(), secret.encode()) else None

    def add_user(self, user: User) -> None:
        """Add a person to the organisation, and so to every group."""
        self.users[user.id] = user
        self._user_ids |= {user.id: user, user.union_id: user}
        for app in self.apps.values():
            self._publish_group(app)

    def user(self, any_id: Any) -> User | None:
        """The person with this staff id or union id; None for any other id, such as the encrypted one of messages."""
        return self._user_ids.get(any_id) if isinstance(any_id, str) else None

    def single(self, app: App, user: User) -> Conversation:
        """The conversation of one person with one robot."""
        name = f"cid{opaque(app.id, user.id)}"
        return self._conversation(Conversation(name, "single", app, {user.id: user}))

    def group(self, app: App) -> Conversation:
        """The group conversation of everybody with one robot."""
        return self._conversation(Conversation(_group_id(app), "group", app, self.users))

    def _publish_group(self, app: App) -> None:
        """Tell the pages of a group's new title or new member."""
        if (group := self.conversations.get(_group_id(app))) is not None:
            self.feed.publish("conversation", group.id, group)

    def _conversation(self, wanted: Conversation) -> Conversation:
        known = self.conversations.get(wanted.id)
        if known is None:
            known = self.conversations[wanted.id] = wanted
            self.feed.publish("conversation", wanted.id, wanted)
        return known

    def place(self, app: App, conversation_id: Any, kind: str = "") -> Conversation | None:
        """The conversation with this id; None if the app's robot is not in it, or if it is not of ``kind``."""
        if not isinstance(conversation_id, str):
            return None
        conversation = self.conversations.get(conversation_id)
        if conversation is None and conversation_id == _group_id(app):
            conversation = self.group(app)
        if conversation is None or conversation.app is not app or kind not in ("", conversation.kind):
            return None
        return conversation

    def show(self, message: Message) -> Message:
        """Put a message into its conversation."""
        self.messages[message.id] = message
        self.feed.publish("message", message.id, message)
        return message

    def show_sent(self, messages: list[Message]) -> str:
        """Put a robot's messages into their conversations; returns the key by which they can be recalled."""
        key = opaque(secrets.token_hex(8))
        self.sent[key] = [self.show(message).id for message in messages]
        return key

    def key_of(self, message: Message) -> str:
        """The key of a message that a robot has sent; empty if it is another one."""
        return next((key for key, ids in self.sent.items() if message.id in ids), "")

    def show_bots(self, bots: Bots) -> None:
        """Tell the pages what is known of the bots."""
        self.bots = bots
        self.feed.publish("bots", None, bots)

    def changed(self, card: Card) -> None:
        """Tell the pages that a card is new or changed."""
        self.feed.publish("card", card.id, card)

    def template(self, template_id: str) -> Template | None:
        """The template with this id (with or without ``.schema``); None if the setting ``templates`` lacks it."""
        name, allowed = plain(template_id), self.settings.templates
        if allowed is not None and name not in map(plain, allowed):
            return None
        return self.templates.get(name, UNKNOWN)

    def set(self, **changes: Any) -> Settings:
        """Change settings; ``monthly`` starts the count anew. Raises ValueError for a wrong name or value."""
        self.settings = self.settings.changed(changes)
        if "monthly" in changes:
            self.quota.reset_month()
        self.feed.publish("settings", None, self.settings)
        return self.settings

    def record(self, call: Call) -> None:
        """Add a call to the journal."""
        self.calls.append(call)
        self.observed(call)
        self.feed.publish("call", call.id, call)

    def observed(self, event: Call | Ack) -> None:
        """Call the observers, which take the time themselves."""
        for observer in self.observers:
            observer(event)

    def state(self) -> dict[str, Any]:
        """STATE of the page's contract: everything, but of messages and calls only the newest."""
        messages = _newest(self.messages.values(), _SHOWN)
        shown = [message.card for message in messages if message.card]
        return {
            "apps": [app.to_json() for app in self.apps.values()],
            "bots": self.bots.to_json(),
            "users": [user.to_json() for user in self.users.values()],
            "conversations": [conversation.to_json() for conversation in self.conversations.values()],
            "messages": [message.to_json() for message in messages],
            "cards": {card: self.cards[card].to_json() for card in shown if card in self.cards},
            "calls": [call.to_json() for call in _newest(self.calls, _SHOWN_CALLS)],
            "settings": self.settings.to_json(),
        }


def _group_id(app: App) -> str:
    return f"cid{opaque(app.id)}"


def _newest(items: Any, count: int) -> list[Any]:
    """The last ``count`` items in their order, without copying the others."""
    newest = list(islice(reversed(items), count))
    newest.reverse()
    return newest
