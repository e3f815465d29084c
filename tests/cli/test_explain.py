import pytest
from click.testing import CliRunner

from imbot.cli.explain import command
from imbot.config import reference
from imbot.problems import codes


def explained(*arguments):
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize("code", codes.pages())
def test_every_code_is_explained_with_both_examples(code):
    exit_code, output = explained(code)

    assert exit_code == 0
    assert output.startswith(f"{code} (")
    assert "\nWrong" in output
    assert "\nRight" in output


@pytest.mark.parametrize("key", reference.entries())
def test_every_key_is_explained(key):
    exit_code, output = explained(key)

    assert (exit_code, output.splitlines()[0].split(":")[0]) == (0, key)


def test_a_code_may_be_pasted_with_its_brackets():
    assert explained("[schema.enum]") == explained("schema.enum")


def test_a_key_shows_its_default_and_example():
    _, output = explained("throttle.interval")

    assert "The least time between two updates." in output
    assert "default  1s" in output
    assert "example  2s" in output


def test_a_name_of_several_keys_lists_them():
    exit_code, output = explained("idle")

    assert exit_code == 0
    assert "timeouts.idle " in output
    assert "conversation.idle " in output


@pytest.mark.parametrize(
    ("what", "guess"),
    [
        ("schema.enm", "schema.enum"),
        ("throtle", "throttle"),
        ("agent.openai.modle", "agent.openai.model"),
        ("intervall", "interval"),
    ],
)
def test_an_unknown_word_gets_a_guess_and_is_wrong_use(what, guess):
    exit_code, output = explained(what)

    assert exit_code == 2
    assert f"did you mean `{guess}`?" in output


def test_something_far_off_is_told_where_to_look():
    assert "`imbot explain` lists all of them" in explained("qqqqqqqq")[1]


def test_without_a_word_everything_is_listed():
    exit_code, output = explained()

    assert exit_code == 0
    assert all(code in output for code in codes.pages())
    assert "  throttle " in output
