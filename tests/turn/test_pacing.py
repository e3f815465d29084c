import time
from itertools import pairwise

import pytest
from pacing_simulation import simulate

from imbot.turn.pacing import Pacer


def test_invariant_11_pacing_lives_on_the_clock_it_is_given(monkeypatch):
    for clock in ("time", "monotonic", "perf_counter", "sleep"):
        monkeypatch.setattr(time, clock, lambda *_: pytest.fail("pacing read the real clock"))
    began, pacer = 1e9, Pacer("adaptive", interval_s=1.0, chunks=5, max_updates=20, now=1e9)
    now, updates = began, 0
    while (wait := pacer.wait(now)) is not None:
        now, updates = now + wait, updates + 1
        pacer.sent(now)
    assert updates == 19
    assert now - began > 60


def pacer(pace, *, interval_s=1.0, chunks=5, max_updates=20, now=0.0):
    return Pacer(pace, interval_s=interval_s, chunks=chunks, max_updates=max_updates, now=now)


def updates(made, until_s):
    """When updates go if there is always something to show."""
    now, times = 0.0, []
    while (wait := made.wait(now)) is not None and now + wait < until_s:
        now += wait
        made.sent(now)
        times.append(now)
    return times


def test_fixed_updates_when_the_interval_has_passed():
    fixed = pacer("fixed", interval_s=2.0)
    assert fixed.wait(0.5) == 1.5
    assert fixed.wait(2.0) == 0.0
    fixed.sent(2.5)
    assert fixed.wait(3.0) == 1.5


def test_fixed_updates_when_enough_chunks_wait():
    fixed = pacer("fixed", interval_s=2.0, chunks=3)
    fixed.chunk()
    fixed.chunk()
    assert fixed.wait(0.1) == pytest.approx(1.9)
    fixed.chunk()
    assert fixed.wait(0.1) == 0.0
    fixed.sent(0.1)
    assert fixed.wait(0.1) == pytest.approx(2.0)


def test_chunks_do_not_hasten_an_adaptive_card():
    adaptive = pacer("adaptive", chunks=1)
    adaptive.chunk()
    assert adaptive.wait(0.25) == 0.75


@pytest.mark.parametrize("pace", ["adaptive", "fixed"])
@pytest.mark.parametrize("max_updates", [1, 2, 3, 7, 20, 60])
def test_the_last_update_is_kept_for_the_end(pace, max_updates):
    assert len(updates(pacer(pace, max_updates=max_updates), 1e9)) == max_updates - 1


def test_final_only_shows_nothing_before_the_end():
    assert pacer("final_only").wait(1000.0) is None


def test_no_update_is_due_where_none_is_allowed():
    assert pacer("adaptive", max_updates=0).wait(1.0) is None


def test_economy_takes_at_most_five_calls_far_apart():
    times = updates(pacer("economy"), 1e9)
    assert len(times) == 4
    assert all(later - sooner >= 5.0 for sooner, later in pairwise([0.0, *times]))


def test_economy_keeps_a_smaller_budget():
    assert len(updates(pacer("economy", max_updates=3), 1e9)) == 2


@pytest.mark.parametrize("interval_s", [0.3, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("max_updates", [2, 5, 20, 100])
def test_adaptive_keeps_the_least_gap(interval_s, max_updates):
    times = updates(pacer("adaptive", interval_s=interval_s, max_updates=max_updates), 5000)
    assert all(later - sooner >= interval_s - 1e-9 for sooner, later in pairwise([0.0, *times]))


def test_adaptive_shows_the_first_words_after_one_interval():
    assert updates(pacer("adaptive"), 2.5) == [1.0, 2.0]


def test_adaptive_is_as_quick_for_an_agent_that_thinks_long_first():
    late = pacer("adaptive")
    assert late.wait(60.0) == 0.0
    late.sent(60.0)
    assert late.wait(60.0) == 1.0


@pytest.mark.parametrize("pace", ["adaptive", "fixed"])
def test_a_card_made_with_words_on_it_need_not_change_at_once(pace):
    made = pacer(pace, chunks=3)
    for _ in range(3):
        made.chunk()
    made.made(5.0)
    assert made.wait(5.0) == 1.0
    assert len(updates(made, 1e9)) == 19, "making it is no update"


def test_adaptive_catches_up_at_once_after_a_pause():
    adaptive = pacer("adaptive")
    updates(adaptive, 10.0)
    assert adaptive.wait(100.0) == 0.0


def test_adaptive_with_a_large_budget_is_as_fine_as_the_interval_allows():
    assert len(updates(pacer("adaptive", max_updates=100), 30.5)) == 30


def test_adaptive_has_an_update_left_when_an_answer_takes_seven_minutes():
    adaptive = pacer("adaptive")
    updates(adaptive, 420.0)
    assert adaptive.wait(420.0) is not None


def test_short_answers_are_a_sixth_as_stale_as_under_the_fixed_rule():
    fixed = simulate("fixed", 30, interval_s=2.0)
    adaptive = simulate("adaptive", 30)
    assert fixed.mean_staleness_s == pytest.approx(10.6, abs=0.1)
    assert adaptive.mean_staleness_s < fixed.mean_staleness_s / 6
    assert len(adaptive.updates) <= len(fixed.updates) == 20


@pytest.mark.parametrize("made", [False, True])
def test_long_answers_never_freeze_for_a_quarter_of_their_age(made):
    adaptive = simulate("adaptive", 300, made=made)
    assert adaptive.mean_staleness_s < 300 / 12
    assert adaptive.longest_freeze < 0.25
    assert len(adaptive.updates) <= 20


@pytest.mark.parametrize("length_s", [3, 10, 30, 100, 300])
def test_staleness_stays_a_small_share_of_any_usual_length(length_s):
    assert simulate("adaptive", length_s).mean_staleness_s < length_s * 0.16
