"""``imbot preview``: a bot's cards in a browser, drawn from sample turns, before anyone else sees them."""

import json
import os
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbot.cli.common import bot_and_folder, bot_file, run_async
from imbot.model import CardPhase
from imbot.platforms import open_renderer

if TYPE_CHECKING:
    from imbot.preview.gallery import Gallery
    from imbot.preview.look import Looker, PreviewState
    from imbot.preview.server import Server

PREVIEW_PORT = 8701
_FOLLOWS = "Save a file and its cards follow. Press Ctrl-C to stop."


@click.command("preview")
@bot_and_folder
@click.option(
    "--phase", type=click.Choice([phase.value for phase in CardPhase]), help="Draw this phase only."
)
@click.option("--question", help="Draw a turn with this question instead of the samples.")
@click.option("--answer", help="Draw a turn with this answer instead of the samples.")
@click.option("--json", "as_json", is_flag=True, help="Print what would be sent, and exit.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page that needs no server, and exit.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port of the page.  [default: {PREVIEW_PORT}, or a free one]",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def command(
    bot: str,
    bots: Path,
    phase: str | None,
    question: str | None,
    answer: str | None,
    as_json: bool,
    html: Path | None,
    port: int | None,
    opens: bool,
) -> None:
    """Show the cards of BOT, a bot's name or its file, in all phases, and apply edits of its files.

    BOT may be left out where its folder BOTS has no other.

    Needs no credentials and asks no agent; unset variables count as set. Exit code 1 where --json or
    --html meets a bot that cannot be drawn, 2 for a usage error.
    """
    from imbot.preview.look import Looker
    from imbot.preview.samples import SAMPLES, given

    own = question is not None or answer is not None
    samples = (given(question or "", answer or ""),) if own else SAMPLES
    phases = [CardPhase(phase)] if phase else [*CardPhase]
    looker = Looker(Path(bot_file(bot, bots, no_env=True).path), samples, phases)
    if as_json and html:
        raise click.UsageError("--json and --html cannot be used together")
    if as_json:
        sys.exit(_print(looker.look()))
    if html:
        sys.exit(_write(looker.look(), html))
    run_async(lambda: _serve(looker, port, opens))


def _print(look: "PreviewState") -> int:
    from imbot.problems.records import dumped

    click.echo(dumped(look.to_json()).encode())
    return 0 if look.gallery else 1


def _write(look: "PreviewState", file: Path) -> int:
    from imbot.preview.onepage import one_page
    from imbot.problems.sources import Sources
    from imbot.problems.text import lines_of

    sources, colour = Sources(), False if os.environ.get("NO_COLOR") else None
    for problem in look.problems:
        click.echo("\n".join(lines_of(problem, sources)), err=True, color=colour)
    if look.gallery is None:
        return 1
    try:
        file.write_bytes(_utf8(one_page(look.to_page(), open_renderer(look.gallery.spec.type).PAGE)))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"Written: {file}")
    return 0


def _utf8(text: str) -> bytes:
    """The text as UTF-8.

    Lone surrogates become escapes, which is right because they only occur in JSON strings.
    """
    return text.encode("utf-8", "backslashreplace")


async def _serve(looker: "Looker", port: int | None, opens: bool) -> int:
    import asyncio
    import webbrowser

    from imbot.preview.server import Server
    from imbot.runtime import first_signal

    server = Server()
    url = await _listen(server, port)
    try:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(_follow(looker, server))
            # before the address is printed: a program that reads it may send a signal at once
            ending = first_signal()
            click.echo(f"\n  Preview:  {click.style(url, bold=True)}\n\n  {_FOLLOWS}\n")
            if opens:
                await asyncio.to_thread(webbrowser.open, url)
            await ending
            following.cancel()
    finally:
        await server.stop()
    return 0


async def _follow(looker: "Looker", server: "Server") -> None:
    import asyncio

    last: Gallery | None = None
    async with aclosing(looker.looks()) as looks:
        async for look in looks:
            if look.gallery:
                server.renderer = open_renderer(look.gallery.spec.type).PAGE
            await server.show(await asyncio.to_thread(_state, look, last))
            last = look.gallery or last


def _state(look: "PreviewState", last: "Gallery | None") -> str:
    return json.dumps(look.to_page(last))


async def _listen(server: "Server", port: int | None) -> str:
    try:
        return await server.start(PREVIEW_PORT if port is None else port)
    except OSError:
        if port is not None:
            raise click.ClickException(f"port {port} is in use; leave --port out to get a free one") from None
        return await server.start(0)
