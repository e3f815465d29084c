"""The lint of layouts without a place for the buttons that the bot file asks for."""

from collections.abc import Iterator, Sequence

from imbot.cards.buttons import Button, buttons_of, parse_button_id
from imbot.cards.kinds import open_kind
from imbot.config.yamlfile import span_at
from imbot.errors import Problem
from imbot.model import CardContext, CardPhase
from imbot.platforms import platform_type
from imbot.spec import BotSpec, leaves

_ASKED_BY = {"feedback": "`feedback.buttons`"}  # by the action of a button
_ELSE_BY = "`card.actions`"


def unshown_buttons(spec: BotSpec) -> Iterator[Problem]:
    """The user's own layouts that show none of the buttons their phase should have.

    A user's own template may have its own buttons, so it causes no warning.
    """
    if spec.card.own or not open_kind(spec.card, platform_type(spec.type)).calls_back:
        return
    lacking = {phase: buttons for phase in spec.card.templates if (buttons := _unshown(spec, phase))}
    if not lacking:
        return
    phases = " and ".join(f"`{phase}`" for phase in lacking)
    actions = {_action(button) for buttons in lacking.values() for button in buttons}
    asked = " and ".join(sorted({_ASKED_BY.get(action, _ELSE_BY) for action in actions}))
    layouts, have = ("layouts", "have") if len(lacking) > 1 else ("layout", "has")
    message = f"the {layouts} of {phases} {have} no place for the buttons of {asked}"
    at = f"/card/templates/{next(iter(lacking))}"
    hint = 'give it one, for example msgButtons: "{{ buttons }}"'
    yield Problem.at(
        spec.path,
        span_at(spec.marks, at),
        "card.buttons-unused",
        message,
        hint,
        pointer=at,
        severity="warning",
    )


def _unshown(spec: BotSpec, phase: CardPhase) -> Sequence[Button]:
    buttons = [*buttons_of(CardContext(phase), spec.card, spec.feedback, calls_back=True)]
    actions = {_action(button) for button in buttons}
    layout = (leaf for leaf in leaves(spec.card.templates[phase].value) if isinstance(leaf, str))
    texts = [*layout, *(file.text for file in spec.card.files.values())]
    shown = any("buttons" in text or parse_button_id(text)[0] in actions for text in texts)
    return [] if shown else buttons


def _action(button: Button) -> str:
    return parse_button_id(button.id)[0]
