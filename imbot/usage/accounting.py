"""The calls that the platform counts: by bot, by answer, and by organisation and month.

Gateways report them here while turns hold their ``TurnCalls``; ``monthly`` keeps the months in the store. Nothing
here waits or writes.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SCARCE = 0.95  # of a month: from here on cards show their end alone

_PLATFORM_TIME = timedelta(hours=8)  # the platform counts the months of Shanghai, which has no summer time

Account = tuple[str, str]  # bot, organisation; each may be empty: not known


@dataclass(slots=True)
class TurnCalls:
    """What one answer has taken so far; ``organisation`` is known from its first call on."""

    bot: str
    organisation: str = ""
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """How an organisation's month stands: calls so far of all its bots, and those it has (None: any number)."""

    organisation: str
    used: int
    limit: int | None


class CallAccounting:
    """The calls of this process, and of the running month as far as the store knows of others'."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()  # by bot, of this process
        self.month: Counter[str] = Counter()  # by bot, in this month
        self.used: Counter[str] = Counter()  # by organisation, in this month
        self.home: dict[str, str] = {}  # the organisation that a bot was last heard in
        self._unsaved: Counter[Account] = Counter()
        self._turn_calls: dict[str, TurnCalls] = {}

    def open_turn(self, turn_id: str, bot: str) -> TurnCalls:
        """The calls of an answer, opened where there is none yet."""
        return self._turn_calls.setdefault(turn_id, TurnCalls(bot))

    def close_turn(self, turn_id: str) -> None:
        """No more calls are expected for that answer."""
        self._turn_calls.pop(turn_id, None)

    def count_call(self, turn_id: str, organisation: str) -> None:
        """A call about a card was made; one about no known turn is the organisation's alone."""
        turn_calls = self._turn_calls.get(turn_id) or TurnCalls("")
        turn_calls.calls += 1
        turn_calls.organisation = organisation
        self.total[turn_calls.bot] += 1
        self._unsaved[turn_calls.bot, organisation] += 1
        self._count({(turn_calls.bot, organisation): 1})

    def scarce(self, organisation: str, monthly: int | None) -> bool:
        """Whether so few of the month's calls are left that no answer may take more than it must."""
        return monthly is not None and self.used[organisation] >= SCARCE * monthly

    def month_of(self, bot: str, monthly: int | None) -> Month | None:
        """The month of a bot's organisation; None while that is not known."""
        organisation = self.home.get(bot)
        return None if organisation is None else Month(organisation, self.used[organisation], monthly)

    # -- for who keeps the months

    def take_unsaved(self) -> Mapping[Account, int]:
        """What was spent since this was last asked; ``give_back`` what could not be kept."""
        unsaved, self._unsaved = self._unsaved, Counter()
        return unsaved

    def give_back(self, unsaved: Mapping[Account, int]) -> None:
        """Have this taken again the next time."""
        self._unsaved.update(unsaved)

    def set_month(self, month: Mapping[Account, int]) -> None:
        """What the store knows to be spent in this month, by every process; what is unsaved comes on top."""
        self.month.clear()
        self.used.clear()
        self._count(month)
        self._count(self._unsaved)

    def _count(self, calls: Mapping[Account, int]) -> None:
        for (bot, organisation), number in calls.items():
            self.month[bot] += number
            self.used[organisation] += number
            self.home[bot] = organisation


def month_of(at: float) -> str:
    """The platform's month at a time in epoch seconds, as ``2026-11``."""
    return (datetime.fromtimestamp(at, UTC) + _PLATFORM_TIME).strftime("%Y-%m")
