"""The calls that the platform counts: by bot, by answer, and by organisation and month.

Gateways report them here while turns hold their ``TurnCalls``; ``monthly`` keeps the months in the store. Nothing
here waits or writes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SCARCE = 0.95  # of a month: from here on cards show their end alone

Account = tuple[str, str]  # bot, organisation; each may be empty: not known


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the months of a platform begin, which counts calls by them: in a time zone without summer time."""

    utc_offset_h: float

    def month(self, at: float) -> str:
        """The month at a time in epoch seconds, as ``2026-11``."""
        return (datetime.fromtimestamp(at, UTC) + timedelta(hours=self.utc_offset_h)).strftime("%Y-%m")


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
    """The calls of this process, and of the running months as far as the store knows of others'."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()  # by bot, of this process
        self.month: Counter[str] = Counter()  # by bot, in this month
        self.used: Counter[str] = Counter()  # by organisation, in this month
        self.home: dict[str, str] = {}  # the organisation that a bot was last heard in
        self._kept: dict[Calendar, Counter[Account]] = {}  # what the store has, or is about to get
        self._unsaved: defaultdict[Calendar, Counter[Account]] = defaultdict(Counter)
        self._turn_calls: dict[str, TurnCalls] = {}

    def open_turn(self, turn_id: str, bot: str) -> TurnCalls:
        """The calls of an answer, opened where there is none yet."""
        return self._turn_calls.setdefault(turn_id, TurnCalls(bot))

    def close_turn(self, turn_id: str) -> None:
        """No more calls are expected for that answer."""
        self._turn_calls.pop(turn_id, None)

    def count_call(self, turn_id: str, organisation: str, calendar: Calendar | None) -> None:
        """A call for a turn was made; one about no known turn is the organisation's alone.

        Without a calendar the platform counts no months.
        """
        turn_calls = self._turn_calls.get(turn_id) or TurnCalls("")
        turn_calls.calls += 1
        turn_calls.organisation = organisation
        self.total[turn_calls.bot] += 1
        if calendar:
            self._unsaved[calendar][turn_calls.bot, organisation] += 1
            self._count({(turn_calls.bot, organisation): 1})

    def scarce(self, organisation: str, monthly: int | None) -> bool:
        """Whether so few of the month's calls are left that no answer may take more than it must."""
        return monthly is not None and self.used[organisation] >= SCARCE * monthly

    def month_of(self, bot: str, monthly: int | None) -> Month | None:
        """The month of a bot's organisation; None while that is not known."""
        organisation = self.home.get(bot)
        return None if organisation is None else Month(organisation, self.used[organisation], monthly)

    # -- for who keeps the months

    def take_unsaved(self, calendar: Calendar) -> Mapping[Account, int]:
        """What was spent since this was last asked; ``give_back`` what could not be kept."""
        unsaved = self._unsaved.pop(calendar, Counter())
        self._kept.setdefault(calendar, Counter()).update(unsaved)
        return unsaved

    def give_back(self, calendar: Calendar, unsaved: Mapping[Account, int]) -> None:
        """Have this taken again the next time."""
        self._kept[calendar].subtract(unsaved)
        self._unsaved[calendar].update(unsaved)

    def set_month(self, calendar: Calendar, month: Mapping[Account, int]) -> None:
        """What the store knows to be spent in this month, by every process; what is unsaved comes on top."""
        self._kept[calendar] = Counter(month)
        self.month.clear()
        self.used.clear()
        for calls in (*self._kept.values(), *self._unsaved.values()):
            self._count(calls)

    def _count(self, calls: Mapping[Account, int]) -> None:
        for (bot, organisation), number in calls.items():
            self.month[bot] += number
            self.used[organisation] += number
            self.home[bot] = organisation
