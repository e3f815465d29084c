"""Write the files that are generated, and say which of them changed: ``make generated``.

Each is what a command of imbot prints. ``tests/test_generated.py`` holds them fresh.
"""

from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import click

from imbot.cli import main

ROOT = Path(__file__).parents[1]

# file -> the words after `imbot`
FILES = {
    "schemas/imbot.schema.json": ("schema",),
    "schemas/defaults.schema.json": ("schema", "--defaults"),
    "schemas/inheriting.schema.json": ("schema", "--inheriting"),
    "docs/keys.md": ("explain", "--all", "keys"),
    "docs/codes.md": ("explain", "--all", "codes"),
}


def printed(words: Sequence[str]) -> str:
    """What a command of imbot prints."""
    with redirect_stdout(StringIO()) as out:
        main(words, standalone_mode=False)
    return out.getvalue()


def replace(path: Path, text: str) -> bool:
    """Give a file this text; whether it had another one, or was not there."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    for name, words in FILES.items():
        click.echo(f"{'changed' if replace(ROOT / name, printed(words)) else 'unchanged':<9}  {name}")
