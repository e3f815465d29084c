import io
import json
import logging

import pytest

from imbot.cli.steps import Explained
from imbot.log import Readable, Redactor, _Json, redactor, set_up
from imbot.problems.records import _FIELDS


def line(message, *args, error=None):
    redactor = Redactor()
    redactor.hide(["hunter2-secret", "abc"])
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, error)
    redactor.filter(record)
    return record


def test_invariant_10_known_secrets_are_cut_from_lines_and_tracebacks():
    try:
        raise ValueError("bad hunter2-secret")
    except ValueError as error:
        record = line("got %s", "hunter2-secret", error=(type(error), error, error.__traceback__))

    assert record.getMessage() == "got ***"
    assert "hunter2" not in logging.Formatter().format(record)


def test_invariant_10_tickets_tokens_and_webhook_keys_are_cut():
    text = line(
        "wss://x/connect?ticket=t-1 https://y/send?session=s-1&a=b Authorization: Bearer k-1"
    ).getMessage()

    assert text == "wss://x/connect?*** https://y/send?*** Authorization: Bearer ***"


def test_invariant_10_a_secret_that_begins_with_another_is_cut_whole():
    redactor = Redactor()
    redactor.hide(["hunter2", "hunter2-and-more"])

    assert redactor.clean("hunter2-and-more, hunter2") == "***, ***"


@pytest.mark.parametrize("count", [1, 1000])
@pytest.mark.parametrize(
    "text", ["no secret", "BEARER abcdefgh", "x token=abcdefgh", "the s3cret-500 of many"]
)
def test_invariant_10_a_line_is_clean_however_many_secrets_there_are(text, count):
    redactor = Redactor()
    redactor.hide(f"s3cret-{number}" for number in range(500, 500 + count))
    shown = {"no secret": "no secret", "the s3cret-500 of many": "the *** of many"}
    assert redactor.clean(text) == shown.get(text, text.replace("abcdefgh", "***"))


@pytest.fixture
def logging_as_before():
    """The root logger gets back what it had."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("form", ["json", "lines"])
def test_invariant_10_what_any_logger_writes_is_clean(form, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setenv("IMBOT_LOG", form)
    set_up()
    redactor.hide(["hidden-by-this-test"])
    logging.getLogger("aiohttp.client").error("refused: %s", {"key": "hidden-by-this-test"})

    assert "refused" in written.getvalue()
    assert "hidden-by" not in written.getvalue()


def test_short_values_do_not_cut_words_to_pieces():
    assert line("abcdef").getMessage() == "abcdef"


def test_json_lines_are_json():
    parsed = json.loads(_Json().format(line("你好 %d", 1)))

    assert (parsed["level"], parsed["message"], parsed["logger"]) == ("info", "你好 1", "x")


def test_json_lines_carry_the_step_of_a_reload():
    record = line("a: update")
    record.bot = {"name": "a", "action": "update"}

    assert json.loads(_Json().format(record))["bot"] == {"name": "a", "action": "update"}


def test_secrets_that_overlap_or_repeat_leave_nothing_behind():
    redactor = Redactor()
    redactor.hide(["first-secret", "secret-second", "1a1a1a1"])
    assert redactor.clean("(first-secret-second)") == "(***)"
    assert redactor.clean("1a1a1a1a1!") == "***!"
    assert redactor.clean("first-secretfirst-secret") == "******"


def test_secrets_that_begin_alike_are_told_apart():
    redactor = Redactor()
    redactor.hide(["bench-one", "bench-two"])
    redactor.hide(["bench-three"])
    assert redactor.clean("bench-one bench-two bench-three bench-four") == "*** *** *** bench-four"


def test_a_record_of_several_lines_is_cleaned_and_each_line_has_its_time(capsys):
    set_up()
    try:
        redactor.hide(["hunter2-secret"])
        logging.getLogger("x").error("all", extra={"lines": ["one hunter2-secret", "two 100%"]})
    finally:
        logging.getLogger().handlers.clear()

    first, second = capsys.readouterr().err.splitlines()
    assert (first[8:], second[8:]) == (" one ***", " two 100%")


def test_json_has_one_object_for_a_record_of_several_lines():
    record = line("a: rejected: x; y")
    record.lines, record.bots = ["a: rejected: x", "a: rejected: y"], [{"name": "a"}]
    got = json.loads(_Json().format(record))

    assert (got["message"], got["bots"]) == ("a: rejected: x; y", [{"name": "a"}])


def test_invariant_10_a_url_is_logged_without_its_user_and_its_query():
    line = redactor.clean("GET http://me:pw1@h/v1?sig=abc&x=y failed, as did https://h/?code=abc#abc")

    assert line == "GET http://***@h/v1?*** failed, as did https://h/?***"


# A line that somebody forges, sequences that a terminal obeys, and text that is turned round.
FORGED = "no\r\n12:00:00 shop: rejected\x1b]0;title\x07\x1b[2J\x9b2J\u2028\u202egnp\udcff"


def failed():
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        return type(error), error, error.__traceback__


@pytest.mark.parametrize("formatter", [Readable, Explained])
def test_nothing_in_a_message_forges_a_line_or_commands_a_terminal(formatter):
    text = formatter().format(line("the agent said: %s", FORGED))

    assert text.isprintable(), "and so has one line"
    assert r"no\x0d\x0a12:00:00 shop" in text


def test_a_traceback_is_told_from_log_lines():
    first, *below = Readable().format(line("it failed", error=failed())).splitlines()

    assert first.endswith("it failed")
    assert below[0] == "    Traceback (most recent call last):"
    assert all(each.startswith("    ") and each.isprintable() for each in below)


def test_a_rejected_bot_of_any_name_takes_its_own_lines():
    problem = dict(
        zip(_FIELDS, (f"{FORGED}.yaml", 1, 1, 1, 1, "", "x", "error", FORGED, FORGED), strict=True)
    )
    record = line("x")
    record.bot = {"name": FORGED, "action": "rejected", "held": False, "problems": [problem]}
    text = Explained().format(record)

    assert all(each.isprintable() for each in text.split("\n"))
    assert len(text.split("\n")) == 3, "the bot, its problem, the hint"


def test_json_lines_are_one_line_whatever_is_in_them():
    record = line(FORGED, error=failed())
    record.bot = {"name": FORGED}
    text = _Json().format(record)

    assert text.isprintable()
    assert (json.loads(text)["message"], json.loads(text)["bot"]["name"]) == (FORGED, FORGED)


@pytest.mark.parametrize(
    "written", ["hunter2%2Dsecret", "aHVudGVyMi1zZWNyZXQ=", "hunter2&#45;secret", "hunter2\\u002dsecret"]
)
def test_a_secret_that_is_echoed_in_another_form_is_cut(written):
    assert line("the agent said: %s", written).getMessage() in ("the agent said: ***", "the agent said: ***=")
