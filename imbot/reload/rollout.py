"""A rollout: the change of a bot, from its valid file until the change is live.

``supervisor`` begins one for each bot that changes; bots that swap apps share one. It is committed when
everything that can fail has worked, and cancelled when the files ask for something else.
"""

import asyncio
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol

from imbot.backoff import Backoff
from imbot.behaviour import Behaviour, prepare
from imbot.bot.bot import Bot
from imbot.config.loader import BotFile
from imbot.errors import START, ConfigError, FatalError, PlatformError, Problem, Severity, contained
from imbot.reload.gateway_pool import REMAKE_S, AppKey, GatewayPool, app_key
from imbot.reload.plan import Step, plan, with_changes, without_conflicts
from imbot.spec import BotSpec

log = logging.getLogger(__name__)

RETRY_CAP_S = 30.0  # the longest delay before the platform is asked again

RolloutKey = frozenset[tuple[str, str, str, str]]


@dataclass(slots=True)
class RunningBot:
    """A running bot with its spec; ``generation`` counts the versions of its file that were accepted.

    ``moved`` is when it last changed its app, by the loop's clock.
    """

    bot: Bot
    key: AppKey
    spec: BotSpec
    generation: int = 1
    moved: float = -math.inf


@dataclass(frozen=True, slots=True)
class Pending:
    """A valid change that is not live yet: why, and since when (epoch seconds)."""

    name: str
    path: str
    since: float
    reason: str


class RolloutHost(Protocol):
    """What a rollout needs of the supervisor."""

    gateways: GatewayPool
    preparing: asyncio.Semaphore

    def running_bot(self, name: str) -> RunningBot | None:
        """The running bot of that name."""
        ...

    def commit(self, rollout: "Rollout") -> None:
        """Make the change live. It cannot fail, and does not wait."""
        ...

    def report(self, rollout: "Rollout") -> None:
        """Called when the state of the rollout has changed."""
        ...


def rollout_key(steps: Sequence[Step]) -> RolloutKey:
    """Identifies a rollout by what it changes: two with the same steps are the same one."""
    return frozenset(
        (step.action, step.name, step.path, step.spec.fingerprint if step.spec else "") for step in steps
    )


