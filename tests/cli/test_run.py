"""What ``run`` and ``dev`` make of their options, told by what they ask the runtime for."""

from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from imbot import runtime
from imbot.cli import main
from imbot.cli.run import ending
from imbot.errors import StoreError
from imbot.reload.watch import Settle


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Ask a command to run bots; what it wants of the runtime, which does not start."""
    (tmp_path / "bots").mkdir()
    monkeypatch.setenv("IMBOT_ADMIN", "off")

    def ask(command, *options):
        wanted = {}

        @asynccontextmanager
        async def running(folder, **options):
            wanted.update(options, folder=folder)
            raise StoreError("enough is known")
            yield

        monkeypatch.setattr(runtime, "running", running)
        got = CliRunner().invoke(main, [command, str(tmp_path / "bots"), *options])
        assert (got.exit_code, "enough is known" in got.output) == (1, True), got.output
        return wanted

    return ask


def test_run_keeps_to_the_documented_defaults(asked, tmp_path):
    wanted = asked("run")

    assert (wanted["grace_s"], wanted["retention_s"]) == (25, 90 * 86400)
    assert (wanted["on_broken"], wanted["settle"]) == ("last-good", Settle(0.3, 10.0))
    assert wanted["store_url"] == f"sqlite:///{tmp_path}/.imbot/imbot.db"
    assert wanted.get("endpoint") is None


def test_run_does_as_its_options_say(asked):
    options = (
        "--grace 3 --retention 7 --on-broken fail --settle 1s --settle-at-most 1m --store sqlite:///x.db"
    )
    wanted = asked("run", *options.split())

    assert (wanted["grace_s"], wanted["retention_s"]) == (3, 7 * 86400)
    assert (wanted["on_broken"], wanted["settle"]) == ("fail", Settle(1.0, 60.0))
    assert wanted["store_url"] == "sqlite:///x.db"


def test_the_store_may_be_named_by_the_environment(asked, monkeypatch):
    monkeypatch.setenv("IMBOT_STORE", "sqlite:///elsewhere.db")

    assert asked("run")["store_url"] == "sqlite:///elsewhere.db"


def test_dev_shows_what_files_say_now_and_keeps_its_own_store(asked, tmp_path):
    wanted = asked("dev", "--port", "0")

    assert (wanted["on_broken"], wanted["invent"]) == ("skip", True)
    assert wanted["store_url"] == f"sqlite:///{tmp_path}/.imbot/dev.db"
    assert wanted["endpoint"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (0, "stopping"),
        (1, "waiting for 1 running answer to end, at most 25 s"),
        (3, "waiting for 3 running answers to end, at most 25 s"),
    ],
)
def test_who_stops_a_process_is_told_of_running_answers_only_if_there_are_some(turns, words):
    assert ending(turns, 25.0) == words
