import pytest
from botfolder import bot, spec_of

from imbot.estimate import calls_of_answer


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
