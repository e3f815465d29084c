"""The lint of a layout for the final phase that shows nothing of the turn."""

from collections.abc import Iterator

from imbot.config.yamlfile import span_at
from imbot.errors import Problem
from imbot.model import CardPhase
from imbot.spec import BotSpec, leaves

_SHOWN = ("answer", "buttons", "suggestion", "citations", "reasoning")


def final_without_answer(spec: BotSpec) -> Iterator[Problem]:
    """A final layout of the user's own in which no template has the answer, or what comes with it, or buttons.

    A user's own template may have the answer by itself.
    """
    layout = spec.card.templates.get(CardPhase.FINAL)
    if layout is None or spec.card.own:
        return
    texts = [leaf for leaf in leaves(layout.value) if isinstance(leaf, str)]
    texts += [file.text for file in spec.card.files.values()]
    if any(word in text for text in texts for word in _SHOWN):
        return
    at = "/card/templates/final"
    message = (
        "this layout shows neither the answer nor buttons: people see the same text under every question"
    )
    yield Problem.at(
        spec.path,
        span_at(spec.marks, at, key=True),
        "card.no-answer",
        message,
        "write {{ answer }} where it belongs",
        pointer=at,
        severity="warning",
    )
