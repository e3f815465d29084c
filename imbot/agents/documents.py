"""JSON documents of servers, which may be anything: parsed within a moment, and texts taken out of them."""

import json
from typing import Any

MOST_PARTS = 50_000  # objects and lists of one document: parsing more would block all other bots
_JSON = json.JSONDecoder()  # for every piece of every answer


def parsed(data: str) -> Any:
    """Parse a JSON document.

    Raises ValueError if it is not valid or too large to be parsed in a moment, RecursionError if it is too deep.
    """
    if data.count("{") + data.count("[") > MOST_PARTS:
        raise ValueError("too many parts")
    return _JSON.decode(data)


def joined_text(value: Any) -> str:
    """A text, or the texts of a list of parts joined; empty for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = (part for part in value if isinstance(part, dict) and part.get("type") == "text")
        return "".join(str(part.get("text") or "") for part in parts)
    return ""
