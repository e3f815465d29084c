"""What the options of commands that serve the admin endpoint come to."""

import click
import pytest
from click.testing import CliRunner

from imbot.cli.admin import DEFAULT, serve_option, settings


@pytest.mark.parametrize(
    ("words", "environ", "or_free"),
    [
        ([], {}, True),
        (["--admin", DEFAULT], {}, False),
        ([], {"IMBOT_ADMIN": DEFAULT}, False),
    ],
)
def test_only_a_port_that_nobody_named_may_be_another_one(tmp_path, words, environ, or_free):
    found = []

    @click.command()
    @serve_option(DEFAULT, DEFAULT)
    def command(admin):
        found.append(settings(admin, tmp_path / "bots"))

    got = CliRunner().invoke(command, words, env=environ)

    assert got.exit_code == 0, got.output
    assert [(str(each.address), each.or_free) for each in found] == [(DEFAULT, or_free)]
