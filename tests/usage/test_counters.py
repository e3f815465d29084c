from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase
from imbot.usage.counters import Counters, Durations


def test_card_calls_are_counted_by_what_came_of_them():
    counters = Counters()
    for error in (None, None, TransientError("later"), FatalError("never")):
        counters.count_card_call("create", error)

    assert counters.card_calls == {("create", "ok"): 2, ("create", "transient"): 1, ("create", "fatal"): 1}


def test_a_duration_falls_into_the_first_bound_that_holds_it():
    durations = Durations((0.5, 1.0))
    for seconds in (0.1, 0.5, 0.7, 9.0):
        durations.add(seconds)

    assert durations.counts == [2, 1, 1]
    assert durations.sum_s == 10.3


def test_a_copy_does_not_count_on():
    counters = Counters()
    counters.count_turn("a", CardPhase.FINAL)
    counters.first_card.add(0.2)
    copy = counters.copy()
    counters.count_turn("a", CardPhase.FINAL)
    counters.count_card_call("create")
    counters.count_agent_error("a")
    counters.first_card.add(0.2)

    assert (copy.turns, copy.card_calls, copy.agent_errors) == ({("a", CardPhase.FINAL): 1}, {}, {})
    assert (sum(copy.first_card.counts), copy.first_card.sum_s) == (1, 0.2)
