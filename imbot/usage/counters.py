"""Counts of what happened in this process; ``ops.metrics`` exports them to Prometheus.

Bots, turns and card writers count here. The supervisor owns the one set of counters, which outlives every
bot.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from imbot.errors import PlatformError, TransientError
from imbot.model import CardPhase, Usage
from imbot.usage.accounting import CallAccounting
from imbot.usage.agent_failures import AgentFailures

FIRST_CARD_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


class Durations:
    """A histogram of durations: how many lasted at most each bound, and their sum. All in seconds."""

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self.bounds_s = tuple(bounds_s)
        self.counts = [0] * (len(bounds_s) + 1)  # the last one has no bound
        self.sum_s = 0.0

    def copy(self) -> "Durations":
        """A copy with the numbers of this moment."""
        frozen = Durations(self.bounds_s)
        frozen.counts, frozen.sum_s = self.counts.copy(), self.sum_s
        return frozen

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds


class Counters:
    """Counts since this process began. They only grow."""

    def __init__(self) -> None:
        self.turns: Counter[tuple[str, CardPhase]] = Counter()
        self.turned_away: Counter[tuple[str, str]] = Counter()
        self.card_calls: Counter[tuple[str, str]] = Counter()
        self.agent_errors: Counter[str] = Counter()
        self.tokens: Counter[tuple[str, str]] = Counter()
        self.chore_failures: Counter[str] = Counter()
        self.first_card = Durations(FIRST_CARD_S)
        self.accounting = CallAccounting()
        self.agent_failures = AgentFailures()

    def copy(self) -> "Counters":
        """A copy with the numbers of this moment, for another thread."""
        frozen = Counters()
        frozen.turns, frozen.card_calls = self.turns.copy(), self.card_calls.copy()
        frozen.tokens = self.tokens.copy()
        frozen.turned_away = self.turned_away.copy()
        frozen.chore_failures = self.chore_failures.copy()
        frozen.agent_errors, frozen.first_card = self.agent_errors.copy(), self.first_card.copy()
        frozen.accounting.total, frozen.accounting.used = (
            self.accounting.total.copy(),
            self.accounting.used.copy(),
        )
        return frozen

    def count_turn(self, bot: str, phase: CardPhase) -> None:
        """Count a turn of a bot that ended in that phase."""
        self.turns[bot, phase] += 1

    def count_turned_away(self, bot: str, why: str) -> None:
        """Count a question that did not reach a bot's agent; ``why`` is ``busy``, ``refused`` or ``too_long``."""
        self.turned_away[bot, why] += 1

    def count_card_call(self, call: str, error: PlatformError | None = None) -> None:
        """Count a call that succeeded, or failed with ``error``.

        ``call`` is ``create``, ``update``, ``finish`` or ``text``.
        """
        failed = "transient" if isinstance(error, TransientError) else "fatal"
        self.card_calls[call, failed if error else "ok"] += 1

    def count_agent_error(self, bot: str) -> None:
        """Count a turn of a bot in which the agent failed."""
        self.agent_errors[bot] += 1

    def count_usage(self, bot: str, usage: Usage) -> None:
        """An agent reported the tokens of an answer; they are counted as ``prompt`` and ``completion``."""
        self.tokens[bot, "prompt"] += usage.input_tokens
        self.tokens[bot, "completion"] += usage.output_tokens

    def count_chore_failure(self, chore: str) -> None:
        """Count a background chore that died and is restarted."""
        self.chore_failures[chore] += 1
