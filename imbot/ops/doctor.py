"""The doctor: tries everything one bot depends on, in order, and names cause and cure of what fails.

First the file, then the probes of its platform type (``imbot.platforms``), then the agent. No bot is started,
and nobody in a chat notices.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from imbot.agents.causes import AGENT_CAUSES, NOT_KNOWN, bug, described, explained
from imbot.agents.guarded import guarded
from imbot.behaviour import Behaviour, prepare
from imbot.config.loader import BotFile
from imbot.errors import AgentError, ConfigError, PlatformError, Problem
from imbot.model import (
    AgentEvent,
    CardContext,
    CardPhase,
    Finished,
    FinishReason,
    Message,
    NotFound,
    ReasoningDelta,
    Sender,
    TextDelta,
    TextReplace,
)
from imbot.platforms import Doubt, Probe, open_diagnosis

log = logging.getLogger(__name__)

State = Literal["ok", "warning", "failed", "not tried"]

QUESTION = "Count from 1 to 10, please."
ANSWER_WAIT_S = 20.0  # from the first word on; until then the bot's own time-out counts
# how an answer ended that is not whole -> what is seen, cause and cure
_CUT: dict[FinishReason, tuple[str, str, str]] = {
    "content_filter": ("the content filter ended the answer", *AGENT_CAUSES["content_filter"]),
    "length": (
        "the answer was cut off",
        "the model may not say more: `max_tokens`, or what its context holds",
        "raise `agent.max_tokens`, or shorten `agent.instructions`",
    ),
}
# If all pieces come within so small a part of the time, after at least so long, something held them back.
HELD_BACK = 0.05
HELD_BACK_S = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. ``cause`` and ``cure`` are empty if all is well, or if it was not tried."""

    check: str
    state: State
    found: str
    cause: str = ""
    cure: str = ""
    calls: int = 0


async def diagnose(
    file: BotFile, *, ask: bool = True, endpoint: str | None = None
) -> AsyncGenerator[Finding]:
    """The findings about one bot, one after the other. ``ask``: also ask its agent one short question."""
    finding, behaviour = _read(file)
    yield finding
    if behaviour is None:
        for name in ("platform", "agent"):
            yield Finding(name, "not tried", "needs file")
        return
    spec = behaviour.spec
    diagnosis = open_diagnosis(spec.type, spec.credentials, endpoint)
    view = behaviour.card.render(CardContext(CardPhase.THINKING, question=QUESTION))
    probes = [*diagnosis.probes(view), *(_agent_probes(behaviour) if ask else ())]
    try:
        async with aclosing(run_probes(probes)) as findings:
            async for finding in findings:
                yield finding
    finally:
        await diagnosis.close()
        await behaviour.agent.close()


async def run_probes(probes: Sequence[Probe]) -> AsyncGenerator[Finding]:
    """Try each probe in order, except those that need a failed one. The same cause is explained once."""
    fine: set[str] = set()
    told: dict[tuple[str, str], str] = {}
    for probe in probes:
        lacking = [name for name in probe.needs if name not in fine]
        if lacking:
            yield Finding(probe.name, "not tried", f"needs {', '.join(lacking)}")
            continue
        finding = await _try(probe)
        if finding.state != "failed":
            fine.add(probe.name)
        elif finding.cause != NOT_KNOWN[0]:
            first = told.setdefault((finding.cause, finding.cure), probe.name)
            if first != probe.name:
                finding = replace(finding, cause=f"the same as for {first}", cure="")
        yield finding


async def _try(probe: Probe) -> Finding:
    try:
        found = await probe.ask()
    except PlatformError as error:
        told = (error.cause or NOT_KNOWN[0], error.hint or NOT_KNOWN[1])
        return Finding(probe.name, "failed", error.said, *told, probe.calls)
    except AgentError as error:
        return Finding(probe.name, "failed", described(error), *explained(error), probe.calls)
    if isinstance(found, Doubt):
        return Finding(probe.name, "warning", found.found, found.cause, found.cure, probe.calls)
    return Finding(probe.name, "ok", found, calls=probe.calls)


# -- the file


