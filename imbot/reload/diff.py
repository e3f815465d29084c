"""Which keys of a bot differ between two specs, named as in its file. Pure.

Of secrets and long texts only the key is given, not the values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import PurePosixPath
from typing import Any

from imbot.spec import AgentSpec, BotSpec, Folder, Layout, Secret, TextFile

LONGEST = 200  # characters of a text whose value is still given

_DERIVED = {"identity", "fingerprint"}  # no keys of a file


@dataclass(frozen=True, slots=True)
class Change:
    """One key that changed. ``told`` is False for secrets and long texts, whose values are left out."""

    key: str
    before: Any = None
    after: Any = None
    told: bool = True


def changes(before: BotSpec, after: BotSpec) -> tuple[Change, ...]:
    """Every key whose value differs, sorted."""
    old, new = dict(_leaves("", before)), dict(_leaves("", after))
    keys = (key for key in old.keys() | new.keys() if not _same(old.get(key), new.get(key)))
    return tuple(_change(key, old.get(key), new.get(key)) for key in sorted(keys))


def _change(key: str, before: Any, after: Any) -> Change:
    told = _tellable(before) and _tellable(after)
    return Change(key, _plain(before), _plain(after)) if told else Change(key, told=False)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each value with its dotted key. A file is its text; each file of a folder has a key of its own."""
    match value:
        case Layout():
            yield from _leaves(key, value.value)
        case AgentSpec():
            yield f"{key}.type", value.type
            yield "time_zone", value.time_zone
            yield from _leaves(key, value.settings)
        case TextFile():
            yield key, TextFile("", value.text)
        case Folder():
            for file in value.files:
                name = PurePosixPath(file.path).relative_to(PurePosixPath(value.path))
                yield f"{key}/{name}", TextFile("", file.text)
        case Mapping():
            for name, part in value.items():
                yield from _leaves(f"{key}.{name}" if key else str(name), part)
        case _ if is_dataclass(value):
            named = {
                # durations lose their unit: the file says `idle`, not `idle_s`
                each.name.removesuffix("_s"): getattr(value, each.name)
                for each in fields(value)
                if each.compare and each.name not in _DERIVED
            }
            yield from _leaves(key, named)
        case _:
            yield key, value


def _same(before: Any, after: Any) -> bool:
    """Whether two values mean the same, as the fingerprint has it: for Python, 1, 1.0 and true are equal."""
    if before != after:
        return False
    if isinstance(before, Mapping):
        return all(_same(part, after[key]) for key, part in before.items())
    if isinstance(before, list | tuple):
        return all(map(_same, before, after))
    return isinstance(before, bool) is isinstance(after, bool) and isinstance(before, float) is isinstance(
        after, float
    )


def _tellable(value: Any) -> bool:
    if isinstance(value, Secret | TextFile):
        return False
    if isinstance(value, Mapping):
        return all(map(_tellable, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_tellable, value))
    return not isinstance(value, str) or len(value) <= LONGEST


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
