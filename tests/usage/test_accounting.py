from datetime import UTC, datetime

import pytest

from imbot.usage.accounting import Month, Spending, month_of


def test_a_call_counts_for_its_answer_its_bot_and_its_organisation():
    spending = Spending()
    bill = spending.bill("card1", "faq")
    for _ in range(3):
        spending.spent("card1", "ding1")

    assert (bill.calls, bill.organisation) == (3, "ding1")
    assert (spending.total["faq"], spending.month["faq"], spending.used["ding1"]) == (3, 3, 3)


def test_answers_at_once_have_bills_of_their_own():
    spending = Spending()
    one, other = spending.bill("card1", "faq"), spending.bill("card2", "faq")
    spending.spent("card2", "ding1")

    assert (one.calls, other.calls) == (0, 1)
    assert spending.bill("card2", "faq") is other


def test_a_call_without_a_bill_is_the_organisations_all_the_same():
    spending = Spending()
    spending.bill("card1", "faq")
    spending.close("card1")
    spending.close("card1")
    spending.spent("card1", "ding1")

    assert (spending.total["faq"], spending.used["ding1"]) == (0, 1)


@pytest.mark.parametrize(("used", "monthly", "expected"), [
    (949, 1000, False), (950, 1000, True), (1200, 1000, True), (1_000_000, None, False), (0, 1, False), (1, 1, True),
])  # fmt: skip
def test_calls_are_scarce_near_the_months_end(used, monthly, expected):
    spending = Spending()
    spending.learn({("faq", "ding1"): used})

    assert spending.scarce("ding1", monthly) is expected
    assert spending.scarce("ding2", 1000) is False


def test_all_bots_of_an_organisation_spend_from_one_month():
    spending = Spending()
    spending.learn({("faq", "ding1"): 500, ("hr", "ding1"): 450, ("hr", "ding2"): 7})

    assert spending.scarce("ding1", 1000)
    assert spending.month["hr"] == 457
    assert spending.month_of("faq", 1000) == Month("ding1", 950, 1000)
    assert spending.month_of("new", 1000) is None


def test_what_is_learned_comes_beside_what_is_unsaved():
    spending = Spending()
    spending.spent("card1", "ding1")
    kept = spending.take_unsaved()
    spending.spent("card1", "ding1")
    spending.learn({("", "ding1"): 10})

    assert kept == {("", "ding1"): 1}
    assert spending.used["ding1"] == 11
    assert spending.take_unsaved() == {("", "ding1"): 1}
    assert not spending.take_unsaved()


def test_what_could_not_be_kept_is_taken_again():
    spending = Spending()
    spending.spent("card1", "ding1")
    unsaved = spending.take_unsaved()
    spending.spent("card1", "ding1")
    spending.give_back(unsaved)

    assert spending.take_unsaved() == {("", "ding1"): 2}
    assert spending.used["ding1"] == 2


@pytest.mark.parametrize(("moment", "month"), [
    (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), "2026-11"),
    (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "2026-12"),
    (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027-01"),
    (datetime(2028, 2, 29, 12, 0, tzinfo=UTC), "2028-02"),
])  # fmt: skip
def test_months_are_those_of_shanghai(moment, month):
    assert month_of(moment.timestamp()) == month
