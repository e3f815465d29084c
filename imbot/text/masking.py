"""Masking of secrets in texts: which values are hidden, and how. All outputs use it."""

import base64
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from imbot.errors import ConfigError, Problem
from imbot.text.escapes import unescaped

MASK = "***"

# A secret is replaced wherever it occurs, so it must be rare in ordinary text. A given number of two digits
# occurs in one of 13 lines of a log, one of three digits in one of 330, one of four in one of 5,000; letters
# are rarer. Shorter values (a header like "X-Version: 2") would make many lines unreadable that hold no
# secret.
SHORTEST_SECRET = 4

# Written where a server asks for a key but does not check it: not secrets, and many are ordinary words.
_DUMMIES = re.compile(
    r"-*|x+|none|null|empty|dummy|unused|ollama|vllm|local|no[-_ ]?key|not[-_ ]?needed|sk-no-key-required",
    re.IGNORECASE,
)

# A short word of letters alone: as a secret it would be cut out of every sentence that has this word.
_WORD = re.compile(r"[a-z]{1,10}|[A-Z][a-z]{1,9}|[A-Z]{1,10}")

# What may hold a secret in a URL: what is before the host, and what follows its path. Placeholders and templates
# in it are none.
_URL = re.compile(
    r"""[a-z][a-z0-9+.-]{0,20}://(?:(?P<user>[^\s/?\#"'<>]+)@)?[^\s?\#"'`<>]*"""
    r"""(?:[?\#](?P<rest>(?:\{\{.*?\}\}|\{%.*?%\}|<<.*?>>|[^\s"'`<>])*))?""",
    re.IGNORECASE,
)
_FILLED_IN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<<(?:(?!:-).)*?>>")
_LAYERS = 2  # JSON in JSON, a URL in HTML

_SECRET_LIKE_END = re.compile(r"[^\s\"',(){}\[\]<>]{1,200}\Z")

SCHEME = re.compile(r"\A(?:bearer|basic) ", re.IGNORECASE)  # before the secret in an `Authorization`


def is_dummy(value: str) -> bool:
    """Whether a value is only a dummy in the place of a secret."""
    return bool(_DUMMIES.fullmatch(value))


def is_weak(value: str) -> bool:
    """Whether a secret is so short or common that only its own place can be hidden."""
    return len(value) < SHORTEST_SECRET or bool(_WORD.fullmatch(value))


def is_maskable(value: str) -> bool:
    """Whether a secret is replaced in texts: it must not be weak, nor a dummy."""
    return not is_weak(value) and not is_dummy(value)


class KnownSecrets:
    """Replaces secrets in texts.

    They are indexed by their first characters, so their number costs no time.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self.hide(values)

    def hide(self, values: Iterable[str]) -> None:
        """Replace these, too, from now on, as far as they are ``is_maskable``.

        Of an ``Authorization`` header also the key alone is replaced, because servers echo it without its
        scheme.
        """
        new: dict[str, set[str]] = {}
        for value in values:
            for plain in {value, SCHEME.sub("", value, count=1)}:
                for form in _forms(plain) if is_maskable(plain) else ():
                    new.setdefault(form[:SHORTEST_SECRET], set()).add(form)
        known = dict(self._known)  # a copy, as other threads may be using the old one
        for begins, found in new.items():
            known[begins] = known.get(begins, frozenset()) | found
        self._known = known

    def cut(self, text: str) -> str:
        """The text with ``***`` instead of every secret."""
        return _without(text, self.places(text))

    def places(self, text: str) -> list[tuple[int, int]]:
        """Start and end of every secret in a text, in order; they may overlap.

        One is found as it is, in base64, and with its characters escaped, up to ``_LAYERS`` times.
        """
        return sorted(self._places(text, _LAYERS)) if self._known else []

    def _places(self, text: str, layers: int) -> Iterator[tuple[int, int]]:
        yield from self._as_written(text)
        for found in unescaped(text) if layers else ():
            starts = found.starts
            yield from ((starts[at], starts[end]) for at, end in self._places(found.text, layers - 1))

    def _as_written(self, text: str) -> Iterator[tuple[int, int]]:
        known = self._known
        if len(known) < len(text) and not any(begins in text for begins in known):
            return
        for at in range(len(text) - SHORTEST_SECRET + 1):
            for value in known.get(text[at : at + SHORTEST_SECRET], ()):
                if text.startswith(value, at):
                    yield at, at + len(value)


def secrets_in_urls(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every part of a URL in the text that may hold a secret, in order."""
    if "://" not in text:
        return
    for url in _URL.finditer(text):
        if url["user"]:
            yield url.span("user")
        start, end = url.span("rest")
        for shown in _FILLED_IN.finditer(text, start, end) if url["rest"] else ():
            yield start, shown.start()
            start = shown.end()
        if start < end:
            yield start, end


def cut_urls(text: str) -> str:
    """The text with ``***`` instead of the user, the password and the query of every URL."""
    return _without(text, (place for place in secrets_in_urls(text) if place[0] < place[1]))


def _without(text: str, places: Iterable[tuple[int, int]]) -> str:
    """The text with ``***`` at these places, which are in order and may overlap."""
    parts, end = [], 0
    for begin, until in places:
        if begin >= end:
            parts += [text[end:begin], MASK]
        end = max(end, until)
    return "".join([*parts, text[end:]]) if parts else text


def _forms(secret: str) -> Iterator[str]:
    """The ways in which a secret is written where it is not escaped."""
    yield secret
    if " " in secret:
        yield secret.replace(" ", "+")  # in a form; what else is escaped there is found without its escapes
    content = secret.encode("utf-8", "surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(content).decode().rstrip("=")
        # Inside of something longer, such as `user:secret`: its characters depend on how many bytes are before it.
        for before, affected in ((0, 0), (1, 2), (2, 3)):
            whole = encode(bytes(before) + content).decode()
            inner = whole[affected : (before + len(content)) * 8 // 6]
            if len(inner) > SHORTEST_SECRET:
                yield inner


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text that may hold secrets.

    It is not cut within what may be one, as half of a secret is not recognised.
    """
    return text if len(text) <= limit else _SECRET_LIKE_END.sub("", text[: limit - 1]) + "…"


def known_as(key: str) -> str:
    """A key as it may be shown: without what follows a sign or a space, which may be a secret value."""
    name = re.match(r"[^\s=:]{0,40}", key)
    return key if name and name[0] == key else f"{name[0] if name else ''}…"


def masked(problem: Problem, secrets: Collection[str]) -> Problem:
    """The problem without these secrets in message, hint and pointer."""
    if not secrets:
        return problem
    pointed = (secret.replace("~", "~0").replace("/", "~1") for secret in secrets)
    known = KnownSecrets([*secrets, *pointed])
    return replace(
        problem,
        message=known.cut(problem.message),
        hint=known.cut(problem.hint),
        pointer=known.cut(problem.pointer),
    )


@contextmanager
def discreet(secrets: Iterable[str]) -> Iterator[None]:
    """Remove these secrets from the problems of every ConfigError that leaves the block."""
    try:
        yield
    except ConfigError as error:
        known = frozenset(secrets)
        raise ConfigError(masked(problem, known) for problem in error.problems) from None
