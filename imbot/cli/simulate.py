"""``imbot simulate``: a DingTalk for one machine, for imbot and for any other client."""

import click

from imbot import log
from imbot.cli.common import run_async
from imbot.descriptors import raise_limit
from imbot.ops.address import why_not_bound
from imbot.platforms import DEFAULT_TYPE, open_simulator

_REACHABLE = "warning: other machines can reach {host}: whoever has the address of the chat page reads and writes every chat"
_ANY_APP = ", and any program may connect with any client id; give --app to admit only yours"


@click.command("simulate")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8700, show_default=True, help="0 takes a free port."
)
@click.option(
    "--app", "apps", multiple=True, metavar="ID:SECRET[:NAME]",
    help="An app that may connect; may be repeated. Without it, every client id may connect.",
)  # fmt: skip
def command(host: str, port: int, apps: tuple[str, ...]) -> None:
    """Run the DingTalk simulator and its chat page until a signal.

    Point a program at it with DINGTALK_OPENAPI_ENDPOINT.
    """
    log.set_up()
    raise_limit()
    parsed = [_app(text) for text in apps]

    async def main() -> int:
        from imbot.runtime import first_signal

        ended = first_signal()
        simulator = open_simulator(DEFAULT_TYPE, open_apps=not parsed)
        for app in parsed:
            simulator.add_app(*app)
        try:
            await simulator.start(host=host, port=port)
        except OSError as error:
            reason = why_not_bound(error).lower()
            raise click.ClickException(f"cannot listen on {host}:{port}: {reason}") from None
        if simulator.page_url != simulator.url:
            click.echo(_REACHABLE.format(host=host) + ("" if parsed else _ANY_APP), err=True)
        click.echo(f"Chat page:  {simulator.page_url}")
        click.echo(f"Programs:   export DINGTALK_OPENAPI_ENDPOINT={simulator.url}")
        await ended
        await simulator.stop()
        return 0

    run_async(main)


def _app(text: str) -> tuple[str, str, str]:
    app, _, rest = text.partition(":")
    secret, _, name = rest.partition(":")
    if not app or not secret:
        raise click.BadParameter(f"{text!r} is not ID:SECRET or ID:SECRET:NAME", param_hint="--app")
    return app, secret, name or app
