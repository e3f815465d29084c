"""The page of every problem code: what it means, a wrong and a right example.

The pages are YAML files beside this module, one for each first word of a code. ``imbot explain`` prints
one, ``docs/codes.md`` holds all, SARIF carries those of what was found.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from imbot.errors import Severity

_CODE = re.compile(r"^([a-z][\w.-]*):", re.MULTILINE)

BOT_FILE = "bot.yaml"  # the name of the file in an example with a single file


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one code.

    ``wrong`` and ``right`` are files by their names, below the bots folder. ``whole``: the bot files among
    them are complete; otherwise they leave out ``credentials`` and ``agent`` where those do not matter.
    """

    code: str
    severity: Severity
    title: str
    text: str
    wrong: Mapping[str, str]
    right: Mapping[str, str]
    whole: bool


@cache
def pages() -> Mapping[str, Page]:
    """All pages by code, sorted."""
    return {page.code: page for page in sorted(_pages(), key=lambda page: page.code)}


def all_codes() -> list[str]:
    """All codes, sorted: read from the text, as parsing it takes longer than a shell's completion may."""
    texts = (file.read_text(encoding="utf-8") for file in _texts())
    return sorted(code for text in texts for code in _CODE.findall(text))


def codes_page() -> str:
    """All pages as one Markdown document."""
    return "\n".join([_HEAD, *map(_section, pages().values())]).rstrip()


def _pages() -> Iterator[Page]:
    from imbot.config.yamlfile import read_yaml

    for file in _texts():
        said = read_yaml(file.read_bytes(), file.name).value
        yield from (_page(code, page) for code, page in said.items())


def _texts() -> Iterator[Traversable]:
    return (file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml"))


def _page(code: str, said: Mapping[str, Any]) -> Page:
    wrong, right = _files(said["wrong"]), _files(said["right"])
    severity = said.get("severity", "error")
    return Page(code, severity, said["title"], said["text"].strip(), wrong, right, said.get("whole", False))


def _files(said: str | Mapping[str, str]) -> Mapping[str, str]:
    return {BOT_FILE: said} if isinstance(said, str) else said


_HEAD = """\
# Problem codes

Every problem that `imbot check` reports has a code, and `imbot explain CODE` prints its page. Here are all of them.
Examples leave out `credentials` and `agent` where those do not matter. Warnings can be silenced:
[imbot check](check.md#warnings).

<!-- written by `imbot explain --all codes` -->
"""


def _section(page: Page) -> str:
    kind = "" if page.severity == "error" else f" ({page.severity})"
    return (
        f"## {page.code}{kind}\n\n**{page.title}**\n\n{page.text}\n\n"
        f"Wrong:\n\n{_blocks(page.wrong)}\nRight:\n\n{_blocks(page.right)}"
    )


def _blocks(files: Mapping[str, str]) -> str:
    return "\n".join(_block(name, content) for name, content in files.items())


def _block(name: str, content: str) -> str:
    # not `yaml`: that marks what is right and complete in these documents
    language = "yml" if name.endswith((".yaml", ".yml")) else "text"
    caption = "" if name == BOT_FILE else f"`{name}`\n\n"
    return f"{caption}```{language}\n{content.rstrip()}\n```\n"
