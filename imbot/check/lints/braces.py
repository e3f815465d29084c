"""A lint of braces that look like a template where none is: they are sent to the agent as they are written."""

import re
from collections.abc import Iterator

from imbot.agents.request_templates import KEYS, is_template
from imbot.agents.settings import reveal
from imbot.config.yamlfile import span_at
from imbot.errors import Problem
from imbot.spec import BotSpec, TextFile
from imbot.text.pointers import texts_in

_BRACES = re.compile(r"\{\{[^{}]{1,200}\}\}")


def stray_braces(spec: BotSpec) -> Iterator[Problem]:
    """Strings below ``agent`` with braces that no template is, and a file of instructions that looks like one."""
    for key, value in spec.agent.settings.items():
        at = f"/agent/{key}"
        if isinstance(value, TextFile) and is_template(value.text):
            message, hint = f"the file `{value.path}` is no template", "write that part into `instructions`"
            yield _problem(spec, at, message, hint)
        for place, text in texts_in(reveal(value), at):
            if not _BRACES.search(text) or (key in KEYS and is_template(text)):
                continue
            message, hint = f"`{key}` is no template, so what stands in braces is sent as it is written", ""
            if key in KEYS:
                message = "what stands in braces names none of sender, conversation, bot and now: it is sent as written"
                hint = "write {{ sender.id }}, for example, if it is to be filled in"
            yield _problem(spec, place, message, hint)


def _problem(spec: BotSpec, at: str, message: str, hint: str) -> Problem:
    return Problem.at(
        spec.path, span_at(spec.marks, at), "template.not-here", message, hint, pointer=at, severity="warning"
    )