def _read(file: BotFile) -> tuple[Finding, Behaviour | None]:
    """The problems that ``check`` would report, in one finding; and the behaviour if there are no errors."""
    problems = list(file.problems)
    behaviour = None
    if file.spec:
        try:
            behaviour = prepare(file.spec)
        except ConfigError as error:
            problems += error.problems
    errors = [problem for problem in problems if problem.severity == "error"]
    if behaviour is None:
        return _problem("failed", "cannot be run", errors, file), None
    if problems:
        return _problem("warning", "can be run", problems, file), behaviour
    if not behaviour.spec.enabled:
        found = f"{file.path} is valid, but disabled"
        return Finding("file", "warning", found, "`enabled: false`", "set `enabled: true`"), behaviour
    return Finding("file", "ok", f"{file.path} is valid"), behaviour


def _problem(state: State, verdict: str, problems: list[Problem], file: BotFile) -> Finding:
    first, *others = sorted(problems)
    more = f", and {len(others)} more: `imbot check {file.path}`" if others else ""
    cause = f"{first.path}:{first.line}:{first.column}: {first.message} [{first.code}]{more}"
    cure = first.hint or f"fix that line; `imbot explain {first.code}` says more"
    return Finding("file", state, f"{file.path} {verdict}", cause, cure)


# -- the agent


def _agent_probes(behaviour: Behaviour) -> list[Probe]:
    trial = _Trial(behaviour)
    probes = [Probe("agent", trial.ask)]
    if behaviour.card.live:
        probes.append(Probe("agent streaming", trial.streaming, ("agent",)))
    return probes


class _Trial:
    """One short question to an agent, and the times at which the pieces of its answer came."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._asked_at = 0.0
        self._pieces: list[float] = []
        self._not_found = False
        self._ended: FinishReason = "stop"

    async def ask(self) -> str | Doubt:
        """Ask the question. Raises AgentError if there is no answer in time."""
        self._asked_at = _now()
        wait_s = self._behaviour.spec.timeouts.first_event_s + ANSWER_WAIT_S
        try:
            async with asyncio.timeout(wait_s) as limit:
                await self._listen(limit)
        except TimeoutError:
            if not self._pieces:
                raise AgentError(f"it said nothing within {wait_s:g} s", code="timeout.doctor") from None
        if self._not_found:
            return "replied (no matching answer, as expected of a FAQ)"
        if not self._pieces:
            raise AgentError("it ended without an answer", code="empty")
        answers = f"answers after {self._pieces[0]:.1f} s"
        if self._ended in _CUT:
            how, cause, cure = _CUT[self._ended]
            return Doubt(f"{answers}, but {how}", cause, cure)
        return answers

    async def streaming(self) -> str | Doubt:
        """Whether the answer came in pieces."""
        if not self._pieces:
            return "nothing to stream in that answer"
        count, last_s = len(self._pieces), self._pieces[-1]
        spread_s = last_s - self._pieces[0]
        held_back = last_s > HELD_BACK_S and spread_s < last_s * HELD_BACK
        if count > 1 and not held_back:
            return f"{count} pieces in {last_s:.1f} s"
        cause = "the answer was short, or a proxy held it back until it was complete"
        cure = "if long answers come at once, too: turn off the proxy's buffering, or let the agent stream"
        return Doubt(f"the answer came at once, after {last_s:.1f} s", cause, cure)

    async def _listen(self, limit: asyncio.Timeout) -> None:
        spec = self._behaviour.spec
        events = guarded(self._behaviour.agent.reply(_question(), ()), spec.timeouts)
        try:
            async with aclosing(events):
                async for event in events:
                    first = not self._pieces
                    self._note(event)
                    if first and self._pieces:  # a slow one has its time for the first word, not for all
                        limit.reschedule(_now() + ANSWER_WAIT_S)
        except AgentError:
            raise
        except Exception as error:
            log.exception("the agent %s failed", spec.agent.type)
            raise bug(error) from error

    def _note(self, event: AgentEvent) -> None:
        if isinstance(event, NotFound):
            self._not_found = True
        elif isinstance(event, Finished):
            self._ended = event.reason
        elif isinstance(event, TextDelta | TextReplace | ReasoningDelta) and event.text:
            self._pieces.append(_now() - self._asked_at)


def _question() -> Message:
    """A message from a sender and conversation that do not exist in any chat."""
    return Message(uuid.uuid4().hex, "imbot-doctor", "single", Sender("imbot-doctor"), QUESTION, time.time())


def _now() -> float:
    return asyncio.get_running_loop().time()
