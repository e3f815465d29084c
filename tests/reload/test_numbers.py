"""A number means the same however it is written: such an edit is no change, for the plan and for the bot."""

import pytest
from botfolder import bot, spec_of

from imbot.reload.diff import changes
from imbot.reload.plan import plan

OPENAI = "credentials: {client_id: d, client_secret: none}\nagent: {type: openai, base_url: http://h, model: m, %s}\n"
FAQ = "credentials: {client_id: d, client_secret: none}\nagent: {type: faq, knowledge: k, %s}\n"


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        (OPENAI, "retries: 1", "retries: 1.0"),
        (OPENAI, "temperature: 1", "temperature: 1.0"),
        (OPENAI, "max_tokens: 2000", "max_tokens: 2e3"),
        (bot().replace("s3cr3t-value", "none") + "quota: {%s}\n", "qps: 20", "qps: 20.0"),
        (bot().replace("s3cr3t-value", "none") + "limits: {%s}\n", "queue: 5", "queue: 5.0"),
    ],
)
def test_a_number_written_in_another_way_is_no_change(tmp_path, text, one, other):
    before, after = (spec_of(tmp_path, text % each) for each in (one, other))

    (step,) = plan({before.name: before}, [_file(after)])
    assert (before.fingerprint, changes(before, after), step.action) == (after.fingerprint, (), "unchanged")


@pytest.mark.parametrize("other", ["retries: 2", "body: {x: 1.0}", "body: {x: true}"])
def test_another_value_is_a_change_with_its_key(tmp_path, other):
    before, after = (spec_of(tmp_path, OPENAI % each) for each in ("retries: 1, body: {x: 1}", other))

    (step,) = plan({before.name: before}, [_file(after)])
    assert step.action == "update"
    assert changes(before, after)


def _file(spec):
    from imbot.config.loader import BotFile

    return BotFile(spec.path, spec.name, spec, ())
