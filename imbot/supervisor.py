"""The supervisor: makes the running bots equal to the files, and touches only what changed.

``apply`` first does everything that can fail (prepare, prove, connect), then commits in one step
that cannot, then lets go of what is no longer wanted. It owns gateways, bots and their last turns.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from imbot.behaviour import Behaviour, prepare
from imbot.bot import Bot
from imbot.errors import ConfigError, PlatformError, Problem
from imbot.links import LinkKey, Links, key_of
from imbot.loader import BotFile, LoadResult
from imbot.meter import Meter
from imbot.outcome import step_json
from imbot.plan import Step, plan, without_conflicts
from imbot.platforms import GatewayState
from imbot.spec import BotSpec
from imbot.stores import Store

log = logging.getLogger(__name__)

BotState = GatewayState | Literal["draining"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that is not followed: why, and since when (epoch seconds)."""

    name: str
    since: float
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BotStatus:
    """What runs of one bot, and beside it what its file asks for in vain. Times are epoch seconds."""

    name: str
    path: str
    type: str = ""
    state: BotState = "down"
    generation: int = 0
    fingerprint: str = ""
    connected_since: float | None = None
    connections: int = 0
    turns_running: int = 0
    turns_total: int = 0
    error: str = ""
    rejected: Rejected | None = None


@dataclass(slots=True)
class _Running:
    """A bot that runs, and how often it was changed. The path may change under a running bot."""

    bot: Bot
    key: LinkKey
    path: str
    generation: int = 1


