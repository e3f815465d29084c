"""The calls that the platform counts: by bot, by answer, and by organisation and month.

Gateways report them here while turns hold their ``TurnCalls``; ``monthly`` keeps the months in the store. Nothing
here waits or writes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SCARCE = 0.95  # share of a month's calls; once it is used, cards are no longer updated before their end

Account = tuple[str, str]  # bot and organisation; an empty one is not known


@dataclass(frozen=True, slots=True)
class Calendar:
    """The time zone in which a platform begins its months. It has no summer time."""

    utc_offset_h: float

    def month(self, at: float) -> str:
        """The month at a time in epoch seconds, as ``2026-11``."""
        return (datetime.fromtimestamp(at, UTC) + timedelta(hours=self.utc_offset_h)).strftime("%Y-%m")


@dataclass(slots=True)
class TurnCalls:
    """The number of calls that one answer has taken so far. ``organisation`` is known after its first call."""

    bot: str
    organisation: str = ""
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """An organisation's current month: the calls of all its bots so far, and its limit (None: no limit)."""

    organisation: str
    used: int
    limit: int | None


class CallAccounting:
    """The calls of this process, and those of other processes in the current months, as the store has them."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()  # by bot, of this process
        self.month: Counter[str] = Counter()  # by bot, in this month
        self.used: Counter[str] = Counter()  # by organisation, in this month
        self.home: dict[str, str] = {}  # by bot: the organisation of its last call
        self._kept: dict[Calendar, Counter[Account]] = {}  # the calls that the store has, or is being given
        self._unsaved: defaultdict[Calendar, Counter[Account]] = defaultdict(Counter)
        self._turn_calls: dict[str, TurnCalls] = {}

    def open_turn(self, turn_id: str, bot: str) -> TurnCalls:
        """The counter of an answer's calls; made if there is none yet."""
        return self._turn_calls.setdefault(turn_id, TurnCalls(bot))

    def close_turn(self, turn_id: str) -> None:
        """Forget the counter of an answer that will make no more calls."""
        self._turn_calls.pop(turn_id, None)

    def count_call(self, turn_id: str, organisation: str, calendar: Calendar | None) -> None:
        """Count a call that was made for a turn. If the turn is not open, only its organisation is known.

        ``calendar`` is None if the platform does not count calls by the month.
        """
        turn_calls = self._turn_calls.get(turn_id) or TurnCalls("")
        turn_calls.calls += 1
        turn_calls.organisation = organisation
        self.total[turn_calls.bot] += 1
        if calendar:
            self._unsaved[calendar][turn_calls.bot, organisation] += 1
            self._count({(turn_calls.bot, organisation): 1})

    def scarce(self, organisation: str, monthly: int | None) -> bool:
        """Whether so few of the ``monthly`` calls are left that every answer shall take as few as possible."""
        return monthly is not None and self.used[organisation] >= SCARCE * monthly

    def month_of(self, bot: str, monthly: int | None) -> Month | None:
        """The current month of a bot's organisation; None while the organisation is not known."""
        organisation = self.home.get(bot)
        return None if organisation is None else Month(organisation, self.used[organisation], monthly)

    # -- for ``monthly``, which keeps the months in the store

    def take_unsaved(self, calendar: Calendar) -> Mapping[Account, int]:
        """The calls since this was last called. The caller must ``give_back`` what it could not store."""
        unsaved = self._unsaved.pop(calendar, Counter())
        self._kept.setdefault(calendar, Counter()).update(unsaved)
        return unsaved

    def give_back(self, calendar: Calendar, unsaved: Mapping[Account, int]) -> None:
        """Return calls that could not be stored to what ``take_unsaved`` returns next."""
        self._kept[calendar].subtract(unsaved)
        self._unsaved[calendar].update(unsaved)

    def set_month(self, calendar: Calendar, month: Mapping[Account, int]) -> None:
        """Take over the store's calls of the current month, of all processes. Unsaved calls are added to them."""
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
