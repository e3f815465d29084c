"""What ``--help`` says of an option's default is what is used."""

import re
from contextlib import asynccontextmanager

import click
import pytest
from botfolder import bot, write
from click.testing import CliRunner

from imbot import runtime
from imbot.cli import COMMANDS, dev, listing, main
from imbot.errors import StoreError
from imbot.preview.server import Server

DEFAULT = re.compile(r"\[default: (.*?)(?:; .*)?\]")
UNSHOWN = {"help", "version"}


def options():
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in UNSHOWN:
                record = option.get_help_record(click.Context(command))
                yield name, option, " ".join(record[1].split())


def shown(command, flag):
    (text,) = (text for name, option, text in options() if name == command and flag in option.opts)
    return DEFAULT.search(text)[1]


@pytest.fixture
def used(tmp_path, monkeypatch):
    """What a command without options uses: what it asks of the runtime, and the port that it tries."""
    write(tmp_path / "bots", {"a.yaml": bot()})
    monkeypatch.chdir(tmp_path)
    for name in ("IMBOT_ADMIN", "IMBOT_STORE"):
        monkeypatch.delenv(name, raising=False)
    seen = {}

    @asynccontextmanager
    async def running(folder, **options):
        seen.update(options, folder=folder)
        raise StoreError("enough is known")
        yield

    class Simulator:
        url = "http://sim"

        async def start(self, port):
            seen.setdefault("port", port)

        async def stop(self):
            pass

    async def start(self, port):
        seen.setdefault("port", port)
        raise StoreError("enough is known")

    async def open_store(url):
        seen["store_url"] = url
        raise StoreError("enough is known")

    monkeypatch.setattr(runtime, "running", running)
    monkeypatch.setattr(dev, "open_simulator", lambda *_, **__: Simulator())
    monkeypatch.setattr(Server, "start", start)
    monkeypatch.setattr(listing, "open_store", open_store)

    def of(command):
        done = CliRunner().invoke(main, [command])
        assert "enough is known" in done.output, done.output
        return seen

    return of


def store(tmp_path, name):
    return f"sqlite:///{tmp_path}/.imbot/{name}"


def written_out(text, tmp_path):
    """The address of a store, as help tells it, in a folder."""
    return text.replace("sqlite:///.imbot/", store(tmp_path, ""), 1).removesuffix(" beside the bots")


@pytest.mark.parametrize("command", ["run", "dev"])
def test_the_store_that_is_used_is_the_one_that_help_tells(command, used, tmp_path):
    assert used(command)["store_url"] == written_out(shown(command, "--store"), tmp_path)


def test_ratings_are_read_from_the_store_that_help_tells(used, tmp_path):
    first, second = re.findall(r"[\w/:.]*\w+\.db", shown("feedback", "--store"))
    assert shown("forget", "--store") == shown("feedback", "--store")
    for name in (second, first):  # the second is used where the first is not
        path = tmp_path / ".imbot" / name.rpartition("/")[2]
        path.parent.mkdir(exist_ok=True)
        path.touch()
        assert used("feedback")["store_url"] == f"sqlite:///{path}"


@pytest.mark.parametrize("command", ["dev", "preview"])
def test_the_port_that_is_tried_first_is_the_one_that_help_tells(command, used):
    assert f"{used(command)['port']}, or a free one" == shown(command, "--port")


def test_the_admin_endpoint_is_where_help_tells(used):
    admin = used("run")["admin"]
    assert shown("run", "--admin") == f"{admin.address}, or a free port"
    assert admin.or_free
    assert (used("dev")["admin"].address.port, shown("dev", "--admin")) == (0, "a free port")


@pytest.mark.parametrize("command", ["run", "dev"])
def test_the_folder_is_the_one_that_help_tells(command, used):
    assert str(used(command)["folder"]) == shown(command, "--bots")


# Options whose default stands in their help text, as click cannot know it. A test holds each: those above,
# and for `--agent` that in `test_init.py`.
TOLD = {"--store", "--port", "--admin", "--bots", "--agent"}


@pytest.mark.parametrize(
    ("name", "option", "text"), [pytest.param(*each, id=f"{each[0]} {each[1].opts[0]}") for each in options()]
)
def test_every_option_is_explained_with_its_default(name, option, text):
    assert option.help, "it says what it is for"
    default = option.to_info_dict()["default"]
    told = DEFAULT.search(text)
    if option.is_flag or option.multiple or (default in (None, "") and not told):
        return
    assert told, "its default is told"
    if option.show_default:
        assert told[1] == str(default)
    else:
        assert option.opts[0] in TOLD, "a default that is told in words needs a test that it is true"
