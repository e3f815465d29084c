"""Plays a case: the real bot on a stage, in virtual time, step by step until an expectation is not met."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from imbot.bot.actions import again_id, may_press
from imbot.bot.bot import Bot
from imbot.config.loader.build import seconds
from imbot.log import redactor
from imbot.model import CardAction, Message, Sender, TurnRecord
from imbot.stores.connection import IN_MEMORY
from imbot.testing.buttons import buttons
from imbot.testing.casefile import Case, CaseStep
from imbot.testing.clock import run_virtual
from imbot.testing.company import Player
from imbot.testing.expectations import Miss, Outcome, misses
from imbot.testing.journal import PlayedTurns
from imbot.testing.snapshots import Snapshots
from imbot.testing.stage import Stage

BEGINNING = 1_767_225_600.0  # 2026-01-01T00:00Z: the bot's clock when a case begins
LONGEST_S = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case. ``lasted_s`` is virtual time; ``log`` are the bot's warnings and errors."""

    case: Case
    misses: tuple[Miss, ...]
    lasted_s: float
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """A message that was sent to the bot. Its card has the same id."""

    id: str
    conversation: str
    step: CaseStep


def play(case: Case, player: Player, snapshots: Snapshots) -> Result:
    """Play a case to its end, or to the first step with an unmet expectation."""
    with _overheard() as log:
        found, lasted_s = run_virtual(_play(case, player, snapshots))
    return Result(case, tuple(found), lasted_s, tuple(log))


async def _play(case: Case, player: Player, snapshots: Snapshots) -> tuple[list[Miss], float]:
    journal = await PlayedTurns.open(IN_MEMORY)
    scene = _Scene(player, Stage(player.spec.type, case.latency_s), journal, snapshots)
    try:
        async with asyncio.timeout(LONGEST_S):
            found = await scene.play(case)
    except TimeoutError:
        found = [Miss(f"{case.at}/name", f"this does not end within {LONGEST_S / 86400:g} days")]
    finally:
        lasted_s = asyncio.get_running_loop().time()
        await scene.bot.drain(0)
        await journal.close()
    return found, lasted_s


class _Scene:
    """One case while it is played."""

    def __init__(self, player: Player, stage: Stage, journal: PlayedTurns, snapshots: Snapshots) -> None:
        behaviour, self._agent = player.behaviour()
        self.bot = Bot(behaviour, stage, journal, _wall_clock)
        self._stage = stage
        self._journal = journal
        self._snapshots = snapshots
        self._said: list[_Said] = []

    async def play(self, case: Case) -> list[Miss]:
        """The unmet expectations of the first step that has some; ``go_on`` steps are judged at the end."""
        for step in case.steps:
            found = await self._step(step)
            if found:
                return found
        going_on = [said for said in self._said if said.step.go_on]
        for said in going_on:
            await self._end(said)
        return [miss for said in going_on for miss in await self._judge(said.step, said)]

    async def _step(self, step: CaseStep) -> list[Miss]:
        if step.action in ("say", "send"):
            said = await self._say(step)
            if step.go_on:
                return []
            await self._end(said)
            return await self._judge(step, said)
        if step.action == "wait":
            await asyncio.sleep(seconds(step.what))
        if step.action == "wait" and not step.expect:
            return []
        concerned = [said for said in self._said if step.action == "wait" or self._clickable(said, step)]
        if not concerned:
            return [Miss(f"{step.at}/{step.action}", "there is no answer yet for this step")]
        if step.action == "click":
            return await self._click(step, concerned[-1])
        return await self._judge(step, concerned[-1])

    # -- what people do

    async def _say(self, step: CaseStep) -> _Said:
        said = _Said(f"message-{len(self._said) + 1}", _conversation(step), step)
        self._said.append(said)
        if step.script is not None:
            self._agent.scripts[said.id] = step.script
        await self.bot.on_message(self._message(said))
        return said

    def _message(self, said: _Said) -> Message:
        step = said.step
        message = Message(
            id=said.id,
            conversation_id=said.conversation,
            conversation_kind="group" if step.group else "single",
            sender=Sender(step.user, step.user),
            text=step.what.strip() if step.action == "say" else None,
            received_at=_wall_clock(),
            conversation_title=step.group,
        )
        return replace(message, address=self._stage.address(message))

    def _clickable(self, said: _Said, step: CaseStep) -> bool:
        return said.conversation == _conversation(step) and bool(self._stage.shown[said.id].views)

    async def _click(self, step: CaseStep, said: _Said) -> list[Miss]:
        """Click a button that the user sees, and judge the outcome; a miss if there is no such button."""
        shown = self._stage.shown[said.id]
        there = buttons(shown, step.user, self.bot.spec)
        found = next((button for button in there if button.goes_by(step.what)), None)
        if found is None:
            labels = ", ".join(button.label for button in there)
            return [Miss(f"{step.at}/click", "there is no such button", step.what, labels or "no button")]
        again = self._asked_again(said, await self._turn(said))
        change = await self.bot.on_action(CardAction(said.id, found.id, step.user))
        if change:
            shown.change(change, step.user)
        if again.id in self._stage.shown and again not in self._said:
            self._said.append(again)
            said = again
        if found.id in ("stop", "regenerate"):
            await self._settled(said, found.id, step.user)
        return await self._judge(step, said)

    def _asked_again(self, said: _Said, turn: TurnRecord) -> _Said:
        """The message that "ask again" would send now. It gets the same script."""
        again = replace(said, id=again_id(turn))
        if said.id in self._agent.scripts:
            self._agent.scripts[again.id] = self._agent.scripts[said.id]
        return again

    async def _settled(self, said: _Said, pressed: str, user: str) -> None:
        """Wait until the answer ends: a repeated one, or one that this user is allowed to stop."""
        if pressed == "regenerate" or may_press(self.bot.spec, await self._turn(said), user):
            await self._end(said)

    # -- the outcome

    async def _end(self, said: _Said) -> None:
        await self._journal.ended((await self._turn(said)).id)

    async def _judge(self, step: CaseStep, said: _Said) -> list[Miss]:
        if not step.expect:
            return []
        turn, shown = await self._turn(said), self._stage.shown[said.id]
        ratings = {
            row.user_id: row.rating async for row in self._journal.feedback() if row.turn_id == turn.id
        }
        phase = str(shown.phase or turn.phase)
        outcome = Outcome(shown, phase, turn.answer if turn.layout else "", step.user, ratings.get(step.user))
        return [*misses(step.expect, f"{step.at}/expect", outcome, self._snapshots)]

    async def _turn(self, said: _Said) -> TurnRecord:
        turn = await self._journal.turn_of_card(said.id)
        assert turn is not None, "the bot journals a message before it takes it over"
        return turn


def _conversation(step: CaseStep) -> str:
    return f"group {step.group}" if step.group else f"with {step.user}"


def _wall_clock() -> float:
    return BEGINNING + asyncio.get_running_loop().time()


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """The bot's warnings and errors during the block, kept instead of printed."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    logger, ear = logging.getLogger("imbot"), Ear(logging.WARNING)
    ear.addFilter(redactor)
    propagated = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.propagate = propagated
        logger.removeHandler(ear)
