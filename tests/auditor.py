"""The auditor: knows every message that was sent through the simulator, and says what became of each.

What is asked begins with a number, ``q0042``, and everything that answers carries it. Cards and texts carry
marks, ``⟦q0042 final g3⟧``: whose answer, in which phase, made by which generation of a file (``g3``; each kind
of file may have a letter of its own). The agent speaks in words that carry the number, their place in the
answer and the generation of the bot that asked: ``q0042.0@g3; q0042.1@g3; q0042.end@g3;``. The mark of a card that
says "see below" has the phase ``below``.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator.frames import Ack
from imbot.platforms.dingtalk.simulator.values import Call, Card, Message

MARK = re.compile(r"⟦(\S+) (\w+)((?: [a-z]\d+)*)⟧")
WORD = re.compile(r"(q\d{4})\.(\d+|end)@([a-z]\d+);")
LABEL = "{{ question[:5] }}"  # in a layout: the number of the question, or the order itself, as `/stop`
TERMINAL = frozenset({"final", "error", "stopped"})
TOO_FAST = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"  # the simulator's; ordered faults use other codes

Kind = Literal["lost", "doubled", "open", "stray", "torn", "half old", "too fast", "forgotten"]
"""What may be wrong. *Stray*: of no question, of several, or in another conversation; *torn*: words are missing
or out of order; *forgotten*: the simulator has seen more than it remembers, so nothing is sure."""


def mark(phase: str, *generations: str) -> str:
    """What a layout or text says to be known: a mark, with the files' generations."""
    return f"⟦{' '.join((LABEL, phase, *generations))}⟧"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


@dataclass(slots=True, eq=False)
class Asked:
    """A question, or an order as often as it was given in one conversation."""

    label: str
    app: str
    user: str
    text: str
    group: bool
    messages: list[Message] = field(default_factory=list)
    again: int = 0  # so often it may have been asked again by a button

    @property
    def acked(self) -> bool:
        """Whether the bot has taken all of it over; else the platform may have given it up."""
        return all(message.acked for message in self.messages)


@dataclass(frozen=True, slots=True)
class Answer:
    """One card or text that a bot has shown, as far as its words tell."""

    conversation: str
    text: str
    card: Card | None
    labels: frozenset[str]
    phases: frozenset[str]
    words: tuple[str, ...]
    generations: frozenset[str]

    @property
    def begins(self) -> bool:
        """Whether it is an answer, not a further part of one."""
        if not self.words:
            return "below" not in self.phases
        return self.card is not None or "0" in self.words

    @property
    def open(self) -> bool:
        """Whether it says that there is more to come."""
        if self.card is None:
            return False
        return self.card.state not in ("finished", "failed") or bool(self.phases & {"thinking", "streaming"})

    @property
    def complete(self) -> bool:
        """Whether it claims to be all that was to be said."""
        finished = self.card is not None and self.card.state == "finished" and self.phases <= {"below"}
        return finished or "final" in self.phases


