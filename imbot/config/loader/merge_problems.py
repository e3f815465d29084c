"""One problem for each mistake: violations with the same cause are merged.

``validator`` validates a file part by part and passes on all violations. Keys in the wrong mapping become one
problem (``key_index`` says where they belong). A missing key and an unknown one in the same mapping become
one, too.
"""

from dataclasses import dataclass, replace
from typing import Any

from imbot.config import schema
from imbot.config.loader.key_index import PHASE, MappingPointer, key_index, value_at
from imbot.config.loader.schema_choice import kind_of, kinds_of
from imbot.config.schema import Schema, Violation
from imbot.errors import Marks
from imbot.text.pointers import span_at, split_pointer


@dataclass(frozen=True, slots=True)
class Found:
    """A violation, with the pointer ``at`` of the value that was validated, and its file."""

    violation: Violation
    at: str
    path: str
    marks: Marks

    @property
    def pointer(self) -> str:
        """The pointer in its file."""
        return self.at + self.violation.pointer

    @property
    def mapping(self) -> tuple[str, str]:
        """The mapping that holds its key: file and pointer."""
        return self.path, self.pointer.rpartition("/")[0]

    @property
    def key(self) -> str:
        """The key it is about."""
        return split_pointer(self.pointer)[-1]

    def saying(self, message: str, hint: str, code: str = "") -> "Found":
        """The same place with another message."""
        said = replace(self.violation, code=code or self.violation.code, message=message, hint=hint)
        return replace(self, violation=said)


def merge_problems(found: list[Found], value: dict[str, Any], whole: Schema, path: str) -> list[Found]:
    """The violations of the bot file at ``path``, merged to one for each mistake. ``whole`` is its schema."""
    for mapping in dict.fromkeys(each.mapping for each in found if _is_stray(each)):
        found = _with_strays_told(mapping, found, value, whole, path)
    return _with_agent_type_told(found, value)


def _is_stray(found: Found) -> bool:
    """Whether it is an unknown key that does not resemble a free known one."""
    violation = found.violation
    near = violation.hint.startswith("did you mean") and not violation.given
    return violation.code == "schema.unknown-key" and not near


def _with_strays_told(
    mapping: tuple[str, str], found: list[Found], value: dict[str, Any], whole: Schema, path: str
) -> list[Found]:
    strays = [each for each in found if each.mapping == mapping and _is_stray(each)]
    rest = [each for each in found if each not in strays]
    told: list[Found] = []
    if mapping[0] == path:
        told, strays, rest = _moved(strays, rest, value, key_index(whole, value))
    if other := _other_part(strays, mapping, value, path):
        strays = [other]
    missing = [each for each in rest if each.mapping == mapping and each.violation.code == "schema.missing"]
    others = [each for each in strays if not each.violation.given]
    if others and missing:
        rest = [each for each in rest if each not in missing]
        strays = [each for each in strays if each not in others]
        strays += [_with_missing(others, missing), *others[1:]]
    return [*rest, *told, *strays]


def _with_missing(strays: list[Found], missing: list[Found]) -> Found:
    """The first unknown key, with the keys that are missing in its mapping in the hint."""
    first = strays[0]
    if len(strays) == len(missing) == 1:
        return first.saying(first.violation.message, f"did you mean `{missing[0].key}`? It is missing here")
    names = " and ".join(f"`{each.key}`" for each in missing)
    are = "is" if len(missing) == 1 else "are"
    return first.saying(first.violation.message, f"{names} {are} missing here; {first.violation.hint}")


def _other_part(
    strays: list[Found], mapping: tuple[str, str], value: dict[str, Any], path: str
) -> Found | None:
    """The unknown keys as one problem, if another agent type or card kind has all of them."""
    agent = mapping == (path, "/agent")
    if not strays or not (agent or mapping[1] == strays[0].at):
        return None
    group, key, holder = ("agents", "type", "agent") if agent else ("cards", "kind", "card")
    chosen = value_at(value, f"/{holder}/{key}") if agent else kind_of(value)
    for name in schema.names("agents") if agent else kinds_of(value):
        known = schema.source(f"{group}/{name}").get("properties", ())
        if all(each.key in known for each in strays):
            one = len(strays) == 1
            not_keys, them = ("is not a key", "it") if one else ("are not keys", "them")
            message = f"{_named(strays)} {not_keys} of {holder} {key} `{chosen}`"
            return strays[0].saying(message, f"{key} `{name}` has {them}: did you mean that {key}?")
    return None