class Supervisor:
    """Owns every gateway and bot of the process. ``endpoint`` None is the real platform."""

    def __init__(self, store: Store, endpoint: str | None = None, grace_s: float = 25.0) -> None:
        self.meter = Meter()
        self._store = store
        self._grace_s = grace_s
        self._links = Links(endpoint, grace_s)
        self._running: dict[str, _Running] = {}
        self._rejected: dict[str, Rejected] = {}
        self._drains: dict[asyncio.Task[None], _Running] = {}
        self._stopping = False

    async def apply(self, result: LoadResult) -> list[Step]:
        """Follow the files; the steps that were taken, refused ones with their reasons."""
        behaviours: dict[str, Behaviour] = {}
        steps = [await self._made(step, behaviours) for step in plan(self.specs(), result.files)]
        steps = await self._connected(without_conflicts(steps, self.specs()))
        known = self._rejected
        self._commit(steps, behaviours)
        await asyncio.gather(*(unused.agent.close() for unused in behaviours.values()))
        self._report(steps, known)
        return steps

    def status(self) -> list[BotStatus]:
        """Every bot that runs or drains, and every file that was refused and runs nothing; by name."""
        rows = [self._row(running) for running in self._running.values()]
        rows += [replace(self._row(running), rejected=None) for running in self._drains.values()]
        followed = {running.path for running in self._running.values()}
        rows += [
            BotStatus(rejected.name, path, rejected=rejected)
            for path, rejected in self._rejected.items()
            if path not in followed
        ]
        return sorted(rows, key=lambda row: (row.name, row.path))

    async def stop(self) -> None:
        """Close every connection, let turns end within the grace time, then release everything."""
        self._stopping = True
        await self._links.disconnect()
        drains = (running.bot.drain(self._grace_s) for running in self._running.values())
        await asyncio.gather(*drains, *self._drains)
        self._running.clear()
        await self._links.close()

    # -- before the commit: everything that can fail

    async def _made(self, step: Step, behaviours: dict[str, Behaviour]) -> Step:
        """Prepare one bot's behaviour and try new credentials of its app."""
        if step.spec is None or step.action == "unchanged":
            return step
        try:
            behaviours[step.name] = await asyncio.to_thread(prepare, step.spec)
            if step.action == "update":
                await self._prove(step.spec)
        except ConfigError as error:
            return step.rejected(error.problems)
        except PlatformError as error:
            return step.rejected([_refused(step.spec, error)])
        return step

    async def _prove(self, spec: BotSpec) -> None:
        running = self._running[spec.name]
        if spec.credentials != running.bot.spec.credentials:
            await self._links.gateway(running.key).prove(spec.credentials)

    async def _connected(self, steps: list[Step]) -> list[Step]:
        """Open the gateways that are needed; a bot moves to another app only when that is connected."""
        for step in steps:
            if step.spec is not None and step.action in ("start", "replace"):
                self._links.open(step.spec)
        moved = await asyncio.gather(*(self._moved(step) for step in steps))
        # A bot that stays where it was may be in the way of another one.
        return without_conflicts(moved, self.specs())

    async def _moved(self, step: Step) -> Step:
        if step.spec is None or step.action != "replace":
            return step
        try:
            await self._links.ready(step.spec)
        except PlatformError as error:
            return step.rejected([_refused(step.spec, error)])
        return step

    # -- the commit: nothing here fails or waits

    def _commit(self, steps: list[Step], behaviours: dict[str, Behaviour]) -> None:
        """Make it so. Takes the behaviours it uses out of the table."""
        before = [running.bot for running in self._running.values()]
        for step in steps:
            if step.action == "stop":
                self._drain(self._running.pop(step.name))
        for step in steps:
            if step.spec is None:
                continue
            if step.action == "start":
                self._start(step.spec, behaviours.pop(step.name))
            elif step.action != "unchanged":
                self._change(step.spec, behaviours.pop(step.name))
            self._running[step.name].path = step.path
        self._links.deliver({running.key: running.bot for running in self._running.values()}, before)
        self._remember_rejected(steps)

    def _start(self, spec: BotSpec, behaviour: Behaviour) -> None:
        gateway = self._links.gateway(key_of(spec))
        gateway.use(spec.credentials)
        self._running[spec.name] = _Running(
            Bot(behaviour, gateway, self._store, meter=self.meter), key_of(spec), spec.path
        )

    def _change(self, spec: BotSpec, behaviour: Behaviour) -> None:
        running = self._running[spec.name]
        running.key = key_of(spec)
        running.generation += 1
        running.bot.gateway = self._links.gateway(running.key)
        running.bot.gateway.use(spec.credentials)
        running.bot.use(behaviour)

    def _drain(self, running: _Running) -> None:
        name = f"drain {running.bot.spec.name}"
        task = asyncio.create_task(running.bot.drain(self._grace_s), name=name)
        self._drains[task] = running
        task.add_done_callback(self._drains.pop)

    def _remember_rejected(self, steps: list[Step]) -> None:
        known, self._rejected = self._rejected, {}
        for step in steps:
            if step.action == "rejected":
                old = known.get(step.path)
                known_why = old is not None and _reasons(old.problems) == _reasons(step.problems)
                since = old.since if old and known_why else time.time()
                self._rejected[step.path] = Rejected(step.name, since, step.problems)

    # -- what people see

    def _report(self, steps: list[Step], known: Mapping[str, Rejected]) -> None:
        """One line a bot whose state changed; what was said before is not said again."""
        for step in steps:
            if step.action == "rejected":
                old = known.get(step.path)
                if not old or old.since != self._rejected[step.path].since:
                    why = "; ".join(map(str, step.problems))
                    log.error("%s: rejected: %s", step.name, why, extra={"bot": step_json(step)})
            elif step.action != "unchanged":
                keys = "".join(f", {change.key}" for change in step.changes)
                log.info(
                    "%s: %s (%s%s)", step.name, step.action, step.path, keys, extra={"bot": step_json(step)}
                )

    def _row(self, running: _Running) -> BotStatus:
        bot, link = running.bot, running.bot.gateway.status
        draining = self._stopping or running is not self._running.get(bot.spec.name)
        return BotStatus(
            name=bot.spec.name,
            path=running.path,
            type=bot.spec.type,
            state="draining" if draining else link.state,
            generation=running.generation,
            fingerprint=bot.spec.fingerprint,
            connected_since=link.connected_since,
            connections=link.opened,
            turns_running=bot.turns_running,
            turns_total=bot.turns_total,
            error=link.error or bot.store_error,
            rejected=self._rejected.get(running.path),
        )

    def specs(self) -> Mapping[str, BotSpec]:
        """What runs, by name."""
        return {name: replace(running.bot.spec, path=running.path) for name, running in self._running.items()}


def _reasons(problems: Iterable[Problem]) -> list[Problem]:
    """What would have to change for a refusal to be a new one: a platform words it anew each time."""
    return [replace(each, message="") if each.code == "platform.refused" else each for each in problems]


async def forecast(running: Mapping[str, BotSpec], files: Sequence[BotFile]) -> list[Step]:
    """The steps ``apply`` would take, as far as they can be known without calling the platform."""
    steps = [await asyncio.to_thread(_prepared, step) for step in plan(running, files)]
    return without_conflicts(steps, running)


def _prepared(step: Step) -> Step:
    if step.spec is None or step.action == "unchanged":
        return step
    try:
        prepare(step.spec)
    except ConfigError as error:
        return step.rejected(error.problems)
    return step


def _refused(spec: BotSpec, error: PlatformError) -> Problem:
    """The platform's refusal, at the place of the credentials it refused."""
    span = spec.marks.values.get("/credentials")
    place = (span.line, span.column, span.end_line, span.end_column) if span else (1, 1, 1, 1)
    return Problem(
        spec.path, *place, "/credentials", "platform.refused", "error", f"the platform refused: {error}"
    )
