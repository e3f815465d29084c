"""Suggests the word that was probably meant by an unknown one."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100  # characters of a word that are compared


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant; empty if none is similar."""
    plain = {name.lower().replace("-", "_"): name for name in known}
    word = word[:_LONGEST].lower().replace("-", "_")
    close = get_close_matches(word, plain, n=1, cutoff=0.7) or _reordered(word, plain) or _longer(word, plain)
    return plain[close[0]] if close else ""


def _reordered(word: str, known: Iterable[str]) -> list[str]:
    """The known words with the same letters: in a short one two that are swapped are half of it."""
    return [name for name in known if sorted(name) == sorted(word)]


def _longer(word: str, known: Iterable[str]) -> list[str]:
    """The only known word that begins with this one, or has it as a part, as `api_key` has `key`."""
    longer = [name for name in known if name.startswith(word) or word in name.split("_")]
    return longer if len(longer) == 1 and len(word) > 2 else []


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the word that was probably meant, or else ``otherwise``."""
    meant = suggest(word, known)
    return f"did you mean `{meant}`?" if meant else otherwise
