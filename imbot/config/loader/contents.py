"""The files that a bot file names: layouts, texts that templates include, knowledge, instructions.

All of them must be below the bots folder. A path that leaves it, by itself or through a link, is rejected
before anything is read.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from errno import EISDIR
from pathlib import Path, PurePosixPath

from imbot.config.loader.snapshot import Reader
from imbot.config.placeholders import Placeholder, parse_placeholders
from imbot.config.yamlfile import MAX_BYTES, YamlFile
from imbot.config.yamlfile.lines import Lines
from imbot.errors import START, ImbotError, Problem
from imbot.spec import Folder, TextFile
from imbot.text.suggestions import did_you_mean, suggest

IN_TEMPLATE = (
    "placeholder.in-template",
    "a placeholder is not allowed in a template",
    "put it into `card.vars` and write {{ vars.NAME }}",
)

_OF_A_BOT = {"credentials", "agent"}
_MOST_KNOWLEDGE = 2_000_000  # characters: all of them are held and searched in memory
_INCLUDING = re.compile(r"\{%[-+]?\s*(?:include|import|extends|from)\b(.*?)%\}", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"\n]+)\"|'([^'\n]+)'")


class ContentError(ImbotError):
    """A named file cannot be used: code, message and hint of a problem, without its place."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code = code
        self.message = message
        self.hint = hint
        super().__init__(message)


class Contents:
    """Files below a bots folder by relative path, read for one bot. Methods raise ContentError."""

    def __init__(self, folder: Path, reader: Reader) -> None:
        self._folder = folder
        self._reader = reader

    def text(self, name: str) -> TextFile:
        """A text file."""
        path = self._located(name)
        return TextFile(str(path), _decoded(path, self._content(path, name)))

    def knowledge(self, name: str) -> Folder:
        """The Markdown files below a folder."""
        path = self._located(name)
        try:
            names = self._reader.markdown(path)
        except FileNotFoundError:
            raise self._missing(name, "folder") from None
        except NotADirectoryError:
            message = f"{self._folder / name} is a file, not a folder"
            raise ContentError("file.missing", message, "name the folder that holds it") from None
        except OSError as error:
            raise _unreadable(path, error) from None
        files: list[TextFile] = []
        chars = 0
        for below in names:
            files.append(self.text(f"{name.rstrip('/')}/{below}"))
            chars += len(files[-1].text)
            if chars > _MOST_KNOWLEDGE:
                message = f"{path} holds more than {_MOST_KNOWLEDGE:,} characters of Markdown"
                raise ContentError(
                    "file.too-large", message, "keep only what people ask for, or split the bot"
                )
        return Folder(str(path), tuple(files))

    def layout(self, name: str) -> YamlFile:
        """A layout file, parsed. Raises ConfigError if it is not valid YAML."""
        path = self._located(name)
        file = self._reader.parsed(self._content(path, name), path)
        if file.value.keys() >= _OF_A_BOT:
            raise ContentError(
                "file.bot", f"{path} is a bot file, not a layout", "name a layout file instead"
            )
        return file

    def included(self, templates: Iterable[str]) -> tuple[dict[str, TextFile], list[Problem]]:
        """Every ``.j2`` file that these templates may include, directly or through others, by name.

        And problems. Files that do not exist are left out: the template that includes one is reported when it
        is compiled, with the line.
        """
        files: dict[str, TextFile] = {}
        problems: list[Problem] = []
        waiting = {name for template in templates for name in _names(template)}
        while waiting:
            name = waiting.pop()
            try:
                files[name] = self.text(name)
            except ContentError as error:
                if error.code != "file.missing":
                    problems.append(_at_start(str(self._folder / name), error))
                continue
            problems += _placeholders(files[name])
            waiting |= set(_names(files[name].text)) - files.keys()
        return dict(sorted(files.items())), problems

    def meant(self, templates: Iterable[str], found: Collection[str]) -> dict[str, str]:
        """The text probably meant, for each name that these templates include and that is not ``found``."""
        missing = {name for template in templates for name in _asked_for(template)} - set(found)
        if not missing:
            return {}
        try:
            there = self._reader.texts(self._folder)
        except OSError:
            return {}
        return {name: near for name in sorted(missing) if (near := _nearest(name, there))}

    def _located(self, name: str) -> Path:
        if not name:
            raise ContentError("file.missing", "the path is empty", "write it relative to the bots folder")
        if not _stays_below(name):
            hint = "write a relative path below it, with / between its parts"
            raise ContentError("file.outside", f"{name} is not a path below the bots folder", hint)
        found = self._folder / name
        if not self._reader.real(found).is_relative_to(self._reader.real(self._folder)):
            self._reader.refuse(found)  # noted as read, so that a change of the link is noticed
            raise ContentError(
                "file.outside", f"{name} is a link that leaves the bots folder", "copy the file into it"
            )
        return found

    def _content(self, path: Path, name: str) -> bytes:
        try:
            content = self._reader.content(path)
        except FileNotFoundError:
            raise self._missing(name, "file") from None
        except OSError as error:
            raise _unreadable(path, error) from None
        if len(content) > MAX_BYTES:
            raise ContentError("file.too-large", f"{path} is larger than {MAX_BYTES:,} bytes", "split it")
        return content

    def _missing(self, name: str, noun: str) -> ContentError:
        parent = PurePosixPath(name).parent
        try:
            known = [str(parent / other) for other in self._reader.names(self._folder / parent)]
        except OSError:
            known = []
        hint = did_you_mean(
            name, known, f"create it, or correct the path, which is relative to {self._folder}"
        )
        return ContentError("file.missing", f"there is no {noun} {self._folder / name}", hint)


def _unreadable(path: Path, error: OSError) -> ContentError:
    cure = "name a file in it" if error.errno == EISDIR else "check its permissions"
    return ContentError("file.unreadable", f"{path} cannot be read: {error.strerror}", cure)


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ContentError("file.encoding", f"{path} is not UTF-8 text", "save it as UTF-8") from None


def _stays_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or name[:1] == "~" or "\\" in name or "\0" in name)


def _asked_for(template: str) -> Iterator[str]:
    for tag in _INCLUDING.finditer(template):
        yield from ("".join(pair) for pair in _QUOTED.findall(tag[1]))


def _names(template: str) -> Iterator[str]:
    return filter(_may_be_included, _asked_for(template))


def _nearest(name: str, there: Sequence[str]) -> str:
    """The only text of that name in another folder, or else the one with the most similar path."""
    same = [path for path in there if PurePosixPath(path).stem == PurePosixPath(name).stem]
    return same[0] if len(same) == 1 else suggest(name, same or there)


def _may_be_included(name: str) -> bool:
    return name.endswith(".j2") and _stays_below(name)


def _placeholders(file: TextFile) -> Iterator[Problem]:
    for piece in parse_placeholders(file.text):
        if isinstance(piece, Placeholder):
            span = Lines(file.text).span(piece.start, piece.end)
            code, message, hint = IN_TEMPLATE
            yield Problem.at(file.path, span, code, message, hint)


def _at_start(path: str, error: ContentError) -> Problem:
    return Problem.at(path, START, error.code, error.message, error.hint)
