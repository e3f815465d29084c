"""The compiled card of one bot file. Drawing a live turn never fails: ``prepare_card`` has tried it with samples."""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from imbot.cards.kinds import Kind, Layouts, read_layouts
from imbot.cards.layout import CompiledLayout, Workload, compile_layout
from imbot.cards.markdown import BUILT_IN as PLAIN_LAYOUTS
from imbot.model import CardContext, CardPhase, CardView
from imbot.spec import CardSpec
from imbot.templates.budget import Budget, to_text
from imbot.templates.compile import Compiled, Variables, compile_text
from imbot.templates.faults import Fault, TemplateFault
from imbot.templates.sandbox import GLOBALS, Files
from imbot.templates.variables import TURN_VARIABLES, BotVariables, carried

log = logging.getLogger(__name__)

PHASE_TEXTS = ("thinking", "error", "stopped")
_NO_TEXT = "…"  # stands for a text that cannot be drawn; a message must not be empty
_PLAIN = "markdown"
_TEXT_NAMES = TURN_VARIABLES - {"texts"}
_CLICKED = frozenset({"buttons", "feedback"})
_SAID = frozenset({"question", "answer", "reasoning", "error", "suggestions", "citations"})


@dataclass(frozen=True, slots=True)
class CompiledTemplates:
    """The layouts and texts that a bot file itself has, compiled.

    ``faults`` pairs each fault with the phase (``final``) or text (``texts/help``) that does not compile.
    """

    layouts: Mapping[CardPhase, CompiledLayout]
    texts: Mapping[str, Compiled]
    faults: tuple[tuple[str, Fault], ...]


def compile_templates(card: CardSpec, texts: Mapping[str, str]) -> CompiledTemplates:
    """Compile all layouts and texts of a bot file, and collect what is wrong with them."""
    files = tuple(sorted((name, file.text) for name, file in card.files.items()))
    workload = Workload()
    for text in card.files.values():
        workload.take(text.text)
    layouts = _compiled({phase: layout.value for phase, layout in card.templates.items()}, files, workload)
    faults = [(str(phase), fault) for phase, layout in layouts.items() for fault in layout.faults]
    compiled = {}
    for name, source in texts.items():
        if not workload.take(source):
            faults += [(f"texts/{name}", fault) for fault in workload.fault()]
            continue
        try:
            compiled[name] = compile_text(source, files, _TEXT_NAMES)
        except TemplateFault as error:
            faults.append((f"texts/{name}", error.fault))
    return CompiledTemplates(layouts, compiled, tuple(faults))


def _compiled(
    layouts: Layouts, files: Files, workload: Workload | None = None
) -> dict[CardPhase, CompiledLayout]:
    return {phase: compile_layout(layout, files, workload) for phase, layout in layouts.items()}


@cache
def _compiled_built_in(file: Path) -> dict[CardPhase, CompiledLayout]:
    return _compiled(read_layouts(file), ())


class CompiledCard:
    """See ``imbot.cards.Card``."""

    def __init__(
        self,
        kind: Kind,
        source: CompiledTemplates,
        variables: BotVariables,
        fingerprint: str,
        *,
        mentions: bool = False,
    ) -> None:
        self.kind = kind.name
        self.live = kind.live
        self.fingerprint = fingerprint
        self._format = kind
        self._mentions = mentions
        self._variables_of = variables.of
        shared = kind.layouts is read_layouts(kind.built_in)
        self._built_in = _compiled_built_in(kind.built_in) if shared else _compiled(kind.layouts, ())
        self._plain = _compiled_built_in(PLAIN_LAYOUTS)
        self._layouts = {**self._built_in, **source.layouts}
        self._button_keys = {phase: _button_keys(each, kind) for phase, each in self._layouts.items()}
        self._texts = {name: text.draw for name, text in source.texts.items()}
        self._noted: deque[tuple[str, str, str]] = deque(maxlen=100)

    def render(self, context: CardContext) -> CardView:
        """Draw one phase. If the bot file's layout cannot be drawn, the built-in one is."""
        variables = self.variables(context)
        data = self._format.pack(context.phase, self._drawn(context, variables))
        said = data
        if self.kind != _PLAIN:
            with Budget(carried(context)):
                said = self._plain[context.phase].draw(variables)
        return CardView(
            kind=self.kind,
            phase=context.phase,
            data=data,
            title=to_text(said["title"]),
            text=to_text(said["text"]),
            native=self._format.native,
            button_keys=self._button_keys[context.phase],
            mention=context.sender if self._mentions and context.conversation_kind == "group" else None,
        )

    def text(self, name: str, context: CardContext) -> str:
        """One of the bot file's texts."""
        return self._text(name, context, {**GLOBALS, **self._variables_of(context)})

    def variables(self, context: CardContext) -> Variables:
        """All variables that a layout may use in a turn."""
        variables = {**GLOBALS, **self._variables_of(context)}
        variables["texts"] = {name: self._text(name, context, variables) for name in PHASE_TEXTS}
        return variables

    def _drawn(self, context: CardContext, variables: Variables) -> dict[str, Any]:
        layout, last = self._layouts[context.phase], self._built_in[context.phase]
        if layout is not last:
            try:
                with Budget(carried(context)):
                    return layout.draw(variables)
            except TemplateFault as error:
                self._note(f"the layout of phase {context.phase}", context, error)
        with Budget(carried(context)):
            return last.draw(variables)

    def _text(self, name: str, context: CardContext, variables: Variables) -> str:
        if name not in self._texts:
            return _NO_TEXT
        try:
            with Budget(carried(context)):
                return to_text(self._texts[name](variables))
        except TemplateFault as error:
            self._note(f"the text {name}", context, error)
            return _NO_TEXT

    def _note(self, what: str, context: CardContext, error: TemplateFault) -> None:
        """Log a fault once a turn, because a growing answer is drawn many times.

        A context has no turn id, so a turn is recognised by its sender and question.
        """
        seen = (what, context.sender.id, context.question)
        if seen not in self._noted:
            self._noted.append(seen)
            fault = error.fault
            log.warning(
                "%s could not be drawn and was replaced: %s [%s] %s",
                what,
                fault.message,
                fault.code,
                fault.pointer,
            )


def _button_keys(layout: CompiledLayout, kind: Kind) -> frozenset[str]:
    """The keys of the packed data that depend on the viewer's rating and on no text of the turn."""
    keys = (key for key, read in layout.names.items() if read & _CLICKED and not read & _SAID)
    return frozenset(map(kind.data_key, keys))
