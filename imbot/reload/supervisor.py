"""The supervisor: makes the running bots equal to the files, and touches only what has changed.

``apply`` begins a ``Rollout`` for each bot that changes. When everything that can fail has worked, the
rollout is committed in one step that cannot fail. Changes that wait for the platform continue after ``apply``
has returned. The supervisor owns the gateways, the bots, and the turns of bots that are being stopped.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from imbot.behaviour import Behaviour
from imbot.bot.bot import Bot
from imbot.config.loader import LoadResult
from imbot.reload.agent_probe import AgentProbe
from imbot.reload.gateway_pool import GatewayPool, app_key
from imbot.reload.plan import Step, lost, plan, together, without_conflicts
from imbot.reload.report import step_json
from imbot.reload.rollout import Pending, Rollout, RolloutKey, RunningBot, forecast, rollout_key
from imbot.reload.status import BotStatus, Held, Rejections, with_failing
from imbot.spec import BotSpec
from imbot.stores import Store
from imbot.tasks import Task, TaskSet
from imbot.usage.counters import Counters

log = logging.getLogger(__name__)

PLATFORM_WAIT_S = 2.0  # how long a report waits for the platform, after preparing
PREPARE_WAIT_S = 60.0  # how long a report waits for preparing
PREPARE_AT_ONCE = 4
AGENT_WAIT_S = 0.5  # how long a report waits for the attempts to reach agents; the status shows later ones


class Supervisor:
    """Owns every gateway and bot of the process. ``endpoint`` None is the real platform."""

    def __init__(self, store: Store, endpoint: str | None = None, grace_s: float = 25.0) -> None:
        self.counters = Counters()
        self._reasons: dict[str, str] = {}  # by path, why not even a generation from the store runs
        self.gateways = GatewayPool(endpoint, grace_s, self.counters.accounting)
        self._running: dict[str, RunningBot] = {}
        self.preparing = asyncio.Semaphore(PREPARE_AT_ONCE)
        self._store = store
        self._commit_callbacks: list[Callable[[], None]] = []
        self._grace_s = grace_s
        self._rejections = Rejections()
        self._agent_probe = AgentProbe()
        self._held = Held()
        self._rollouts: dict[RolloutKey, Rollout] = {}
        self._tasks = TaskSet()
        self._rollout_tasks: dict[Rollout, Task] = {}
        self._drains = TaskSet()
        self._draining: dict[Task, RunningBot] = {}
        self._stopping = False
        self._gathering = False  # while rejections are collected, so that one log line names all their bots

    async def apply(self, result: LoadResult, prune: bool = False) -> list[Step]:
        """Make the bots equal to the files; returns the steps, rejected and waiting ones with their reasons.

        A bot whose file vanished with many others is held; with ``prune`` it stops.

        Returns within a bounded time. Changes that wait for the platform are applied later, unless the files
        ask for something else by then.
        """
        running = self.specs()
        held = frozenset[str]() if prune else lost(running, result, self._held.names)
        self._held.follow(held)
        steps = without_conflicts(plan(running, result.files, held), running)
        begun = self._follow(together(steps, running))
        rollouts = list(self._rollouts.values())
        self._rename(steps)
        self._rejections.follow(steps)
        await self._prepared(begun)
        await _within(PLATFORM_WAIT_S, (rollout.tried for rollout in begun))
        for waiting in (each for rollout in begun for each in rollout.pending()):
            log.warning("%s: not live yet: %s", waiting.name, waiting.reason)
        live = {name for rollout in rollouts if rollout.done for name in rollout.steps}
        await _within(AGENT_WAIT_S, self._agent_probe.tried(live))
        told = {step.name: step for rollout in rollouts for step in rollout.step_reports()}
        told |= {name: self._agent_probe.with_warning(told[name]) for name in live}
        done = (step if step.action in ("unchanged", "rejected") else told[step.name] for step in steps)
        return [with_failing(step, self.counters.agent_failures.failing(step.name)) for step in done]

    def status(self) -> list[BotStatus]:
        """By name: every bot that runs or drains, and every file that has no running bot."""
        pending = self._pending()
        rows = [self._row(running, pending) for running in self._running.values()]
        rows += [replace(self._row(running, {}), rejected=None) for running in self._draining.values()]
        followed = {running.spec.path for running in self._running.values()}
        rows += [
            BotStatus(rejected.name, path, error=self._reasons.get(path, ""), rejected=rejected)
            for path, rejected in self._rejections.items()
            if path not in followed
        ]
        rows += [
            BotStatus(name, waiting.path, pending=waiting)
            for name, waiting in pending.items()
            if name not in self._running and waiting.path not in self._rejections
        ]
        return sorted(rows, key=lambda row: (row.name, row.path))

    def bots(self) -> list[Bot]:
        """The running bots, without those that are draining."""
        return [running.bot for running in self._running.values()]

    def running_bot(self, name: str) -> RunningBot | None:
        """The running bot of that name."""
        return self._running.get(name)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call this after each commit; it must not fail or wait."""
        self._commit_callbacks.append(callback)

    def explain(self, path: str, reason: str) -> bool:
        """Set why nothing runs of a rejected file, for the status; returns whether the reason is new."""
        known, self._reasons[path] = self._reasons.get(path), reason
        return known != reason

    def monthly(self) -> Mapping[str, int | None]:
        """The monthly quota of each running bot, by name; None: no limit."""
        return {name: running.spec.quota.monthly for name, running in self._running.items()}

    @property
    def reconnects(self) -> int:
        """How many connections have replaced another one so far."""
        return self.gateways.reconnects

    @property
    def turns_running(self) -> int:
        """How many turns of all bots have not ended, with those that wait."""
        return sum(each.bot.turns_running for each in (*self._running.values(), *self._draining.values()))

    async def stop(self) -> None:
        """Close every connection, let turns end within the grace time, then release everything."""
        self._stopping = True
        await self._tasks.close()
        await self._agent_probe.close()
        await self.gateways.disconnect()
        drains = (running.bot.drain(self._grace_s) for running in self._running.values())
        await asyncio.gather(*drains, self._drains.join())
        self._running.clear()
        await self.gateways.close()

    def _follow(self, groups: Iterable[Sequence[Step]]) -> list[Rollout]:
        """Cancel rollouts that are no longer wanted and begin new ones; returns the new ones."""
        wanted = {rollout_key(group): group for group in groups}
        stale = self._rollouts.keys() - wanted.keys()
        begun = [Rollout(group, self) for key, group in wanted.items() if key not in self._rollouts]
        for key in stale:
            self._rollout_tasks[self._rollouts.pop(key)].cancel()
        self._rollouts |= {rollout.key: rollout for rollout in begun}
        if stale:
            self.gateways.release_unused(
                {key for rollout in self._rollouts.values() for key in rollout.app_keys}
            )
        for rollout in begun:
            name = f"rollout of {', '.join(sorted(rollout.steps))}"
            task = self._tasks.start(rollout.run(), name, partial(self._ended, rollout))
            self._rollout_tasks[rollout] = task
        return begun

    def _ended(self, rollout: Rollout, _: Task) -> None:
        del self._rollout_tasks[rollout]
        if self._rollouts.get(rollout.key) is rollout:
            del self._rollouts[rollout.key]

    async def _prepared(self, begun: Iterable[Rollout]) -> None:
        """Wait until these rollouts are prepared, for a bounded time; then log what cannot be prepared."""
        self._gathering = True
        try:
            await _within(PREPARE_WAIT_S, (rollout.prepared for rollout in begun))
        finally:
            self._gathering = False
            self._rejections.log_new()

    # -- the commit: nothing here fails or waits

    def commit(self, rollout: Rollout) -> None:
        """Make the change live. Behaviours that are now in use are taken out of the rollout."""
        steps = rollout.steps.values()
        keys = {self._running[step.name].key for step in steps if step.name in self._running}
        for step in steps:
            if step.spec is None:
                self._drain(self._running.pop(step.name))
        for step in steps:
            if step.spec is not None:
                self._take(step.spec, rollout.behaviours.pop(step.name))
        held = {running.key: running.bot for step in steps if (running := self._running.get(step.name))}
        for key in keys | held.keys():
            self.gateways.assign(key, held.get(key))
        del self._rollouts[rollout.key]
        for callback in self._commit_callbacks:
            callback()
        self.report(rollout)

    def _take(self, spec: BotSpec, behaviour: Behaviour) -> None:
        key, running = app_key(spec), self._running.get(spec.name)
        gateway = self.gateways.open(spec)
        self._reasons.pop(spec.path, None)
        self._agent_probe.set_address(spec.name, behaviour.agent.address)
        self.counters.agent_failures.follow(spec.name, spec.agent)
        gateway.use_credentials(spec.credentials, spec.quota.qps)
        if running is None:
            bot = Bot(behaviour, gateway, self._store, counters=self.counters)
            self._running[spec.name] = RunningBot(bot, key, spec)
            return
        if key != running.key:
            running.moved = asyncio.get_running_loop().time()
        running.key, running.spec = key, spec
        running.generation += 1
        running.bot.gateway = gateway
        running.bot.use_behaviour(behaviour)

    def _drain(self, running: RunningBot) -> None:
        self._agent_probe.set_address(running.spec.name, None)
        self.counters.agent_failures.forget(running.spec.name)
        name = f"drain of {running.spec.name}"
        task = self._drains.start(running.bot.drain(self._grace_s), name, self._draining.pop)
        self._draining[task] = running

    # -- what people see

    def report(self, rollout: Rollout) -> None:
        """Log each bot whose state has changed, once."""
        for step in rollout.step_reports():
            known = self._rejections.forget(step.path)
            if step.action == "rejected":
                self._rejections.add(step, known)
            elif rollout.done:
                keys = "".join(f", {each.key}" for each in step.changes)
                log.info(
                    "%s: %s (%s%s)", step.name, step.action, step.path, keys, extra={"bot": step_json(step)}
                )
        if not self._gathering:
            self._rejections.log_new()

    def _rename(self, steps: Iterable[Step]) -> None:
        """Update the paths of bots whose files were renamed while they run."""
        for step in steps:
            running = self._running.get(step.name)
            if step.action == "unchanged" and running and running.spec.path != step.path:
                running.spec = replace(running.spec, path=step.path)

    def _row(self, running: RunningBot, pending: Mapping[str, Pending]) -> BotStatus:
        bot, link, accounting = running.bot, running.bot.gateway.status, self.counters.accounting
        draining = self._stopping or running is not self._running.get(running.spec.name)
        rejected = self._rejections.get(running.spec.path)
        return BotStatus(
            name=running.spec.name,
            path=running.spec.path,
            type=running.spec.type,
            state="draining" if draining else link.state,
            generation=running.generation,
            fingerprint=running.spec.fingerprint,
            connected_since=link.connected_since,
            connections=link.opened,
            turns_running=bot.turns_running,
            turns_total=bot.turns_total,
            prompt_tokens=self.counters.tokens[running.spec.name, "prompt"],
            completion_tokens=self.counters.tokens[running.spec.name, "completion"],
            calls_total=accounting.total[running.spec.name],
            calls_month=accounting.month[running.spec.name],
            month=accounting.month_of(running.spec.name, running.spec.quota.monthly),
            error=link.error or self._agent_probe.trouble(running.spec.name) or bot.store_error,
            failing=None if draining else self.counters.agent_failures.failing(running.spec.name),
            rejected=rejected,
            accepted_at=running.spec.accepted_at if rejected else None,
            held_since=self._held.since(running.spec.name),
            pending=pending.get(running.spec.name),
        )

    def _pending(self) -> dict[str, Pending]:
        """The changes that wait for the platform, by the bot's name."""
        return {each.name: each for rollout in self._rollouts.values() for each in rollout.pending()}

    async def foresee(self, result: LoadResult) -> list[Step]:
        """The steps ``apply`` would take, as far as they can be known without calling the platform."""
        running = self.specs()
        return await forecast(running, result.files, lost(running, result, self._held.names))

    def specs(self) -> Mapping[str, BotSpec]:
        """The specs of the running bots, by name."""
        return {name: running.spec for name, running in self._running.items()}


async def _within(seconds: float, events: Iterable[asyncio.Event]) -> None:
    """Wait for all events, for at most so many seconds together."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for event in events:
                await event.wait()
