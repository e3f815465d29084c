import pytest
from jinja2.filters import FILTERS

from imbot.templates.budget import ALLOWANCE, Budget, TooExpensiveError, spend
from imbot.templates.filters import filter_table
from imbot.templates.prices import CALL_COST, check_widths


@pytest.fixture
def filters():
    return filter_table(FILTERS)


def test_filters_that_mark_or_reach_out_are_not_there(filters):
    assert not filters.keys() & {
        "attr",
        "safe",
        "escape",
        "e",
        "pprint",
        "random",
        "striptags",
        "urlize",
        "xmlattr",
    }


def test_a_filter_pays_for_what_it_takes_and_gives(filters):
    with Budget():
        filters["upper"]("x" * ((ALLOWANCE - CALL_COST) // 2))
        with pytest.raises(TooExpensiveError):
            spend(1)


def test_a_filter_pays_before_it_makes_much(filters):
    with Budget(), pytest.raises(TooExpensiveError):
        filters["center"]("x", 10**12)
    with Budget(), pytest.raises(TooExpensiveError):
        filters["center"]("x", width=10**12)


def test_a_filter_given_nonsense_says_so(filters):
    with Budget(), pytest.raises(TypeError):
        filters["indent"]("a\nb", None)


@pytest.mark.parametrize("pattern", ["%5000d", "%.5000f", "%*d", "%(x)99999s", "%-5000s"])
def test_patterns_that_pad_without_measure_are_refused(pattern):
    with pytest.raises(TooExpensiveError):
        check_widths(pattern)


@pytest.mark.parametrize("pattern", ["%d", "%05.2f", "100%", "%s costs 5000", "%(name)s 2024", "%%5000"])
def test_ordinary_patterns_pass(pattern):
    check_widths(pattern)
