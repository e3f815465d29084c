"""Draws the card of a bot file with sample turns, before the card becomes active.

``compile_checked`` makes the job and finds the faults' places in the file. A job is one JSON text, so bots
with equal layouts share one cached result.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from imbot.cards import CardPlatform
from imbot.cards.compiled import CompiledCard, CompiledTemplates, compile_templates
from imbot.cards.kinds import Kind, button_maker, open_kind
from imbot.cards.layout import CompiledLayout, origin
from imbot.cards.samples import SampleTurn, samples
from imbot.config import schema
from imbot.model import CardPhase
from imbot.spec import BotSpec, CardSpec, FeedbackButton, FeedbackSpec, Layout, TextFile
from imbot.templates.budget import Budget
from imbot.templates.compile import Compiled, Variables
from imbot.templates.faults import Fault, TemplateFault
from imbot.templates.variables import BotVariables, carried, snapshot

_BOT = {"name": "bot", "title": "Bot"}

_MAYBE_NOTHING = "it may be missing: check with {% if ... %}, or write | default('...')"

Located = tuple[str, Fault]
"""A phase (``final``) or text (``texts/help``), and one fault in it."""

Turn = tuple[SampleTurn, Variables]


def job_of(spec: BotSpec) -> str:
    """Everything in a bot file that its card is drawn from, except the bot's name and title, as JSON."""
    card = spec.card
    job = {
        "card": {
            "kind": card.kind,
            "own": snapshot(card.own),
            "actions": card.actions,
            "action_labels": dict(card.action_labels),
        },
        "vars": snapshot(card.vars),
        "templates": {phase.value: snapshot(layout.value) for phase, layout in card.templates.items()},
        "files": {name: file.text for name, file in card.files.items()},
        "texts": dict(spec.texts),
        "buttons": [[button.label, button.rating] for button in spec.feedback.buttons],
        "thanks": spec.feedback.thanks,
        "commands": snapshot(spec.commands),
        "limits": snapshot(spec.limits),
    }
    return json.dumps(job, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=256)
def render_samples(job: str, platform: CardPlatform) -> tuple[Located, ...]:
    """Compile all layouts and texts of a job and draw them with the sample turns. Returns what is wrong."""
    said: dict[str, Any] = json.loads(job)
    card = _card(said)
    compiled = compile_templates(card, said["texts"])
    stage = _stage(_shared(said, compiled), platform)
    of_texts = (fault for fault in stage.faults if fault[0].removeprefix("texts/") in compiled.texts)
    return (
        *compiled.faults,
        *_layout_faults(compiled, open_kind(card, platform), stage, card.vars),
        *of_texts,
    )


def _card(said: Mapping[str, Any]) -> CardSpec:
    return CardSpec(
        **said["card"],
        vars=said["vars"],
        templates={CardPhase(phase): Layout(value) for phase, value in said["templates"].items()},
        files={name: TextFile(name, text) for name, text in said["files"].items()},
    )


def _layout_faults(
    compiled: CompiledTemplates, kind: Kind, stage: "_Stage", own: Mapping[str, Any]
) -> Iterator[Located]:
    """The faults of every layout that compiles.

    Its kind finds some. Others appear when it is drawn, or when the drawn layout is checked with its schema.
    """
    for phase, layout in compiled.layouts.items():
        if layout.faults:
            continue

        def draw(variables: Variables, layout: CompiledLayout = layout) -> list[Fault]:
            return _judged(layout, layout.draw({**variables, "vars": own}), kind.part)

        for fault in (*kind.faults(phase, layout.source), *_drawn(draw, stage.turns(phase))):
            yield str(phase), fault


# -- shared by bots that differ only in their layouts -----------------------------------------------


class _Stage:
    """The sample turns of a bot file. ``faults`` are those of its texts; the turns leave out faulty texts."""

    def __init__(self, card: CompiledCard, faults: tuple[Located, ...]) -> None:
        self.faults = faults
        self._card = card
        self._turns: dict[CardPhase, list[Turn]] = {}

    def turns(self, phase: CardPhase) -> list[Turn]:
        """The sample turns of a phase. They are shared: the sandbox keeps templates from changing them."""
        if phase not in self._turns:
            contexts = samples(phase)
            self._turns[phase] = [(each, self._card.variables(each.context)) for each in contexts]
        return self._turns[phase]


def _shared(said: Mapping[str, Any], compiled: CompiledTemplates) -> str:
    """The job without its layouts, and without its variables where no text reads them."""
    read = any("vars" in text.names for text in compiled.texts.values())
    return json.dumps({**said, "templates": {}, "vars": said["vars"] if read else {}})


@lru_cache(maxsize=64)
def _stage(job: str, platform: CardPlatform) -> _Stage:
    said: dict[str, Any] = json.loads(job)
    spec = _card(said)
    feedback = FeedbackSpec(tuple(FeedbackButton(*button) for button in said["buttons"]), said["thanks"])
    compiled, kind = compile_templates(spec, said["texts"]), open_kind(spec, platform)
    variables = BotVariables(
        _BOT,
        spec.vars,
        feedback,
        button_maker(kind, spec, feedback),
        said["commands"],
        said["limits"],
        platform.say_link,
    )
    bare = _Stage(CompiledCard(kind, replace(compiled, texts={}), variables, ""), ())
    faults = tuple(_text_faults(bare, compiled))
    wrong = {name for name, _ in faults}
    sound = {name: text for name, text in compiled.texts.items() if f"texts/{name}" not in wrong}
    return _Stage(CompiledCard(kind, replace(compiled, texts=sound), variables, ""), faults)


def _text_faults(stage: _Stage, compiled: CompiledTemplates) -> Iterator[Located]:
    """The faults of every text that compiles. Each is drawn in every phase, as any layout may use it."""
    for name, text in compiled.texts.items():

        def draw(variables: Variables, text: Compiled = text) -> list[Fault]:
            text.draw(variables)
            return []

        for phase in () if text.constant else CardPhase:
            faults = _drawn(draw, stage.turns(phase))
            yield from ((f"texts/{name}", fault) for fault in faults)
            if faults:
                break


def _drawn(draw: Callable[[Variables], list[Fault]], turns: list[Turn]) -> list[Fault]:
    """The faults found with any sample, one for each place.

    The message names the sample, unless it is the first one, which is an ordinary turn.
    """
    found: dict[str, Fault] = {}
    for number, (sample, variables) in enumerate(turns):
        try:
            with Budget(carried(sample.context)):
                faults = draw(variables)
        except TemplateFault as error:
            faults = [error.fault]
        for fault in faults:
            found.setdefault(fault.pointer, _told(fault, sample.name) if number else fault)
        if any(fault.code == "template.too-expensive" for fault in faults):
            break  # the other samples would cost as much again
    return list(found.values())


def _told(fault: Fault, sample: str) -> Fault:
    hint = fault.hint if fault.code.startswith("schema.") and fault.hint else _MAYBE_NOTHING
    return replace(fault, message=f"{fault.message}, with {sample}", hint=hint)


def _judged(layout: CompiledLayout, drawn: Mapping[str, Any], part: str) -> list[Fault]:
    return [
        Fault(
            wrong.code, wrong.message, wrong.hint, origin(layout.source, drawn, wrong.pointer), wrong.at_key
        )
        for wrong in (schema.violations(part, drawn) if part else ())
    ]
