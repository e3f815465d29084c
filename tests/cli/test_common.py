"""Both spellings of the folder, and which bot is meant, in every command that has bots."""

from contextlib import asynccontextmanager

import pytest
from botfolder import bot, write
from click.testing import CliRunner

from imbot import runtime
from imbot.cli import COMMANDS, main
from imbot.errors import StoreError

WITHOUT_BOTS = {"init", "layouts", "explain", "simulate", "schema"}
MORE = {
    "forget": ["--user", "u-1"],
    "preview": ["--json"],
    "dev": ["--port", "0"],
    "doctor": ["--no-agent"],
    "test": ["--format", "json"],
}
CASES = "cases:\n  - name: answers\n    steps: [{say: hi, expect: {text: hi}}]\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Outside of a folder with bots, beside another one."""
    write(tmp_path / "mine/bots", {"support.yaml": bot(), "support.test.yaml": CASES})
    write(tmp_path / "bots", {"other.yaml": "agnet: 1\n", "second.yaml": "agnet: 1\n"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMBOT_ADMIN", "")
    monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", "http://127.0.0.1:1")

    @asynccontextmanager
    async def running(folder, **_):
        raise StoreError(f"runs {folder}")
        yield

    monkeypatch.setattr(runtime, "running", running)
    return tmp_path


def ran(*words):
    done = CliRunner().invoke(main, words)
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - WITHOUT_BOTS))
def test_the_folder_is_an_argument_or_an_option(command, here):
    more = MORE.get(command, [])
    as_argument = ran(command, "mine/bots", *more)

    assert as_argument == ran(command, "--bots", "mine/bots", *more)
    assert as_argument != ran(command, *more), "without it other bots are meant"
    assert as_argument[0] != 2, as_argument[1]


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - WITHOUT_BOTS))
def test_a_folder_that_is_named_twice_is_wrong_use(command, here):
    write(here / "more", {"third.yaml": bot()})
    code, said = ran(command, "mine/bots", "--bots", "more", *MORE.get(command, []))

    word_is_a_bot = command in ("doctor", "preview")
    told = "there is no bot mine/bots in more" if word_is_a_bot else "name the folder once"
    assert (code, told in said) == (2, True), said


@pytest.mark.parametrize("command", ["doctor", "preview"])
@pytest.mark.parametrize(
    "words",
    [
        ["mine/bots", "support"],
        ["support", "--bots", "mine/bots"],
        ["mine/bots/support.yaml"],
        ["mine/bots"],
        ["--bots", "mine/bots"],
    ],
)
def test_a_bot_is_named_in_or_beside_its_folder_or_is_the_only_one(command, words, here):
    assert ran(command, *words, *MORE[command]) == ran(command, "mine/bots/support.yaml", *MORE[command])


@pytest.mark.parametrize("command", ["doctor", "preview"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there are several bots in bots; name one: other, second"),
        (["bots"], "there are several bots in bots; name one: other, second"),
        (["--bots", "empty"], "there is no bot file in empty"),
        (["mine/bots", "suport"], "there is no bot suport in mine/bots; did you mean support?"),
        (["nowhere", "support"], "there is no folder nowhere"),
        (["a", "b", "c"], "one bot at a time: a b c"),
        (["mine/bots", "support", "--bots", "bots"], "name the folder once: as BOTS or with --bots"),
    ],
)
def test_where_no_bot_is_meant_it_says_which_there_are(command, words, said, here):
    (here / "empty").mkdir()
    code, output = ran(command, *words, *MORE[command])

    assert (code, said in " ".join(output.split())) == (2, True), output


def test_a_bot_counts_before_a_folder_of_the_same_name(here):
    write(here / "bots", {"mine.yaml": bot("ding2")})
    write(here / "mine", {"x.yaml": bot("ding3")})

    assert '"path": "bots/mine.yaml"' in ran("preview", "mine", "--json")[1]


@pytest.mark.parametrize("command", ["check", "test"])
def test_without_a_folder_anywhere_it_says_so(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = ran(command)

    assert (code, "there is no folder 'bots' here; name a" in said) == (2, True)
