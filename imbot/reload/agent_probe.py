"""Whether agents can be reached: tried when a bot begins to use one, and again until it works.

``supervisor`` sets the address after each commit. The result is only a warning: no reload depends on it.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from imbot.backoff import Backoff
from imbot.descriptors import why_none
from imbot.errors import START, Problem
from imbot.reload.plan import Step
from imbot.tasks import Task, TaskSet
from imbot.text.names import some

log = logging.getLogger(__name__)

CONNECT_S = 2.0
FINE_S = 10.0  # for how long an agent that was reached is not tried again for other bots
RETRY_S = (4.0, 60.0)  # bounds of the delay between attempts, at first and at most
AT_ONCE = 8  # attempts at the same time

HostPort = tuple[str, int]


@dataclass(slots=True)
class _Try:
    """An address that is tried until it answers; ``tried`` is set after the first attempt."""

    task: Task
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: str = ""


class AgentProbe:
    """Tries to reach the agents of all bots, each host and port once."""

    def __init__(self) -> None:
        self._used: dict[str, HostPort] = {}  # by the bot's name
        self._tries: dict[HostPort, _Try] = {}
        self._tasks = TaskSet()
        self._fine: dict[HostPort, float] = {}  # when they were reached, by the loop's clock
        self._places = asyncio.Semaphore(AT_ONCE)

    def set_address(self, name: str, address: HostPort | None) -> None:
        """Set where this bot's agent is; None: it has none, or nothing to connect to."""
        before = self._used.pop(name, None)
        if address:
            self._used[name] = address
            self._start_trying(address)
        if before and before not in self._used.values():
            self._fine.pop(before, None)
            if attempt := self._tries.pop(before, None):
                attempt.task.cancel()

    def trouble(self, name: str) -> str:
        """Why a bot's agent cannot be reached; empty if it can be, or if that is not known yet."""
        attempt = self._of(name)
        if not attempt or not attempt.trouble:
            return ""
        return f"the agent at {_shown(self._used[name])} cannot be reached: {attempt.trouble}"

    def tried(self, names: Iterable[str]) -> Iterator[asyncio.Event]:
        """Events that are set when it is known whether the agents of these bots can be reached."""
        return (attempt.tried for name in names if (attempt := self._of(name)))

    def with_warning(self, step: Step) -> Step:
        """The same step, with a warning if the agent of its bot cannot be reached."""
        if step.spec is None or not (trouble := self.trouble(step.name)):
            return step
        span = step.spec.marks.keys.get("/agent", START)
        hint = "start it, or correct its address; replies fail until then"
        problem = Problem.at(
            step.path, span, "agent.unreachable", trouble, hint, pointer="/agent", severity="warning"
        )
        return replace(step, problems=(*step.problems, problem))

    async def close(self) -> None:
        """End every attempt."""
        await self._tasks.close()

    def _of(self, name: str) -> _Try | None:
        address = self._used.get(name)
        return self._tries.get(address) if address else None

    def _start_trying(self, address: HostPort) -> None:
        loop = asyncio.get_running_loop()
        fresh = loop.time() - self._fine.get(address, float("-inf")) < FINE_S
        if address not in self._tries and not fresh:
            name = f"probe of {_shown(address)}"
            self._tries[address] = _Try(self._tasks.start(self._until_reached(address), name))

    async def _until_reached(self, address: HostPort) -> None:
        attempt, backoff = self._tries[address], Backoff(*RETRY_S)
        while trouble := await self._connect_error(address):
            if not attempt.trouble:
                log.warning(
                    "%s: the agent at %s cannot be reached: %s",
                    self._named(address),
                    _shown(address),
                    trouble,
                )
            attempt.trouble = trouble
            attempt.tried.set()
            await asyncio.sleep(backoff.next())
        if attempt.trouble:
            log.info("%s: the agent at %s can be reached", self._named(address), _shown(address))
        self._fine[address] = asyncio.get_running_loop().time()
        del self._tries[address]
        attempt.tried.set()

    async def _connect_error(self, address: HostPort) -> str:
        """Why no connection can be made; empty if one can be."""
        try:
            async with self._places, asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(*address)
        except TimeoutError:
            return f"no connection within {CONNECT_S:g} s"
        except (OSError, ValueError) as error:  # ValueError: no host has such a name
            return why_none(error) or getattr(error, "strerror", None) or "no connection"
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return ""

    def _named(self, address: HostPort) -> str:
        return some(name for name, used in self._used.items() if used == address)


def _shown(address: HostPort) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
