import asyncio
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from imbot.platforms.dingtalk.simulator.answers import Refusal
from imbot.platforms.dingtalk.simulator.settings import Settings

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import goals  # noqa: E402  scripts beside the package, not in it
import measure  # noqa: E402
import notes  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import script  # noqa: E402
import stage  # noqa: E402


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


def goal(limit, *, at_least=False):
    return goals.Goal("one user", "x", goals.ratio("first_p50", "floor"), limit, at_least)


def test_a_row_shows_median_and_spread_and_whether_the_goal_is_met():
    found = {
        "one user": [{"imbot": {"first_p50": ours}, "floor": {"first_p50": 2.0}} for ours in (2.2, 2.4, 5.0)]
    }
    assert report.goal_row(goal(1.3), found) == "| one user: x | 1.20 (1.10–2.50) | at most 1.30 | yes |"
    assert report.goal_row(goal(1.1), found).endswith("| **no** |")
    assert report.goal_row(goal(1.3, at_least=True), found).endswith("| at least 1.30 | **no** |")
    assert report.goal_row(goal(1.3), {}) == "| one user: x | not measured | at most 1.30 | – |"


def test_what_must_never_happen_has_to_hold_in_every_round():
    never = goals.Goal("burst", "x", goals.own("lost"), 0)
    assert not never.met([0, 0, 3])
    assert never.met([0, 0, 0])


def test_lost_answers_of_every_scenario_count_and_those_of_other_systems_do_not():
    rounds = [{"imbot": {"lost": 0, "doubled": 0}, "threads": {"lost": 7, "doubled": 0}}]
    found = {"crowd": rounds, "reload of one": [{"10 bots": {"lost": 1, "doubled": 2}}]}
    last = goals.GOALS[-1]
    assert last.values(found) == [0, 3]


def test_only_goals_that_are_missed_are_explained():
    found = {
        "one user": [
            {"imbot": {"first_p50": 3.0, "first_p99": 2.0}, "floor": {"first_p50": 2.0, "first_p99": 2.0}}
        ]
    }
    reasons = {("one user", "first card p50, over the floor's"): "The journal."}
    assert list(report.unmet(found, reasons)) == [
        "- **one user: first card p50, over the floor's**, 1.50. The journal."
    ]


def test_reasons_and_notes_are_of_what_there_is():
    assert notes.REASONS.keys() <= {(goal.scenario, goal.name) for goal in goals.GOALS}
    assert notes.NOTES.keys() == report.ROWS.keys()
    assert {key for rows in report.ROWS.values() for key in rows.split()} == report.LABELS.keys()


def test_an_answer_is_told_from_a_wrong_beginning():
    text = "".join(script.pieces("k7", 30))
    assert script.shown(text, 30) == ("k7", 30)
    assert script.shown(text[:-10], 30) == ("k7", 27)
    assert script.shown("thinking", 30) == ("", 0)
    assert script.shown("#k7 abcdabcd", 30) is None
    assert len("".join(script.pieces("k7", 6000))) <= script.MOST + len("#k7 ")


async def test_a_scenario_that_fails_costs_its_own_figures_alone(tmp_path):
    recorder = results.Recorder(results.Results("machine", "versions"), folder=tmp_path)

    async def fails():
        raise RuntimeError("the system does not connect")

    async def works():
        return {"imbot": {"lost": 0}}

    await recorder.take("long 4 s", works)
    await recorder.take("crowd", fails)
    await recorder.take("reload under load", works)

    kept = results.Results.read(tmp_path)
    assert kept.found == {"long 4 s": [{"imbot": {"lost": 0}}], "reload under load": [{"imbot": {"lost": 0}}]}
    assert kept.failed == {"crowd": "RuntimeError: the system does not connect"}
    page = report.page(kept, notes.NOTES, notes.REASONS, notes.METHOD)
    assert "**crowd failed: RuntimeError: the system does not connect**" in page
    assert "## Long 4 s" in page


async def test_a_scenario_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(results, "PATIENCE_S", 0.01)
    recorder = results.Recorder(results.Results("machine", "versions"))
    await recorder.take("crowd", lambda: asyncio.sleep(60))
    assert recorder.results.failed["crowd"].startswith("TimeoutError")


def test_start_up_is_a_line_of_medians_by_system():
    rounds = [
        {"floor": {"start_1": 0.3, "start_100": 0.5, "start": 0.5, "start_cpu": 1}, "sdk": {"start_1": 0.2}},
        {"floor": {"start_1": 0.5}},
    ]
    assert plots.started(rounds) == {"floor": [(1, 0.4), (100, 0.5)], "sdk": [(1, 0.2)]}


def test_plots_are_svg_with_a_line_for_each_system():
    svg = plots.start_up({"floor": [(1, 0.3), (1000, 2.0)], "imbot": [(1, 0.9), (1000, 4.0)]})
    lines = ET.fromstring(svg).findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4  # and each in the legend
    assert ET.fromstring(plots.staleness(30, {"imbot": [0.1, 0.5], "threads": [0.1, 20.0]})) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="CPU and memory are read from /proc")
def test_a_small_run_loses_nothing():
    command = [sys.executable, BENCHMARKS, "--quick", "--only", "one user"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stderr
    assert "| answers lost or still waited for | 0 | 0 | 0 | 0 |" in done.stdout
    assert "| answers or acks doubled or mixed up | 0 | 0 | 0 | 0 |" in done.stdout


def test_the_walks_of_a_message_a_click_and_an_edit_name_the_packages_on_their_way():
    command = [sys.executable, BENCHMARKS / "walks.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stderr
    message, click, edit = (line.partition(": ")[2].split(" > ") for line in done.stdout.splitlines())
    assert {"platforms", "bot", "stores", "turn", "agents"} <= set(message)
    assert (click[0], click[-1]) == ("platforms", "platforms")
    assert edit[0] == "reload"


def test_a_limit_of_calls_is_for_the_apps_it_is_set_for():
    async def main():
        limits, settings = stage.Limits(), Settings()
        limits.qps["limited"] = 1
        for _ in range(100):
            limits.take(settings, "free", "PUT", legacy=False)
        limits.take(settings, "limited", "PUT", legacy=False)
        with pytest.raises(Refusal):
            limits.take(settings, "limited", "PUT", legacy=False)

    asyncio.run(main())
