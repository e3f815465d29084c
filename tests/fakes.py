"""Stand-ins at the seams, for tests of what lies between them: agent, card, gateway, store."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from imbot.behaviour import Behaviour
from imbot.model import (
    CardChange,
    CardPhase,
    CardRef,
    CardView,
    Finished,
    Message,
    NotFound,
    Sender,
    TextDelta,
)
from imbot.platforms.gateway import GatewayStatus
from imbot.spec import (
    Access,
    AgentSpec,
    BotSpec,
    CardSpec,
    Commands,
    ConversationSpec,
    FeedbackButton,
    FeedbackSpec,
    HistorySpec,
    Limits,
    QuotaSpec,
    Secret,
    Throttle,
    Timeouts,
)
from imbot.turn import orphan
from imbot.turn.context import TurnContext
from imbot.turn.journal import Journal
from imbot.usage.counters import Counters


def spec(name="bot", **changes):
    base = BotSpec(
        name=name,
        title=name.title(),
        enabled=True,
        type="dingtalk-stream",
        identity=f"id-{name}",
        credentials={"client_id": f"id-{name}", "client_secret": Secret("s-" + name)},
        agent=AgentSpec("echo", {}),
        timeouts=Timeouts(connect_s=10, first_event_s=60, idle_s=60, total_s=None, queued_s=600),
        history=HistorySpec(10, 20000),
        conversation=ConversationSpec("per_sender", 3600),
        commands=Commands(("/new",), ("/stop",), ("/help",)),
        texts={},
        card=CardSpec("ai"),
        throttle=Throttle("fixed", 20, 1.0, 5),
        quota=QuotaSpec(20),
        feedback=FeedbackSpec((FeedbackButton("good", "good"),), "thanks"),
        limits=Limits(per_user=2, per_bot=100, queue=200, message_chars=20_000, answer_chars=50_000),
        access=Access(),
        fingerprint="f-" + name,
        path=f"bots/{name}.yaml",
    )
    return replace(base, **changes)


def message(text="hi", id="m1", sender="u1", conversation="c1", kind="single"):
    return Message(
        id=id,
        conversation_id=conversation,
        conversation_kind=kind,
        sender=Sender(sender, sender.title()),
        text=text,
        received_at=time.time(),
    )


class FakeAgent:
    """Plays a script: strings are deltas, numbers are waits in seconds, the rest is yielded or raised."""

    wants_history = True
    address = None

    def __init__(self, *script):
        self.script = script or ("hello",)
        self.asked = []
        self.running = 0
        self.closed = False

    async def reply(self, message, history):
        self.asked.append((message.text, list(history)))
        self.running += 1
        try:
            for item in self.script:
                if isinstance(item, str):
                    yield TextDelta(item)
                elif isinstance(item, int | float):
                    await asyncio.sleep(item)
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
            yield Finished()
        finally:
            self.running -= 1

    async def close(self):
        self.closed = True


class FakeCard:
    """Renders the context itself, so that tests see what a template would see."""

    def __init__(self, live=True, kind="ai", fingerprint="layout-1"):
        self.live, self.kind, self.fingerprint = live, kind, fingerprint

    def render(self, context):
        data = {"answer": context.answer, "error": context.error, "chosen": context.chosen}
        text = context.answer or context.error
        return CardView(self.kind, context.phase, data, "title", text, button_keys=frozenset({"chosen"}))

    def text(self, name, context):
        return f"<{name}>"


async def going():
    """Nothing is to be done before a message goes out."""


class FakeGateway:
    """Remembers what was shown; ``failures`` are raised by the next calls of that name.

    A call takes ``latency`` seconds before it does anything, and ``late[name]`` after it has.
    """

    def __init__(self, latency=0.0):
        self.latency = latency
        self.late: dict[str, float] = {}
        self.shown: list[tuple[str, CardView]] = []
        self.texts: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.handler = None
        self.credentials: Mapping = {}
        self.proofs = []
        self.cards = self.runs = 0
        self.room = 0  # bytes a card takes; 0: any number
        self.closed = False
        self.connected = asyncio.Event()
        self.connected.set()
        self.status = GatewayStatus("connected", 1.0, 1)

    async def _call(self, name):
        await asyncio.sleep(self.latency)
        if self.failures.get(name):
            raise self.failures[name].pop(0)

    async def _back(self, name):
        await asyncio.sleep(self.late.get(name, 0.0))

    def attach(self, handler):
        self.handler = handler

    async def prove(self, credentials):
        self.proofs.append(credentials)
        await self._call("prove")

    def use_credentials(self, credentials, qps):
        self.credentials, self.qps = credentials, qps

    async def run(self):
        self.runs += 1
        await self._call("run")
        await asyncio.Event().wait()

    async def ready(self):
        await self.connected.wait()

    def new_card(self, message):
        self.cards += 1
        return CardRef(f"card-{message.id}")

    def overflow_bytes(self, view):
        return max(0, len(view.text.encode()) - self.room) if self.room else 0

    async def create_card(self, ref, latest, made=None):
        view = latest()
        await self._call("create")
        self.shown.append(("create", view))
        await self._back("create")
        return view

    async def update_card(self, ref, latest):
        view = latest()
        await self._call("update")
        self.shown.append(("update", view))
        await self._back("update")
        return view

    async def finish_card(self, ref, view):
        await self._call("finish")
        self.shown.append(("finish", view))
        await self._back("finish")

    async def send_text(self, ref, title, text, going):
        await going()
        await self._call("text")
        self.texts.append(text)

    async def close(self):
        self.closed = True

    def names(self):
        return [name for name, _ in self.shown]

    def last(self):
        return self.shown[-1][1]


class FakeStore:
    """Turns and ratings in memory."""

    def __init__(self):
        self.turns = {}
        self.ratings = []
        self.past = []
        self.anew = []
        self.orphaned = []
        self.failure = None
        self.latency = 0.0

    async def accept(self, turn):
        await asyncio.sleep(self.latency)
        if self.failure:
            raise self.failure
        if any((t.bot, t.message_id) == (turn.bot, turn.message_id) for t in self.turns.values()):
            return False
        self.turns[turn.id] = turn
        return True

    async def update_turn(self, turn_id, **changes):
        if self.failure:
            raise self.failure
        if turn_id in self.turns:
            self.turns[turn_id] = replace(self.turns[turn_id], **changes)

    async def ask_again(self, turn_id):
        await self.update_turn(turn_id, replaced=True)

    async def hand_back(self, turn_id):
        self.orphaned.append(turn_id)

    async def turn_of_card(self, card_id):
        return next((t for t in self.turns.values() if t.card.id == card_id), None)

    async def history(self, key, turns, *, idle_s, now):
        return self.past[-turns:]

    async def start_anew(self, key, at):
        if self.failure:
            raise self.failure
        self.anew.append(key)

    async def rating(self, turn_id, user_id):
        said = [r.rating for r in self.ratings if (r.turn_id, r.user_id) == (turn_id, user_id)]
        return said[-1] if said else ""

    async def rate(self, feedback):
        self.ratings.append(feedback)

    def only(self):
        (turn,) = self.turns.values()
        return turn


def behaviour(*script, card=None, **changes):
    return Behaviour(spec(**changes), FakeAgent(*script), card or FakeCard())


__all__ = [
    "CardPhase",
    "FakeAgent",
    "FakeCard",
    "FakeGateway",
    "FakeStore",
    "NotFound",
    "behaviour",
    "message",
    "spec",
]


def turn_context(turn, gateway, store, made=None, now=0.0):
    """What a turn is carried out with, at a time that stands still."""
    return TurnContext(
        turn,
        orphan.message_of(turn),
        gateway,
        Journal(store, turn),
        made or behaviour(),
        Counters(),
        lambda: now,
    )


def change(data, *, private=False):
    """A change of a card that had nothing on it."""
    empty = CardView("ai", CardPhase.FINAL, {}, "", "")
    return CardChange(empty, replace(empty, data=data), private)
