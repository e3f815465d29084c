"""A spec of a broken bot file that is good enough to check its card, so that ``check`` finds all at once.

There is none if an error is in the card itself, or might cause further errors there.
"""

import re
from collections.abc import Iterable

from imbot.config.loader.build import build
from imbot.config.loader.validator import Validated
from imbot.config.schema import source
from imbot.config.yamlfile import YamlFile
from imbot.errors import Problem
from imbot.spec import BotSpec
from imbot.text.pointers import split_pointer

_DRAWN = {"card", "texts", "feedback", "commands", "limits"}
"""The keys of a bot file that affect its card."""
_NEEDED = {"credentials": {}, "agent": {"type": "echo"}}
_KEY = re.compile("`([a-z_]+)`")


def partial_spec(
    validated: Validated, problems: Iterable[Problem], name: str, file: YamlFile
) -> BotSpec | None:
    """A spec in which the card and all that it is drawn from are the file's.

    None if an error may affect the card.
    """
    errors = [each for each in problems if each.severity == "error"]
    if not all(_is_elsewhere(each, file) for each in errors):
        return None
    wrong = {split_pointer(each.pointer)[0] for each in errors}
    known = source("bot")["properties"].keys() - wrong
    value = {key: item for key, item in validated.value.items() if key in known} | _NEEDED
    whole = {**validated.whole, "properties": {**validated.whole["properties"], **_plain_parts()}}
    return build(value, whole, name, validated.found, validated.files, file)


def _plain_parts() -> dict[str, object]:
    return {"agent": source("agents/echo"), "credentials": {"properties": {}}}


def _is_elsewhere(error: Problem, file: YamlFile) -> bool:
    """Whether an error is in a part of the file that cannot affect its card."""
    if error.path != file.path or not error.pointer or error.code == "schema.misplaced-key":
        return False
    meant = {split_pointer(error.pointer)[0]}
    if error.code == "schema.unknown-key":  # the key may have been meant to be one of them
        meant |= set(_KEY.findall(error.hint)) if "did you mean" in error.hint else set()
    return meant.isdisjoint(_DRAWN | {"version", "type"})
