"""What the shell completes besides commands, options and choices: bots, problem codes, keys of bot files.

A person waits for it at every press of Tab, so nothing here loads a file as a bot: names are read from the
text of the files.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from imbot.config import schema
from imbot.config.file_names import DEFAULT_FOLDER, names_bot

_NAME = re.compile(r"""^name:[ \t]+["']?([\w.-]+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_MOST_BYTES = 65_536  # of a bot file; its name stands in the first lines


def complete_bot(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bots of the folder that is named before, or of the default one; where none fits, files."""
    given = ctx.params
    # `args` holds the words before an option whose value is being completed
    named = [*(given.get("words") or ()), given.get("bots"), given.get("folder"), *ctx.args]
    folder = Path(next(filter(None, named), DEFAULT_FOLDER))
    names = [name for name in sorted(_bot_names(folder)) if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def _bot_names(folder: Path) -> Iterator[str]:
    try:
        files = [path for path in folder.iterdir() if names_bot(path.name)]
    except OSError:
        return
    for path in files:
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        given = _NAME.search(text)
        yield given[1] if given else path.stem


def complete_kind(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The kinds of cards."""
    return [CompletionItem(kind) for kind in schema.names("cards") if kind.startswith(incomplete)]


def complete_word(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The problem codes, and the keys of a bot file, by their whole names."""
    from imbot.config import reference
    from imbot.problems import codes

    found = [CompletionItem(code) for code in codes.all_codes()]
    found += [
        CompletionItem(key.name, help=key.description.partition(". ")[0])
        for key in reference.entries().values()
    ]
    return [item for item in found if item.value.startswith(incomplete)]
