"""``<<NAME>>`` and ``<<file:PATH>>`` in texts: finds them, resolves them, and knows their place in the file.

The loader calls this once for every text of a parsed file. The value of a placeholder is plain text, in which
no placeholders are looked for. A placeholder is on one line and ends at the first ``>>``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from imbot.config.yamlfile.lines import Lines
from imbot.errors import ImbotError, Span

_OPERATORS = r"(?::-(?P<default>{text})|:\?(?P<message>{text}))?>>".format(text=r"(?:(?!<<|>>)[^\n])*")
_PLACEHOLDER = re.compile(
    r"<<<<|<<(?:(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|file:(?P<file>(?!\s)(?:(?!<<|>>|:-|:\?)[^\n])+(?<!\s)))" + _OPERATORS
)
_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_GAP = "[ \t]*"
_REST = r"[^<>\n]*"
# What people write instead of a placeholder, and the hint; the first pattern that matches is used. Correct
# placeholders have been replaced by NULs before, which no file can hold.
_NEAR_MISSES = tuple(
    (re.compile(pattern, re.ASCII), hint)
    for pattern, hint in (
        (
            rf"<<(?:(?:env:)?{_NAME}|file:[^<>:\n]+):[-?]{_REST}(?:<<|\0){_REST}(?:>>)?",
            "placeholders cannot be nested",
        ),
        (
            rf"<<{_GAP}(?:(?:env|file):{_GAP})?(?::[-?]{_REST})?>>",
            "add a name: <<NAME>> or <<file:PATH>>",
        ),
        (rf"<<{_GAP}{_NAME}(?:{_GAP}|:[-?]{_REST})>>", "write <<NAME>>, without spaces"),
        (
            rf"<<{_GAP}(?:env|file){_GAP}:{_REST}>>",
            "write <<env:NAME>> or <<file:PATH>>, without spaces; names are letters, digits and _",
        ),
        (
            rf"<<{_GAP}(?:[0-9]\w*|\w+(?:[.-]\w+)+){_GAP}>>",
            "names are letters, digits and _, without a digit at the beginning",
        ),
        (rf"<<{_GAP}[$%]\{{?\w+[}}%]?{_GAP}>>", "write the bare name: <<NAME>>"),
        (
            rf"<<{_GAP}{_NAME}{_GAP}[:=|?-]{_REST}>>",
            "write a default as <<NAME:-default>>, a file as <<file:PATH>>",
        ),
        (rf"<<{_GAP}{_NAME}(?:{_GAP}|:[-?]{_REST})>(?!>)", "end it with two: >>"),
        (rf"^<<(?:env:|file:)?{_NAME}{_REST}$", "end it with >>"),
        ("(?<!<)<[A-Z][A-Z0-9_]*>>", "begin it with two: <<"),
        ("^<[A-Z][A-Z0-9_]+(?::-[^<>\n]*)?>$", "write it with two on each side: <<NAME>>"),
        (r"\$\{\{[^{}\n]*\}\}", "write <<NAME>> instead"),
        (r"\$[{(][A-Z_][A-Z0-9_]*(?::[-?][^{}\n]*)?[)}]", "write <<NAME>> instead"),
        (rf"(?:^|(?<=://)|(?<=[Bb]earer ))\$(?:env:)?{_NAME}$", "write <<NAME>> instead"),
        (rf"^%{_NAME}%$", "write <<NAME>> instead"),
        (rf"\{{\{{{_GAP}(?:env|ENV|secrets|os\.environ)\b[^{{}}\n]*\}}\}}", "write <<NAME>> instead"),
        (rf"\{{\{{{_GAP}[A-Z][A-Z0-9_]+{_GAP}\}}\}}", "write <<NAME>> instead"),
        (rf"^(?:os\.environ[/.]|process\.env\.|env[.:/]){_NAME}$", "write <<NAME>> instead"),
        (rf"(?:＜＜|《《){_GAP}\w[^<>\n]{{0,80}}(?:＞＞|》》)", "use ASCII signs: << and >>"),
    )
)
_SUSPICIOUS = re.compile(r"<<|\A<[A-Z]|>>|＜＜|《《|[$%]|\{\{|\benv\b|environ")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder: its place in the text, what it reads, and its default or message."""

    source: Literal["env", "file"]
    name: str
    default: str | None = field(repr=False)
    message: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Text that looks like a placeholder but is not one, with a hint."""

    start: int
    end: int
    hint: str


@dataclass(frozen=True, slots=True)
class ResolvedText:
    """A text with its placeholders replaced.

    ``whole``: the text was one placeholder and nothing else. ``secret``: the content of a file went into it.
    """

    text: str = field(repr=False)
    whole: bool
    secret: bool


class PlaceholderError(ImbotError):
    """A placeholder has no usable value; ``code`` is ``placeholder.unset`` or ``placeholder.unreadable``.

    ``otherwise`` is a second hint, for values that are not secret.
    """

    def __init__(
        self, placeholder: Placeholder, code: str, message: str, hint: str, otherwise: str = ""
    ) -> None:
        self.placeholder = placeholder
        self.code = code
        self.message = message
        self.hint = hint
        self.otherwise = otherwise
        super().__init__(message)


def parse_placeholders(text: str) -> list[str | Placeholder]:
    """The text in pieces: placeholders, and plain text in which ``<<<<`` has become ``<<``."""
    if "<<" not in text:
        return [text] if text else []
    pieces: list[str | Placeholder] = []
    plain, last = "", 0
    for match in _PLACEHOLDER.finditer(text):
        plain, last = plain + text[last : match.start()], match.end()
        if match[0] == "<<<<":
            plain += "<<"
            continue
        pieces += [plain, _placeholder(match)] if plain else [_placeholder(match)]
        plain = ""
    plain += text[last:]
    return [*pieces, plain] if plain else pieces


def _placeholder(match: re.Match[str]) -> Placeholder:
    name, file = match["name"], match["file"]
    return Placeholder(
        "file" if name is None else "env",
        file if name is None else name,
        match["default"],
        match["message"],
        *match.span(),
    )


def near_misses(text: str) -> list[NearMiss]:
    """Everything that is nearly a placeholder, in order; without correct ones and ``<<<<``."""
    if not _SUSPICIOUS.search(text):
        return []
    rest = _PLACEHOLDER.sub(_blank, text)
    if not _SUSPICIOUS.search(rest):
        return []
    return sorted(_look_for_near_misses(rest), key=lambda miss: miss.start)


def _look_for_near_misses(text: str) -> Iterator[NearMiss]:
    for pattern, hint in _NEAR_MISSES:
        for match in pattern.finditer(text):
            yield NearMiss(*match.span(), hint)
        text = pattern.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return "\0" * len(match[0])  # the offsets of the rest must stay


def resolve(text: str, environ: Mapping[str, str], read_file: Callable[[str], str]) -> ResolvedText:
    """Replace the placeholders by their values. Raises PlaceholderError for the first without one.

    ``read_file`` gets the path as it is written, and may raise OSError or UnicodeError. The last newline of
    its result is dropped.
    """
    pieces = parse_placeholders(text)
    found = [piece for piece in pieces if isinstance(piece, Placeholder)]
    values = [piece if isinstance(piece, str) else _value(piece, environ, read_file) for piece in pieces]
    return ResolvedText(
        text="".join(values),
        whole=len(pieces) == len(found) == 1,
        secret=any(placeholder.source == "file" for placeholder in found),
    )


def placeholder_span(found: Placeholder | NearMiss, value: str, text: str, span: Span) -> Span:
    """The place of ``found``, a part of ``value``, in the file ``text``, which has ``value`` at ``span``.

    It is exact if the file holds it as it is; otherwise, after escapes, folded lines or an alias, all of
    ``span``.
    """
    lines = Lines(text)
    start = lines.offset(span.line, span.column)
    end = lines.offset(span.end_line, span.end_column)
    raw = value[found.start : found.end]
    if not raw or text.count(raw, start, end) != value.count(raw):
        return span
    at = start - len(raw)
    for _ in range(value.count(raw, 0, found.start) + 1):
        at = text.index(raw, at + len(raw))
    return replace(lines.span(at, at + len(raw)), path=span.path)


def _value(found: Placeholder, environ: Mapping[str, str], read_file: Callable[[str], str]) -> str:
    value = environ.get(found.name) if found.source == "env" else _content(found, read_file)
    if value:
        return _utf8(found, value)
    if found.default is not None:
        return found.default
    what = f"environment variable {found.name}" if found.source == "env" else f"file {found.name}"
    absent = "is not set" if found.source == "env" else "does not exist"
    message = f"{what} {absent if value is None else 'is empty'}"
    if found.message:
        message = f"{message}: {found.message}"
    default = f"<<{'file:' if found.source == 'file' else ''}{found.name}:-default>>"
    cure = "set it in the environment or in .env" if found.source == "env" else "create the file"
    raise PlaceholderError(found, "placeholder.unset", message, cure, f"or give a default: {default}")


def _content(found: Placeholder, read_file: Callable[[str], str]) -> str | None:
    try:
        return re.sub(r"\r?\n\Z", "", read_file(found.name))
    except FileNotFoundError:
        return None
    except UnicodeError:
        raise _unreadable(found, "is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _unreadable(found, f"cannot be read: {reason}", "check the path and its permissions") from None


def _utf8(found: Placeholder, value: str) -> str:
    # bytes in the environment that are not UTF-8 arrive as lone surrogates, which cannot be encoded
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _unreadable(found, "is not UTF-8 text", "encode it as UTF-8") from None
    return value


def _unreadable(found: Placeholder, what: str, hint: str) -> PlaceholderError:
    noun = "environment variable" if found.source == "env" else "file"
    return PlaceholderError(found, "placeholder.unreadable", f"{noun} {found.name} {what}", hint)