class Rollout:
    """Steps that are taken together; ``refused`` are those of them that turned out to be impossible.

    ``prepared`` is set when only the platform can still delay it, ``tried`` when the platform was asked once.
    """

    def __init__(self, steps: Sequence[Step], host: RolloutHost) -> None:
        self.key = rollout_key(steps)
        self.steps = {step.name: step for step in steps}
        self.refused: list[Step] = []
        self.behaviours: dict[str, Behaviour] = {}
        self.since = time.time()
        self.prepared = asyncio.Event()
        self.tried = asyncio.Event()
        self.done = False
        self._host = host
        self._problems: dict[str, Problem] = {}
        self._failures: dict[str, str] = {}

    @property
    def app_keys(self) -> set[AppKey]:
        """The apps that its bots will use."""
        return {app_key(step.spec) for step in self.steps.values() if step.spec}

    async def run(self) -> None:
        """Prepare the steps, ask the platform until it agrees, and commit. Cancelling gives the change up."""
        try:
            await self._prepare()
            self.prepared.set()
            backoff = Backoff(cap_s=RETRY_CAP_S)
            while not await self._platform_agrees():
                self._host.report(self)
                self.tried.set()
                await asyncio.sleep(backoff.next())
            self.done = True
            self._host.commit(self)
        finally:
            self.prepared.set()
            self.tried.set()
            await asyncio.gather(*(unused.agent.close() for unused in self.behaviours.values()))

    def step_reports(self) -> list[Step]:
        """Each step as it is now: taken, rejected, or waiting with a warning."""
        return [*self.refused, *map(self._step_report, self.steps.values())]

    def pending(self) -> Iterator[Pending]:
        """The changes that wait for the platform."""
        for step in () if self.done else self.steps.values():
            if step.name not in self._problems:
                yield Pending(step.name, step.path, self.since, self._reason(step))

    def _step_report(self, step: Step) -> Step:
        if self.done:
            return step
        if step.name in self._problems:
            return step.rejected([self._problems[step.name]])
        return replace(step, problems=(*step.problems, _waiting(step, self._reason(step))))

    def _reason(self, step: Step) -> str:
        if not self.prepared.is_set():
            return "it is being prepared"
        if step.name in self._failures:
            return self._failures[step.name]
        if step.action == "replace" and step.spec and self._host.gateways.is_open(app_key(step.spec)):
            status = self._host.gateways.gateway(app_key(step.spec)).status
            if status.state != "connected":
                return status.error or "its new app is being connected"
        others = ", ".join(sorted(self.steps.keys() - {step.name}))
        return f"it changes together with {others}" if others else "the platform is being asked"

    # -- what can fail

    async def _prepare(self) -> None:
        """Make the behaviours.

        Steps that cannot be prepared are rejected, and with them those that need their apps.
        """
        steps = [await self._prepare_step(step) for step in self.steps.values()]
        specs = {name: running.spec for name in self.steps if (running := self._host.running_bot(name))}
        steps = without_conflicts(steps, specs)
        self.refused = [step for step in steps if step.action == "rejected"]
        self.steps = {step.name: step for step in steps if step.action != "rejected"}

    async def _prepare_step(self, step: Step) -> Step:
        if step.spec is None:  # a stop needs no preparing and must not wait for it
            return step
        running = self._host.running_bot(step.name)
        async with self._host.preparing:
            step, behaviour = await asyncio.to_thread(_prepared_step, step, running.spec if running else None)
        if behaviour:
            self.behaviours[step.name] = behaviour
        return step

    async def _platform_agrees(self) -> bool:
        """Whether the platform lets every step be taken now."""
        await asyncio.gather(*map(self._ask_platform, list(self.steps.values())))
        return not (self._problems or self._failures)

    async def _ask_platform(self, step: Step) -> None:
        self._failures.pop(step.name, None)
        try:
            await self._ask(step)
            self._problems.pop(step.name, None)
        except FatalError as error:
            self._problems[step.name] = _refused(step, error)
        except PlatformError as error:
            self._failures[step.name] = str(error)
        except Exception as error:  # a defect must affect only this bot's change
            log.exception("%s: applying its change failed", step.name)
            self._failures[step.name] = f"imbot failed with {type(error).__name__}; the log has the details"

    async def _ask(self, step: Step) -> None:
        """Try new credentials; connect the app that a bot moves to. Raises PlatformError."""
        if step.spec is None:
            return
        gateways, key, running = self._host.gateways, app_key(step.spec), self._host.running_bot(step.name)
        if running and step.action == "replace":
            await asyncio.sleep(running.moved + REMAKE_S - asyncio.get_running_loop().time())
        # opened here, because it may fail and a commit may not
        gateway, holder = gateways.open(step.spec), gateways.holder(key)
        old = running.bot if running else holder
        if old is None or not old.gateway.status.opened:
            return  # the bot has never been connected, so wrong credentials can break nothing
        if holder is None or holder.spec.credentials != step.spec.credentials:
            await gateway.prove(step.spec.credentials)
        if step.action == "replace":
            gateways.connect(key)
            await gateway.ready()


async def forecast(
    running: Mapping[str, BotSpec], files: Sequence[BotFile], held: AbstractSet[str] = frozenset()
) -> list[Step]:
    """The steps that these files would cause, without calling the platform."""
    steps = [
        (await asyncio.to_thread(_prepared_step, step, running.get(step.name)))[0]
        for step in plan(running, files, held)
    ]
    return without_conflicts(steps, running)


def _prepared_step(step: Step, now: BotSpec | None) -> tuple[Step, Behaviour | None]:
    """The step with its changes, and its behaviour; rejected if that cannot be prepared."""
    if step.spec is None or step.action == "unchanged":
        return step, None
    try:
        behaviour = prepare(step.spec)
        with contained(step.path, "bot.defect"):
            return with_changes(step, now), behaviour
    except ConfigError as error:
        return step.rejected(error.problems), None


def _waiting(step: Step, reason: str) -> Problem:
    cure = "what ran before keeps running; the change follows by itself"
    return _at_credentials(step, "change.pending", "warning", f"not live yet: {reason}", cure)


def _refused(step: Step, error: PlatformError) -> Problem:
    return _at_credentials(step, "platform.refused", "error", f"the platform refused: {error}", "")


def _at_credentials(step: Step, code: str, severity: Severity, message: str, hint: str) -> Problem:
    """A problem with the platform, placed at the credentials."""
    span = step.spec.marks.values.get("/credentials", START) if step.spec else START
    return Problem.at(step.path, span, code, message, hint, pointer="/credentials", severity=severity)
