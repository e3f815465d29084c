"""Secrets cut out of texts: which values are hidden, and how. Everything that prints goes by it."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from imbot.errors import ConfigError, Problem

MASK = "***"

# A secret is cut out wherever it stands, so it has to be rare in ordinary text. Of the lines of a log one in 13
# holds a given number of two digits, one in 330 a given one of three, one in 5,000 one of four, and letters meet by
# chance more rarely. Shorter values (a header like "X-Version: 2") would cut lines to pieces that hold no secret.
SHORTEST_SECRET = 4

# What people write where a server wants a key and does not look at it: no secrets, and many are ordinary words.
_DUMMIES = re.compile(
    r"-*|x+|none|null|empty|dummy|unused|ollama|vllm|local|no[-_ ]?key|not[-_ ]?needed|sk-no-key-required",
    re.IGNORECASE,
)

SCHEME = re.compile(r"\A(?:bearer|basic) ", re.IGNORECASE)  # before the secret in an `Authorization`


def is_dummy(value: str) -> bool:
    """Whether a value only stands where a secret might."""
    return bool(_DUMMIES.fullmatch(value))


def is_maskable(value: str) -> bool:
    """Whether a secret is cut out of texts: whether that leaves ordinary text whole."""
    return len(value) >= SHORTEST_SECRET and not is_dummy(value)


class KnownSecrets:
    """Cuts secrets out of texts. They are known by their beginnings: a text costs the same however many there are."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self.hide(values)

    def hide(self, values: Iterable[str]) -> None:
        """Cut out these as well from now on, those of them that are ``is_maskable``.

        Of an ``Authorization`` also what follows its scheme: a server repeats the key alone.
        """
        known = dict(self._known)  # a new one, as threads may be at the old one
        forms = (form for value in values for form in {value, SCHEME.sub("", value, count=1)})
        for value in filter(is_maskable, forms):
            begins = value[:SHORTEST_SECRET]
            known[begins] = known.get(begins, frozenset()) | {value}
        self._known = known

    def cut(self, text: str) -> str:
        """The text with ``***`` in the place of every secret."""
        parts, end = [], 0
        for begin, until in self.places(text):
            if begin >= end:
                parts += [text[end:begin], MASK]
            end = max(end, until)
        return "".join([*parts, text[end:]]) if parts else text

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets are in a text, from its beginning; they may overlap."""
        known = self._known
        if len(known) < len(text) and not any(begins in text for begins in known):
            return
        for at in range(len(text) - SHORTEST_SECRET + 1 if known else 0):
            for value in known.get(text[at : at + SHORTEST_SECRET], ()):
                if text.startswith(value, at):
                    yield at, at + len(value)


def masked(problem: Problem, secrets: Collection[str]) -> Problem:
    """The problem with none of these secrets in what it says."""
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
    """While the block lasts, no ConfigError leaves it with one of these secrets in its problems."""
    try:
        yield
    except ConfigError as error:
        known = frozenset(secrets)
        raise ConfigError(masked(problem, known) for problem in error.problems) from None
