import re
from pathlib import Path

import pytest
from botfolder import bot, spec_of

from imbot.check.estimate import calls_of_answer


@pytest.mark.parametrize(("keys", "seconds", "calls"), [
    ("", 30, 12),
    ("", 2, 3),
    ("throttle: {max_updates: 5}", 30, 5),
    ("throttle: {pace: fixed}", 30, 21),
    ("throttle: {pace: fixed, max_updates: 3}", 30, 4),
    ("throttle: {pace: economy}", 30, 4),
    ("throttle: {pace: economy}", 600, 6),
    ("throttle: {pace: final_only}", 30, 2),
    ("card: {kind: markdown}", 30, 1),
    ("card: {kind: ai, template_id: my.schema, content_key: body}\nthrottle: {pace: final_only}", 30, 3),
])  # fmt: skip
def test_an_answers_calls_are_known_before_it_is_asked_for(tmp_path, keys, seconds, calls):
    assert calls_of_answer(spec_of(tmp_path, bot(more=keys + "\n")), seconds) == calls


def rows():
    """The table of calls in the documentation: a bot's keys, and what each column says."""
    text = (Path(__file__).parents[2] / "docs" / "quota.md").read_text(encoding="utf-8")
    for keys, *cells in re.findall(
        r"^\| `(.+?)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE
    ):
        yield keys if ":" in keys else f"throttle: {{pace: {keys}}}", [int(cell) for cell in cells]


@pytest.mark.parametrize(("keys", "told"), [*rows()])
def test_the_documented_calls_are_what_they_are(tmp_path, keys, told):
    spec = spec_of(tmp_path, bot(more=keys + "\n"))
    *by_length, answers = told
    assert [calls_of_answer(spec, seconds) for seconds in (2, 10, 30, 120)] == by_length
    assert answers == 5000 // calls_of_answer(spec, 30)


def test_all_of_the_documented_table_is_read():
    assert len([*rows()]) == 5
