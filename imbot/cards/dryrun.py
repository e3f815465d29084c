"""The dry run: all that a bot file says of its card, drawn with sample turns before it becomes active.

``prepare`` makes the job and gives the faults their places. A job is one JSON text, so that it can
be run in another process, and run once for all bots that share their layouts.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from imbot import schema
from imbot.cards.budget import Budget
from imbot.cards.faults import Fault, TemplateFault
from imbot.cards.kinds import Kind, open_kind
from imbot.cards.layout import CompiledLayout, origin
from imbot.cards.prepared import CompiledCard, PreparedCard, compile_card
from imbot.cards.samples import samples
from imbot.cards.templates import Compiled, Variables
from imbot.cards.variables import BotVariables, carried, snapshot
from imbot.model import CardPhase
from imbot.spec import BotSpec, CardSpec, FeedbackButton, FeedbackSpec, Layout, TextFile

_BOT = {"name": "bot", "title": "Bot"}

_MAYBE_NOTHING = "ask first whether there is one: {% if ... %}, or write | default('...')"

Located = tuple[str, Fault]
"""A phase (``final``) or text (``texts/help``), and what is wrong in it."""


def job_of(spec: BotSpec) -> str:
    """All that a card's drawing depends on, but for the bot's own name."""
    card = spec.card
    job = {
        "card": {"kind": card.kind, "template_id": card.template_id, "content_key": card.content_key},
        "vars": snapshot(card.vars),
        "templates": {phase.value: snapshot(layout.value) for phase, layout in card.templates.items()},
        "files": {name: file.text for name, file in card.files.items()},
        "texts": dict(spec.texts),
        "buttons": [[button.label, button.rating] for button in spec.feedback.buttons],
        "thanks": spec.feedback.thanks,
    }
    return json.dumps(job, ensure_ascii=False, sort_keys=True)


@lru_cache(maxsize=256)
def dry_run(job: str) -> tuple[Located, ...]:
    """Compile and draw all of a job; what is wrong, each place named once."""
    said: dict[str, Any] = json.loads(job)
    spec = CardSpec(
        **said["card"],
        vars=said["vars"],
        templates={CardPhase(phase): Layout(value) for phase, value in said["templates"].items()},
        files={name: TextFile(name, text) for name, text in said["files"].items()},
    )
    feedback = FeedbackSpec(tuple(FeedbackButton(*button) for button in said["buttons"]), said["thanks"])
    compiled, kind = compile_card(spec, said["texts"]), open_kind(spec)
    variables = BotVariables(_BOT, spec.vars, feedback, kind.buttons)
    of_texts = list(_text_faults(PreparedCard(kind, replace(compiled, texts={}), variables, ""), compiled))
    wrong = {name for name, _ in of_texts}
    sound = {name: text for name, text in compiled.texts.items() if f"texts/{name}" not in wrong}
    card = PreparedCard(kind, replace(compiled, texts=sound), variables, "")
    return (*compiled.faults, *_layout_faults(card, compiled, kind), *of_texts)


def _layout_faults(card: PreparedCard, compiled: CompiledCard, kind: Kind) -> Iterator[Located]:
    """Of every layout that compiles: what it lacks, what drawing it runs into, how the result breaks its schema."""
    for phase, layout in compiled.layouts.items():
        if layout.faults:
            continue

        def draw(variables: Variables, layout: CompiledLayout = layout) -> list[Fault]:
            return _judged(layout, layout.draw(variables), kind.part)

        for fault in (*kind.faults(phase, layout.source), *_drawn(draw, card, phase)):
            yield str(phase), fault


def _text_faults(card: PreparedCard, compiled: CompiledCard) -> Iterator[Located]:
    """Of every text that compiles, in every phase: layouts may use a text wherever they like."""
    for name, text in compiled.texts.items():

        def draw(variables: Variables, text: Compiled = text) -> list[Fault]:
            text.draw(variables)
            return []

        for phase in () if text.constant else CardPhase:
            faults = _drawn(draw, card, phase)
            yield from ((f"texts/{name}", fault) for fault in faults)
            if faults:
                break


def _drawn(draw: Callable[[Variables], list[Fault]], card: PreparedCard, phase: CardPhase) -> list[Fault]:
    """The faults of all samples, one a place; those of the first sample need no saying with what."""
    found: dict[str, Fault] = {}
    for number, sample in enumerate(samples(phase)):
        try:
            with Budget(carried(sample.context)):
                faults = draw(card.variables(sample.context))
        except TemplateFault as error:
            faults = [error.fault]
        for fault in faults:
            found.setdefault(fault.pointer, _told(fault, sample.name) if number else fault)
        if any(fault.code == "template.too-expensive" for fault in faults):
            break  # with the other samples it would cost as much again
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
