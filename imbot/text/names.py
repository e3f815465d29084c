"""Names for one line of text."""

from collections.abc import Iterable

_NAMED = 10  # how many bots a line names


def some(names: Iterable[str]) -> str:
    """The names of bots for one line: the first ones, and how many more there are."""
    listed = sorted(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more
