import pytest

from imbot.templates.budget import (
    ALLOWANCE,
    CARRIED,
    Budget,
    TooExpensiveError,
    UnsafeTemplateError,
    hold,
    plain_copy,
    spend,
    to_text,
    to_value,
)


def test_what_is_spent_is_gone():
    with Budget():
        spend(ALLOWANCE)
        with pytest.raises(TooExpensiveError):
            spend(1)


def test_what_people_wrote_comes_on_top():
    with Budget(carried=10):
        spend(ALLOWANCE + 10 * CARRIED)


def test_budgets_nest_and_do_not_share():
    with Budget():
        with Budget():
            spend(ALLOWANCE)
        spend(ALLOWANCE)


def test_a_shared_part_of_a_value_counts_each_time():
    part = ["x" * 1000] * 1000
    with Budget(), pytest.raises(TooExpensiveError):
        hold([part, part])


def test_lazy_values_become_lists():
    with Budget():
        assert hold(iter("ab")) == ["a", "b"]
        assert hold({"a": 1}.items()) == [("a", 1)]


def test_an_endless_value_is_stopped():
    def numbers():
        while True:
            yield 1

    with Budget(), pytest.raises(TooExpensiveError):
        hold(numbers())


def test_values_nested_too_deeply_are_refused():
    deep = []
    for _ in range(30):
        deep = [deep]
    with Budget(), pytest.raises(TooExpensiveError, match="20 deep"):
        hold(deep)


def test_an_object_is_no_value():
    with Budget(), pytest.raises(UnsafeTemplateError):
        hold([object()])
    with pytest.raises(UnsafeTemplateError):
        plain_copy({"a": object()})


def test_plain_values_are_as_json_knows_them():
    assert plain_copy({1: ("a", None), "b": {True: 1.5}}) == {"1": ["a", None], "b": {"true": 1.5}}


def test_shown_values_read_well():
    assert [to_text(value) for value in ("a", None, 1, 1.5, True, ["ä"])] == [
        "a",
        "",
        "1",
        "1.5",
        "true",
        '["ä"]',
    ]


def test_what_is_shown_costs_more_than_what_is_made():
    text = "x" * (ALLOWANCE // 5)
    with Budget():
        hold(text)
    with Budget(), pytest.raises(TooExpensiveError):
        to_value(text)


@pytest.mark.parametrize("cost", [float("nan"), float("inf")])
def test_a_cost_that_is_no_number_is_never_paid(cost):
    with Budget():
        with pytest.raises(TooExpensiveError):
            spend(cost)
        with pytest.raises(TooExpensiveError):
            spend(1)


def test_a_negative_cost_makes_no_room():
    with Budget():
        spend(-ALLOWANCE)
        with pytest.raises(TooExpensiveError):
            spend(ALLOWANCE + 1)


def test_the_keys_of_a_mapping_count():
    with Budget(), pytest.raises(TooExpensiveError):
        hold({"x" * (ALLOWANCE + 1): 1})
