"""``imbot init``: a small working folder to start from."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from imbot.cli.common import relative_path
from imbot.config import schema

_README = """\
# My bots

    imbot dev bots/      # try them in a chat page, no credentials needed
    imbot check bots/    # find mistakes before anyone else does
    imbot test bots/     # prove what they do, in a second
    imbot run bots/      # connect them to DingTalk (fill in .env first)

- `bots/support.yaml` is a bot; copy it to make another one.
- `bots/knowledge/*.md` is what it knows: a heading is a question, its section the answer.
- `bots/cards/support.yaml` is how its final card looks.
- `bots/support.test.yaml` says what it must do; add a case for what must never break again.
- `imbot feedback` shows what people thought of the answers.
"""


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def command(folder: Path) -> None:
    """Write a small working folder: a bot with its card, knowledge and test, and the schemas for editors.

    FOLDER is the current folder unless given. Files that exist are left as they are.
    """
    for name, text in _files():
        path = folder / name
        if path.exists():
            click.echo(f"  kept     {relative_path(path)}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(f"  written  {relative_path(path)}")
    click.echo(f"\nNow: imbot dev {relative_path(folder / 'bots')}")


def _files() -> Iterator[tuple[str, str]]:
    examples = _examples()
    bot = (examples / "support.yaml").read_text(encoding="utf-8")
    yield "bots/support.yaml", bot
    beside = ("support.test.yaml", "snapshots/support.*", "cards/*", "knowledge/*.md")
    for path in sorted(path for pattern in beside for path in examples.glob(pattern)):
        yield f"bots/{path.relative_to(examples).as_posix()}", path.read_text(encoding="utf-8")
    yield "schemas/imbot.schema.json", json.dumps(schema.bundle(), ensure_ascii=False, indent=2) + "\n"
    test_schema = schema.folder() / "test.schema.json"
    yield f"schemas/{test_schema.name}", test_schema.read_text(encoding="utf-8")
    names = dict.fromkeys(re.findall(r"<<([A-Z_]+)>>", bot))
    yield (
        ".env.example",
        "# Copy to .env and fill in; never commit .env.\n" + "".join(f"{n}=\n" for n in names),
    )
    yield ".gitignore", ".env\n.imbot/\n"
    yield "README.md", _README


def _examples() -> Path:
    """The shipped examples: inside the package when installed, at the repository's top otherwise."""
    package = Path(__file__).parents[1]
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "bots"
