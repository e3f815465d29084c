"""A file of a running bot that becomes a folder, a pipe, a socket or a device: told, and the bot goes on."""

import os
import socket

import pytest

from imbot.reload.watch import Settle

QUICK = Settle(0.1, 5.0)
SECRET = "s3cret-value"


def listening(path):
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(os.path.relpath(path))


MAKE = {
    "folder": os.mkdir,
    "pipe": os.mkfifo,
    "socket": listening,
    "device": lambda path: path.symlink_to("/dev/zero"),
}
FILES = ["a.yaml", "_defaults.yaml", "final.yaml", "part.j2", "knowledge/a.md", "secret"]


def replaced(path, make):
    """Put something else in the place of a file, at once as `mv` does where that is possible."""
    path.unlink()
    make(path)


@pytest.fixture
def bot(flow):
    """A bot with every file that a bot may use."""
    flow.write("_defaults.yaml", "throttle: {interval: 2s}\n")
    flow.write("final.yaml", "msgContent: \"{{ answer }}{% include 'part.j2' %}\"\n")
    flow.write("part.j2", "!")
    flow.write("knowledge/a.md", "# hi\nhello\n")
    flow.write("secret", SECRET)
    flow.echo("other")
    return flow.write(
        "a.yaml",
        "credentials: {client_id: app-a, client_secret: <<file:secret>>}\n"
        "agent: {type: faq, knowledge: knowledge}\ncard: {templates: {final: {file: final.yaml}}}\n",
    )


@pytest.mark.parametrize("sort", MAKE)
@pytest.mark.parametrize("name", FILES)
async def test_what_takes_the_place_of_a_file_is_told_and_the_bot_goes_on(flow, bot, name, sort):
    path = flow.folder / name
    content = path.read_bytes()
    async with flow.up(settle=QUICK):
        replaced(path, MAKE[sort])
        await flow.until(lambda: flow.row("a").rejected)
        (problem,) = flow.row("a").rejected.problems
        assert "hello" in str((await flow.ask("app-a", "hi")).data)

        path.rmdir() if sort == "folder" else path.unlink()
        path.write_bytes(content)
        await flow.until(lambda: not flow.row("a").rejected)
        assert (flow.row("a").generation, flow.row("a").connections) == (1, 1)
    if sort in ("pipe", "socket"):  # a link leads out of the folder, and a folder holds no knowledge
        assert "not a regular file" in problem.message


@pytest.mark.parametrize("sort", MAKE)
async def test_an_env_that_is_no_file_stops_no_bot_and_no_reload(flow, bot, sort, caplog):
    env = flow.folder.parent / ".env"
    env.write_text("X=1\n")
    async with flow.up(settle=QUICK):
        replaced(env, MAKE[sort])
        await flow.until(lambda: f"{env} cannot be read" in caplog.text)
        assert "hello" in str((await flow.ask("app-a", "hi")).data)

        env.rmdir() if sort == "folder" else env.unlink()
        env.write_text("X=2\n")
        await flow.followed()
        assert flow.row("a").rejected is None
