import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import measure  # noqa: E402  scripts beside the package, not in it
import plots  # noqa: E402
import report  # noqa: E402


def turn(shows, final, **other):
    return {
        "key": "k1", "asked": 0.0, "acks": [0.001], "first": 0.002, "final": final, "shows": shows,
        "cards": ["c"], "calls": 3, "foreign": False, **other,
    }  # fmt: skip


ARRIVALS = [number / 10 for number in range(100)]  # ten chunks a second for ten seconds


def test_a_card_that_shows_nothing_ages_as_its_answer_does():
    ages = measure.ages(turn([(10.0, 100)], 10.0), ARRIVALS)
    assert sum(ages) / len(ages) == pytest.approx(5.0, abs=0.01)


def test_a_card_that_follows_every_second_is_stale_for_half_of_that():
    shows = [(second - 0.05, second * 10) for second in range(1, 11)]
    ages = measure.ages(turn(shows, 9.95), ARRIVALS)
    assert sum(ages) / len(ages) == pytest.approx(0.45, abs=0.05)
    assert max(ages) <= 1.0


def test_a_card_that_shows_all_there_is_has_no_age():
    ages = measure.ages(turn([(at, number + 1) for number, at in enumerate(ARRIVALS)], 10.0), ARRIVALS)
    assert max(ages) == 0.0


def test_a_card_that_never_ends_is_watched_a_little_longer():
    ages = measure.ages(turn([], None), ARRIVALS)
    assert max(ages) == pytest.approx(9.9 + measure.GIVEN_UP_S, abs=0.1)


def test_a_freeze_is_a_share_of_the_time_elapsed():
    shows = [(1.0, 10), (4.0, 40), (6.0, 60), (10.0, 100)]
    assert measure.longest_freeze(turn(shows, 10.0), ARRIVALS) == pytest.approx(0.4)


def test_lost_and_doubled_answers_are_counted():
    turns = [
        turn([(9.9, 100)], 9.9),
        turn([], None),
        turn([(9.9, 100)], 9.9, cards=["c", "d"]),
        turn([(9.9, 100)], 9.9, acks=[0.1, 0.2]),
    ]
    found = measure.summary(turns, {"k1": ARRIVALS}, refused=7)
    assert (found["turns"], found["lost"], found["doubled"], found["refused"]) == (3, 1, 2, 7)


def test_a_row_shows_median_and_spread_and_whether_the_goal_is_met():
    rounds = [{"imbot": {"first_p50": ours}, "floor": {"first_p50": 2.0}} for ours in (2.2, 2.4, 5.0)]
    values = report.ratios(rounds, "first_p50", "imbot", "floor")
    assert report.Goal("x", values, 1.3).row() == "| x | 1.20 (1.10–2.50) | at most 1.30 | yes |"
    assert report.Goal("x", values, 1.1).row().endswith("| **no** |")
    assert report.Goal("x", values, 1.3, at_least=True).row().endswith("| **no** |")


def test_what_must_never_happen_has_to_hold_in_every_round():
    assert report.Goal("x", [0, 0, 3], 0).row() == "| x | 0 (0–3) | at most 0 | **no** |"
    assert report.Goal("x", [0, 0, 0], 0).row().endswith("| yes |")


def test_the_speed_of_check_is_read_from_its_own_benchmark():
    printed = (
        "check of 1,000 files   imbot check   check-jsonschema   a file\n"
        "  small bots                    0.50 s                2.00 s        0.50 ms, 0.25 times theirs\n"
        "  without the other tool        0.50 s         not installed                          0.50 ms\n"
    )
    rows = [goal.row() for goal in report.check_goals(printed)]
    assert rows == ["| check: speed per file over check-jsonschema's, small bots | 4 | at least 3 | yes |"]


def test_plots_are_svg_with_a_line_for_each_system():
    svg = plots.start_up({"floor": [(1, 0.3), (1000, 2.0)], "imbot": [(1, 0.9), (1000, 4.0)]})
    lines = ET.fromstring(svg).findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2
    assert ET.fromstring(plots.staleness(30, {"imbot": [0.1, 0.5], "threads": [0.1, 20.0]})) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="CPU and memory are read from /proc")
def test_a_small_run_loses_nothing():
    command = [sys.executable, BENCHMARKS, "--quick", "--only", "one user"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "| answers lost or still waited for | 0 | 0 | 0 | 0 |" in done.stdout
    assert "| answers or acks doubled or mixed up | 0 | 0 | 0 | 0 |" in done.stdout
