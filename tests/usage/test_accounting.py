from datetime import UTC, datetime

import pytest

from imbot.usage.accounting import Calendar, CallAccounting, Month

SHANGHAI = Calendar(8)


def test_a_call_counts_for_its_answer_its_bot_and_its_organisation():
    accounting = CallAccounting()
    turn_calls = accounting.open_turn("card1", "faq")
    for _ in range(3):
        accounting.count_call("card1", "ding1", SHANGHAI)

    assert (turn_calls.calls, turn_calls.organisation) == (3, "ding1")
    assert (accounting.total["faq"], accounting.month["faq"], accounting.used["ding1"]) == (3, 3, 3)


def test_answers_at_once_have_bills_of_their_own():
    accounting = CallAccounting()
    one, other = accounting.open_turn("card1", "faq"), accounting.open_turn("card2", "faq")
    accounting.count_call("card2", "ding1", SHANGHAI)

    assert (one.calls, other.calls) == (0, 1)
    assert accounting.open_turn("card2", "faq") is other


def test_a_call_without_a_bill_is_the_organisations_all_the_same():
    accounting = CallAccounting()
    accounting.open_turn("card1", "faq")
    accounting.close_turn("card1")
    accounting.close_turn("card1")
    accounting.count_call("card1", "ding1", SHANGHAI)

    assert (accounting.total["faq"], accounting.used["ding1"]) == (0, 1)


@pytest.mark.parametrize(("used", "monthly", "expected"), [
    (949, 1000, False), (950, 1000, True), (1200, 1000, True), (1_000_000, None, False), (0, 1, False), (1, 1, True),
])  # fmt: skip
def test_calls_are_scarce_near_the_months_end(used, monthly, expected):
    accounting = CallAccounting()
    accounting.set_month(SHANGHAI, {("faq", "ding1"): used})

    assert accounting.scarce("ding1", monthly) is expected
    assert accounting.scarce("ding2", 1000) is False


def test_all_bots_of_an_organisation_spend_from_one_month():
    accounting = CallAccounting()
    accounting.set_month(SHANGHAI, {("faq", "ding1"): 500, ("hr", "ding1"): 450, ("hr", "ding2"): 7})

    assert accounting.scarce("ding1", 1000)
    assert accounting.month["hr"] == 457
    assert accounting.month_of("faq", 1000) == Month("ding1", 950, 1000)
    assert accounting.month_of("new", 1000) is None


def test_what_is_learned_comes_beside_what_is_unsaved():
    accounting = CallAccounting()
    accounting.count_call("card1", "ding1", SHANGHAI)
    kept = accounting.take_unsaved(SHANGHAI)
    accounting.count_call("card1", "ding1", SHANGHAI)
    accounting.set_month(SHANGHAI, {("", "ding1"): 10})

    assert kept == {("", "ding1"): 1}
    assert accounting.used["ding1"] == 11
    assert accounting.take_unsaved(SHANGHAI) == {("", "ding1"): 1}
    assert not accounting.take_unsaved(SHANGHAI)


def test_what_could_not_be_kept_is_taken_again():
    accounting = CallAccounting()
    accounting.count_call("card1", "ding1", SHANGHAI)
    unsaved = accounting.take_unsaved(SHANGHAI)
    accounting.count_call("card1", "ding1", SHANGHAI)
    accounting.give_back(SHANGHAI, unsaved)

    assert accounting.take_unsaved(SHANGHAI) == {("", "ding1"): 2}
    assert accounting.used["ding1"] == 2


@pytest.mark.parametrize(("moment", "month"), [
    (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), "2026-11"),
    (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "2026-12"),
    (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027-01"),
    (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), "2028-02"),
])  # fmt: skip
def test_months_are_those_of_shanghai(moment, month):
    assert SHANGHAI.month(moment.timestamp()) == month


def test_platforms_with_other_calendars_are_counted_side_by_side():
    accounting, utc = CallAccounting(), Calendar(0)
    accounting.count_call("t1", "ding1", SHANGHAI)
    accounting.count_call("t2", "tenant1", utc)
    accounting.count_call("t3", "nobody", None)

    assert accounting.take_unsaved(utc) == {("", "tenant1"): 1}
    accounting.set_month(SHANGHAI, {("", "ding1"): 5})

    assert (accounting.used["ding1"], accounting.used["tenant1"], accounting.used["nobody"]) == (6, 1, 0)
    assert accounting.total[""] == 3