# -- keys that belong elsewhere -------------------------------------------------------------------


def _moved(
    strays: list[Found], rest: list[Found], value: dict[str, Any], known: dict[MappingPointer, frozenset[str]]
) -> tuple[list[Found], list[Found], list[Found]]:
    """Find where the unknown keys of one mapping belong.

    Returns one problem for each such mapping, the keys that belong nowhere, and the other violations without
    those that only exist because of the misplaced keys.
    """
    here = strays[0].mapping[1]
    told: list[Found] = []
    if here and (empty := _empty_above(strays, rest)):
        moved = [each for each in strays if each.key not in known[""]]
        told = [_at_home(moved, empty.pointer, value)] if moved else []
        strays = [each for each in strays if each not in moved]
        rest = [each for each in rest if each != empty]
    for header in [each for each in strays if each.key in known[""]]:
        below = [each for each in strays if each.key in known.get(f"/{header.key}", ()) and each != header]
        if below and value_at(value, header.pointer) is None:
            told.append(_at_home([header], "", value))
            strays = [each for each in strays if each != header and each not in below]
            rest = [each for each in rest if each.pointer != f"/{header.key}"]
    candidates = [home for home in known if home != here]
    while candidates and strays:
        home = max(candidates, key=lambda home: _fit(strays, home, known, value))
        candidates.remove(home)
        moved = [each for each in strays if each.key in known[home]]
        if moved:
            told.append(_at_home(moved, home, value))
            strays = [each for each in strays if each not in moved]
            rest = [each for each in rest if not _is_echo(each, home, moved, value)]
    return told, strays, rest


def _empty_above(strays: list[Found], rest: list[Found]) -> Found | None:
    """The empty key right above the first unknown key, in the same mapping: its children lack indentation."""
    above = _line(strays[0]) - 1
    empty = [
        each
        for each in rest
        if each.mapping == strays[0].mapping
        and each.violation.message.endswith("is empty; it must be a mapping")
        and _line(each) == above
    ]
    return empty[0] if empty else None


def _line(found: Found) -> int:
    return span_at(found.marks, found.pointer, key=True).line


def _fit(
    strays: list[Found],
    home: MappingPointer,
    known: dict[MappingPointer, frozenset[str]],
    value: dict[str, Any],
) -> tuple[int, bool]:
    """How well a mapping fits: how many of the keys it may have, and whether it is absent or empty."""
    return sum(each.key in known[home] for each in strays), value_at(value, home) is None


def _named(strays: list[Found]) -> str:
    return ", ".join(f"`{each.key}`" for each in strays)


def _at_home(strays: list[Found], home: MappingPointer, value: dict[str, Any]) -> Found:
    them = "it" if len(strays) == 1 else "them"
    says = f"{_named(strays)} {'belongs' if len(strays) == 1 else 'belong'}"
    holder, _, key = home.rpartition("/")
    if not home:
        words = f"{says} at the top level of the file", f"move {them} there: check the indentation"
    elif home == PHASE:
        words = f"{says} in a layout", f"write a phase above {them}, such as `final:`"
    elif value_at(value, home) is not None:
        words = f"{says} under `{key}`", f"move {them} there: check the indentation"
    elif isinstance(above := value_at(value, holder), dict) and key in above:
        words = f"{says} under `{key}`", f"indent {them} below `{key}:`"
    else:
        words = f"{says} under `{key}`", f"write `{key}:` above, and indent {them} below it"
    return strays[0].saying(*words, code="schema.misplaced-key")


def _is_echo(found: Found, home: MappingPointer, moved: list[Found], value: dict[str, Any]) -> bool:
    """Whether a violation only exists because these keys are misplaced."""
    if found.pointer == home:
        return value_at(value, home) is None
    if found.violation.code == "schema.missing" and found.pointer in {f"{home}/{each.key}" for each in moved}:
        return True
    return home == "/agent" and _is_agent_type(found, value)


def _is_agent_type(found: Found, value: dict[str, Any]) -> bool:
    """Whether the file's top-level ``type`` is an agent type: its indentation under ``agent`` is missing."""
    return found.pointer == "/type" and value.get("type") in schema.names("agents")


def _with_agent_type_told(found: list[Found], value: dict[str, Any]) -> list[Found]:
    slipped = [each for each in found if _is_agent_type(each, value)]
    if not slipped or value.get("agent") is not None:
        return found
    rest = [each for each in found if each not in slipped and each.pointer != "/agent"]
    return [*rest, _at_home(slipped, "/agent", value)]
