"""What commands print of texts that somebody else wrote: names of files, of bots, what a server said."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from imbot.cli import main
from imbot.cli.common import run_async
from imbot.cli.dev import _greeting
from imbot.cli.doctor import _lines
from imbot.errors import StoreError
from imbot.log import redactor
from imbot.ops.doctor import Finding
from imbot.reload.plan import Step

ODD = "a\r\nforged\x1b[2J\x9b\u202e\u2028"


def printed(text):
    """The lines of a text, each of which can be shown."""
    lines = click.unstyle(text).split("\n")
    assert all(line.isprintable() for line in lines), lines
    assert not any(line.startswith("forged") for line in lines)
    return lines


def test_a_diagnosis_of_any_words_has_its_own_lines():
    assert len(printed("\n".join(_lines(Finding("agent", "failed", ODD, ODD, ODD))))) == 3


def test_the_greeting_of_dev_has_its_own_lines():
    printed(_greeting("http://127.0.0.1:1", Path("bots"), [Step("rejected", ODD, f"{ODD}.yaml")]))


def test_the_last_words_of_a_command_are_one_line(capsys):
    async def failing():
        raise StoreError(ODD)

    with pytest.raises(SystemExit):
        run_async(failing)
    assert len(printed(capsys.readouterr().err)) == 2


def test_what_a_command_cannot_do_is_one_line_without_secrets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bots").mkdir()
    Path(f"bots/{ODD}.yaml").write_text("agent: {type: echo}\n", encoding="utf-8")
    redactor.hide(["secret-of-this-test"])
    got = CliRunner().invoke(main, ["preview", f"secret-of-this-test{ODD}"])

    assert got.exit_code == 2
    told = next(line for line in printed(got.output) if line.startswith("Error"))
    assert "there is no bot ***a" in told
    assert r"\x1b[2J" in told
