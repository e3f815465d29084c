"""Compiles the card of a bot file. Everything that can fail happens here, before anything live is touched."""

import hashlib
import json
from dataclasses import replace

from imbot.cards import CardPlatform
from imbot.cards.compiled import PHASE_TEXTS, CompiledCard, compile_templates
from imbot.cards.kinds import Kind, button_maker, open_kind
from imbot.cards.sample_render import Located, job_of, render_samples
from imbot.errors import ConfigError, Problem
from imbot.model import CardPhase
from imbot.spec import BotSpec
from imbot.templates.faults import Place, to_problem
from imbot.templates.variables import BotVariables, snapshot

_NAMED = 3


def compile_checked(spec: BotSpec, platform: CardPlatform) -> CompiledCard:
    """The card of a bot file on its platform.

    Raises ConfigError with a problem, at its place in the file, for everything that cannot be drawn.
    """
    problems = {_problem(spec, located) for located in render_samples(job_of(spec), platform)}
    if problems:
        raise ConfigError(_gathered(sorted(problems)))
    kind = open_kind(spec.card, platform)
    variables = BotVariables(
        bot={"name": spec.name, "title": spec.title},
        vars=snapshot(spec.card.vars),
        feedback=spec.feedback,
        make_buttons=button_maker(kind, spec.card, spec.feedback),
        commands=snapshot(spec.commands),
        limits=snapshot(spec.limits),
        say_link=platform.say_link,
    )
    return CompiledCard(
        kind,
        compile_templates(spec.card, spec.texts),
        variables,
        _fingerprint(spec, kind),
        mentions=spec.card.mention_sender,
    )


def _problem(spec: BotSpec, located: Located) -> Problem:
    where, fault = located
    if fault.missing in spec.card.meant:
        fault = replace(fault, hint=f"did you mean `{spec.card.meant[fault.missing]}`?")
    if where.startswith("texts/"):
        place = Place(spec.path, spec.marks, f"/{where}")
    else:
        layout = spec.card.templates[CardPhase(where)]
        place = Place(layout.path, layout.marks, layout.pointer)
    return to_problem(fault, place, spec.card.files)


def _gathered(problems: list[Problem]) -> list[Problem]:
    """Merge equal problems. A variable that several templates miss is one problem: it was forgotten once."""
    first: dict[tuple[str, ...], Problem] = {}
    others: dict[tuple[str, ...], list[str]] = {}
    for problem in problems:
        key: tuple[str, ...] = (problem.code, problem.message, problem.hint)
        if problem.code != "template.undefined":
            key += (problem.path, problem.pointer)
        if first.setdefault(key, problem) is not problem:
            others.setdefault(key, []).append(f"{problem.path}:{problem.line}:{problem.column}")
    return [_with_others(problem, others.get(key, [])) for key, problem in first.items()]


def _with_others(problem: Problem, places: list[str]) -> Problem:
    if not places:
        return problem
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return replace(
        problem, hint=f"{problem.hint}; also at {', '.join(places[:_NAMED])}{more}".removeprefix("; ")
    )


def _fingerprint(spec: BotSpec, kind: Kind) -> str:
    """A hash of the layouts and all they draw from in the bot file, except the buttons."""
    card = spec.card
    layouts = kind.layouts | {phase: layout.value for phase, layout in card.templates.items()}
    parts = [
        [kind.name, *kind.native.values()],  # not the keys: fingerprints in older stores have none
        {str(phase): snapshot(layout) for phase, layout in layouts.items()},
        {name: file.text for name, file in card.files.items()},
        snapshot(card.vars),
        [spec.texts.get(name) for name in PHASE_TEXTS],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
