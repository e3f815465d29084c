"""Which bots fail: those whose agent has failed in every answer of late.

Turns report their ends here; the supervisor says which agent a bot uses, and shows the result. It is kept in
memory, a few numbers for each bot, so it survives reloads but no restart.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from imbot.log import redactor

LEAST_ANSWERS = 3  # failed answers before a bot counts as failing ...
WITHIN_S = 3600.0  # ... which came within the last so many seconds
ERROR_CHARS = 500  # of an error


@dataclass(frozen=True, slots=True)
class Failing:
    """A bot's agent fails in every answer: since when (epoch seconds), how often, and why the last time.

    ``error`` is without secrets.
    """

    since: float
    answers: int
    error: str
    cause: str
    cure: str


@dataclass(frozen=True, slots=True)
class FailedAnswer:
    """One answer that failed: the ids of its card, empty where there is none yet, and of the message that was asked.

    ``error`` is without secrets.
    """

    bot: str
    card: str
    message: str
    error: str
    cause: str
    cure: str


@dataclass(slots=True)
class _Agent:
    """The agent that a bot uses, and how it has failed since it last answered."""

    identity: object
    failed_at: deque[float] = field(default_factory=lambda: deque(maxlen=LEAST_ANSWERS))
    last: Failing | None = None


class AgentFailures:
    """The failures of agents since their last answer, by bot. Bots that are not followed are ignored."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._agents: dict[str, _Agent] = {}
        self._observers: list[Callable[[FailedAnswer], None]] = []

    def observe(self, observer: Callable[[FailedAnswer], None]) -> None:
        """Call this with every answer that fails; it must not fail or wait."""
        self._observers.append(observer)

    def follow(self, bot: str, identity: object) -> None:
        """A bot uses the agent of that identity from now on; failures of another one do not count any more."""
        known = self._agents.get(bot)
        if known is None or known.identity != identity:
            self._agents[bot] = _Agent(identity)

    def forget(self, bot: str) -> None:
        """A bot does not run any more."""
        self._agents.pop(bot, None)

    def answered(self, bot: str, identity: object) -> None:
        """A bot's agent has answered."""
        if self._used(bot, identity):
            self._agents[bot] = _Agent(identity)

    def failed(
        self,
        bot: str,
        identity: object,
        error: str,
        cause: str,
        cure: str,
        *,
        card: str = "",
        message: str = "",
    ) -> None:
        """A bot's agent has failed in an answer; ``card`` and ``message`` are the ids of that answer."""
        error = redactor.clean(error)[:ERROR_CHARS]
        for observer in self._observers:
            observer(FailedAnswer(bot, card, message, error, cause, cure))
        if not (agent := self._used(bot, identity)):
            return
        now, before = self._clock(), agent.last
        since, answers = (before.since, before.answers) if before else (now, 0)
        agent.failed_at.append(now)
        agent.last = Failing(since, answers + 1, error, cause, cure)

    def failing(self, bot: str) -> Failing | None:
        """How a bot fails; None if it does not, or if it was asked too rarely in the last hour to tell."""
        agent = self._agents.get(bot)
        if (
            not agent
            or len(agent.failed_at) < LEAST_ANSWERS
            or agent.failed_at[0] <= self._clock() - WITHIN_S
        ):
            return None
        return agent.last

    def _used(self, bot: str, identity: object) -> _Agent | None:
        """The agent of a bot, unless the bot uses another one by now."""
        agent = self._agents.get(bot)
        return agent if agent and agent.identity == identity else None


def failing_since(since: float, answers: int) -> str:
    """For people, with the date if it is not today: ``failing since 14:03, in all 5 answers``."""
    began = time.localtime(since)
    today = began[:3] == time.localtime()[:3]
    at = time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", began)
    return f"failing since {at}, in all {answers} answers"
