"""``imbot explain``: what a problem code means, or what a key of the bot file is for."""

from collections.abc import Iterator, Mapping

import click

from imbot.cli.completion import complete_word
from imbot.config import reference
from imbot.config.reference import KeyEntry
from imbot.problems import codes
from imbot.problems.codes import BOT_FILE, Page
from imbot.text.suggestions import did_you_mean

_WIDTH = 100


@click.command("explain")
@click.argument("what", required=False, metavar="[CODE | KEY]", shell_complete=complete_word)
@click.option(
    "--all",
    "document",
    type=click.Choice(["codes", "keys"]),
    help="Print the whole reference, as Markdown.",
)
def command(what: str | None, document: str | None) -> None:
    """Explain a problem's code (`schema.enum`) or a key of the bot file (`throttle.interval`).

    Keys of an agent type are named with it (`agent.openai.model`), as those of a platform type
    (`credentials.dingtalk-stream.client_id`) and of a card kind's layouts (`card.ai.msgContent`).
    """
    if document:
        click.echo(codes.codes_page() if document == "codes" else reference.keys_page())
    elif what is None:
        click.echo("\n".join(_overview()))
    else:
        click.echo("\n".join(_explained(what)))


def _explained(what: str) -> Iterator[str]:
    page = codes.pages().get(what.strip("[]"))
    if page:
        yield from _page(page)
        return
    found = reference.find_keys(what)
    if not found:
        known = [
            *codes.pages(),
            *reference.entries(),
            *(name.rpartition(".")[2] for name in reference.entries()),
        ]
        hint = did_you_mean(what, known, "`imbot explain` lists all of them")
        raise click.UsageError(f"there is neither a code nor a key `{what}`; {hint}")
    if len(found) == 1:
        yield from _entry(found[0])
        return
    yield f"There are several keys `{what}`:"
    yield ""
    yield from _names(found)


def _overview() -> Iterator[str]:
    top = [entry for entry in reference.entries().values() if "." not in entry.name]
    yield "Keys of a bot file:"
    yield from _names(top)
    yield ""
    yield "Problem codes:"
    yield from _table({page.code: page.title for page in codes.pages().values()})


def _page(page: Page) -> Iterator[str]:
    yield f"{click.style(page.code, bold=True)} ({page.severity}): {page.title}"
    yield ""
    yield from _wrapped(page.text)
    for word, files, colour in (("Wrong", page.wrong, "red"), ("Right", page.right, "green")):
        for name, content in files.items():
            yield ""
            where = "" if name == BOT_FILE else f", {name}"
            yield click.style(f"{word}{where}:", fg=colour)
            yield ""
            yield from (f"    {line}".rstrip() for line in content.rstrip().splitlines())


def _entry(entry: KeyEntry) -> Iterator[str]:
    title = entry.schema.get("title", "")
    yield f"{click.style(entry.name, bold=True)}: {title}" if title else click.style(entry.name, bold=True)
    yield ""
    yield from _wrapped(entry.description)
    yield ""
    facts = {"type": entry.kind, "required": "yes" if entry.required else "", "default": entry.default}
    facts |= {"example": ", or ".join(entry.examples)}
    yield from _table({name: fact.replace("`", "") for name, fact in facts.items() if fact})
    if entry.below:
        yield ""
        yield "Keys in it:"
        yield from _names([reference.entries()[name] for name in entry.below])


def _names(entries: list[KeyEntry]) -> Iterator[str]:
    return _table({entry.name: entry.description.partition(". ")[0].rstrip(".") for entry in entries})


def _table(rows: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, rows))
    return (f"  {name:{width}}  {text}" for name, text in rows.items())


def _wrapped(text: str) -> list[str]:
    return click.wrap_text(" ".join(text.split()), _WIDTH).splitlines()
