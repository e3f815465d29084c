"""The lint of templates that show what a person typed as Markdown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imbot.config.yamlfile import pointer, span_at
from imbot.errors import START, Problem
from imbot.spec import BotSpec

_SHOWN = re.compile(r"\{\{[-+]?\s*((?:question|sender\.nick|sender\.id)\b[^}]*)\}\}")
_SAFE = re.compile(r"\|\s*(?:plain|urlencode|tojson|length|count|wordcount)\b")
_TITLES = frozenset({"title", "msgTitle", "header"})  # shown without Markdown


def marked_up_user_text(spec: BotSpec) -> Iterator[Problem]:
    """Places in layouts, texts and included files with a person's words and without ``plain``; one for each."""
    for phase, layout in spec.card.templates.items():
        for at, text in _texts(layout.value, f"/card/templates/{phase}"):
            yield from _found(spec, at, text)
    for name, text in spec.texts.items():
        yield from _found(spec, f"/texts/{name}", text)
    for file in spec.card.files.values():
        yield from _found(spec, "/card", file.text, file.path)


def _texts(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        if value.get("type") != "text":
            for key, item in value.items():
                if key not in _TITLES:
                    yield from _texts(item, at + pointer(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, at + pointer(number))


def _found(spec: BotSpec, at: str, text: str, path: str = "") -> Iterator[Problem]:
    shown = next((found[1].strip() for found in _SHOWN.finditer(text) if not _SAFE.search(found[1])), None)
    if shown is None:
        return
    span = START if path else span_at(spec.marks, at)
    yield Problem.at(
        path or spec.path,
        span,
        "card.user-text",
        f"`{shown}` is what a person typed, and this shows it as Markdown, with links",
        f"write {{{{ {shown} | plain }}}}",
        pointer="" if path else at,
        severity="warning",
    )
