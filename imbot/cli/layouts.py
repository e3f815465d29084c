"""``imbot layouts``: the built-in layouts of cards, to be copied and changed."""

import re
from collections.abc import Iterator
from textwrap import dedent

import click

from imbot.cli.completion import complete_kind
from imbot.config import schema
from imbot.model import CardPhase
from imbot.text.suggestions import did_you_mean

_PHASE = re.compile(r"^(\w+):\n((?:(?:[ \t].*)?\n)*)", re.MULTILINE)  # its name, the lines below it


@click.command("layouts")
@click.argument("kind", required=False, shell_complete=complete_kind)
@click.option(
    "--phase", type=click.Choice([phase.value for phase in CardPhase]),
    help="Print the layout of this phase only, as a file of its own has it.",
)  # fmt: skip
def command(kind: str | None, phase: str | None) -> None:
    """Print the built-in layouts of the card kind KIND, or of all kinds.

    A phase that `card.templates` of a bot file leaves out is drawn with them. To change one, copy it there, or
    into a file: `imbot layouts ai --phase final > bots/cards/final.yaml` for `final: {file: cards/final.yaml}`.
    """
    kinds = schema.names("cards")
    if kind and kind not in kinds:
        hint = did_you_mean(kind, kinds, f"there are: {', '.join(kinds)}")
        raise click.UsageError(f"there is no card kind `{kind}`; {hint}")
    click.echo("\n".join(_layouts(name, phase) for name in ([kind] if kind else kinds)), nl=False)


def _layouts(kind: str, phase: str | None) -> str:
    from imbot.cards.kinds import kind_class
    from imbot.platforms import TYPES, platform_type

    platform = next(found for name in TYPES if kind in (found := platform_type(name)).kinds)
    text: str = kind_class(kind, platform).built_in.read_text(encoding="utf-8")
    if phase is None:
        return text
    return dedent(dict(_phases(text))[phase]).strip("\n") + "\n"


def _phases(text: str) -> Iterator[tuple[str, str]]:
    return ((found[1], found[2]) for found in _PHASE.finditer(text))
