import pytest
from botfolder import bot, spec_of

from imbot.check.lints.throttle import hasty_throttle


def found(tmp_path, throttle):
    return [
        problem.message
        for problem in hasty_throttle(spec_of(tmp_path, bot(more=f"throttle: {{{throttle}}}\n")))
    ]


@pytest.mark.parametrize(
    ("throttle", "says"),
    [
        ("pace: fixed, interval: 100ms", "2 answers at once use up the 20 calls a second"),
        ("pace: fixed, interval: 10ms", "one answer uses up"),
        ("pace: fixed, chunks: 1", "one answer uses up"),
        ("pace: fixed, chunks: 4", "4 answers at once use up"),
    ],
)
def test_a_hasty_pace_is_found(tmp_path, throttle, says):
    (message,) = found(tmp_path, throttle)

    assert says in message


@pytest.mark.parametrize(
    "throttle",
    [
        "pace: fixed",
        "pace: fixed, interval: 2s, chunks: 5, max_updates: 20",
        "pace: fixed, interval: 10ms, max_updates: 4",
        "pace: adaptive, interval: 10ms",
        "pace: economy",
        "pace: final_only, chunks: 1",
    ],
)
def test_a_pace_that_leaves_room_is_let_pass(tmp_path, throttle):
    assert found(tmp_path, throttle) == []


@pytest.mark.parametrize(("qps", "hasty"), [(5, True), (1000, False)])
def test_a_pace_is_hasty_for_what_the_app_may_do(tmp_path, qps, hasty):
    keys = f"throttle: {{pace: fixed, interval: 500ms, chunks: 10}}\nquota: {{qps: {qps}}}\n"
    spec = spec_of(tmp_path, bot(more=keys))

    assert bool(list(hasty_throttle(spec))) is hasty