class Auditor:
    """Asks through the simulator, and audits what came of it."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._asked: dict[tuple[str, str], Asked] = {}  # by conversation and label
        self._known: dict[str, tuple[Any, Answer]] = {}  # by the id of a card or message
        self._count = 0
        self._too_fast: Counter[str] = Counter()
        sim.observe(self._observed)

    async def ask(self, app: str, user: str, how: str, *, group: bool = False) -> Asked:
        """Ask something new; ``how`` tells the agent what to do."""
        self._count += 1
        label = f"q{self._count:04}"
        return await self._say(label, f"{label} {how}", app, user, group=group)

    async def order(self, app: str, user: str, word: str, *, group: bool = False) -> Asked:
        """Give an order of five characters."""
        return await self._say(word, word, app, user, group=group)

    async def repeat(self, asked: Asked) -> None:
        """Deliver a message once more, as the platform may at any time."""
        first = asked.messages[0].id
        await self._sim.say(asked.app, asked.user, asked.text, group=asked.group, msgId=first)

    def of_card(self, card: Card) -> Asked | None:
        """The question that a card answers."""
        labels = self._read(card).labels
        return self._asked.get((card.conversation or "", *labels)) if len(labels) == 1 else None

    def waiting(self) -> list[Asked]:
        """What was taken over and has no end yet."""
        ended = {
            (answer.conversation, label)
            for answer in self.answers()
            if not answer.open
            for label in answer.labels
        }
        return [asked for key, asked in self._asked.items() if asked.acked and key not in ended]

    def unacked(self) -> list[Asked]:
        """What nobody has taken over."""
        return [asked for asked in self._asked.values() if not asked.acked]

    def answers(self) -> list[Answer]:
        """Every card and every text of a bot."""
        texts = [each for each in self._sim.messages if each.sender is None and each.type != "card"]
        return [self._read(shown) for shown in (*self._sim.cards.values(), *texts)]

    def findings(self, doubtful: Collection[str] = ()) -> list[Finding]:
        """Everything that must not be. Of ``doubtful`` labels nobody could know whether their text had arrived."""
        given: dict[tuple[str, str], list[Answer]] = {key: [] for key in self._asked}
        found = list(self._forgotten())
        for answer in self.answers():
            keys = [(answer.conversation, label) for label in answer.labels]
            if len(keys) == 1 and keys[0] in given:
                given[keys[0]].append(answer)
            else:
                found.append(Finding("stray", answer.text))
            found += _of_one(answer)
        for key, asked in self._asked.items():
            found += _of_all(asked, given[key], doubtful=asked.label in doubtful)
        return found + [Finding("too fast", f"{count} calls: {api}") for api, count in self._too_fast.items()]

    def summary(self) -> str:
        """How much was seen, in one line."""
        answers = self.answers()
        phases = Counter(phase for answer in answers for phase in answer.phases or {"plain"})
        told = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items()))
        cards = sum(answer.card is not None for answer in answers)
        messages = sum(len(asked.messages) for asked in self._asked.values())
        return f"{messages} messages, {len(self.unacked())} never taken; {cards} cards, {len(answers) - cards} texts: {told}"

    async def _say(self, label: str, text: str, app: str, user: str, *, group: bool) -> Asked:
        message = self._sim.message(await self._sim.say(app, user, text, group=group))
        key = (message.conversation, label)
        asked = self._asked.setdefault(key, Asked(label, app, user, text, group))
        asked.messages.append(message)
        return asked

    def _read(self, shown: Card | Message) -> Answer:
        """What it says; read again only when that has changed."""
        said = shown.data if isinstance(shown, Card) else shown.text
        known = self._known.get(shown.id)
        if known is None or known[0] is not said:
            known = self._known[shown.id] = (said, _answer(shown.conversation or "", shown))
        return known[1]

    def _observed(self, event: Call | Ack) -> None:
        if isinstance(event, Call) and (event.status, event.code) == (403, TOO_FAST):
            self._too_fast[f"{event.method} {event.path} of {event.app}"] += 1

    def _forgotten(self) -> Iterator[Finding]:
        for things in (self._sim.world.cards, self._sim.world.messages):
            if len(things) >= things.limit:
                yield Finding("forgotten", f"all but the last {things.limit}")


def _of_one(answer: Answer) -> Iterator[Finding]:
    """What one card or text shows by itself."""
    if answer.open:
        yield Finding("open", answer.text)
    if _mixed(answer.generations):
        yield Finding("half old", answer.text)


def _of_all(asked: Asked, answers: list[Answer], *, doubtful: bool) -> Iterator[Finding]:
    """What all that answers a question shows together."""
    ends = [answer for answer in answers if answer.begins]
    wanted, most = len(asked.messages), len(asked.messages) + asked.again + doubtful
    what = f"{asked.text} ({asked.app}, {asked.user})"
    if len(ends) > most:
        yield Finding("doubled", f"{what}: {len(ends)} answers: {_told(ends)}")
    if len(ends) < wanted and not doubtful and asked.acked:
        yield Finding("lost", f"{what}: {len(ends)} answers of {wanted}")
    words = Counter(word for answer in answers for word in answer.words)
    if any(count > most for count in words.values()):
        yield Finding("doubled", f"{what}: words came twice: {_told(answers)}")
    if any(answer.words != tuple(sorted(answer.words, key=_place)) for answer in answers):
        yield Finding("torn", f"{what}: out of order: {_told(answers)}")
    said = {int(word) for word in words if word != "end"}
    if missing := set(range(max(said, default=-1))) - said:
        yield Finding("torn", f"{what}: without {sorted(missing)[:10]}")
    if words and "end" not in words and not doubtful and any(answer.complete for answer in ends):
        yield Finding("torn", f"{what}: without its end: {_told(answers)}")
    if not asked.again and _mixed({each for answer in answers for each in answer.generations}):
        yield Finding("half old", f"{what}: {_told(answers)}")


def _mixed(generations: Iterable[str]) -> bool:
    """Whether two of them are of the same file."""
    return max(Counter(each[0] for each in set(generations)).values(), default=0) > 1


def _place(word: str) -> float:
    return float("inf") if word == "end" else int(word)


def _told(answers: list[Answer]) -> str:
    return " | ".join(answer.text[:200] for answer in answers)


def _answer(conversation: str, shown: Card | Message) -> Answer:
    card = shown if isinstance(shown, Card) else None
    text = " ".join(_strings(shown.data if isinstance(shown, Card) else shown.text))
    marks, words = MARK.findall(text), WORD.findall(text)
    return Answer(
        conversation,
        text,
        card,
        _labels(text),
        frozenset(phase for _, phase, _ in marks),
        tuple(place for _, place, _ in words),
        frozenset(
            [each for _, _, given in marks for each in given.split()] + [given for _, _, given in words]
        ),
    )


def _labels(text: str) -> frozenset[str]:
    return frozenset(
        [label for label, _, _ in MARK.findall(text)] + [label for label, _, _ in WORD.findall(text)]
    )


def _strings(value: Any) -> Iterator[str]:
    """Every text in a card's variables or layout, but for the line that stands in the list of chats."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            if name != "sys_lastMessageI18n":
                yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
