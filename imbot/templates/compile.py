"""Templates: compiles those of layouts and texts, and draws them with the variables of a turn.

All errors are raised as ``TemplateFault``, with the line. ``sandbox`` is the environment templates run in;
``cards.layout`` combines them to layouts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context

from imbot.templates import syntax
from imbot.templates.budget import TooExpensiveError, UnsafeTemplateError, to_value
from imbot.templates.faults import Fault, TemplateFault
from imbot.templates.jinja_messages import explain_error, word_of
from imbot.templates.sandbox import Files, Sandbox
from imbot.templates.variables import TURN_VARIABLES
from imbot.text.sanitize import well_formed
from imbot.text.suggestions import did_you_mean

Variables = dict[str, Any]
Draw = Callable[[Variables], Any]

_MARKS = ("{{", "{%", "{#")
_LOOP = re.compile(r"\s*([A-Za-z]\w*(?:\s*,\s*[A-Za-z]\w*)*)\s+in\s+(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled template, and the names that it and the texts it includes read.

    ``expression``: it is a single expression, so it may draw any plain value, not only text. ``targets`` are
    the names that a loop sets in each repetition. ``constant``: it is plain text. ``draw`` needs an open
    ``Budget`` and raises TemplateFault.
    """

    draw: Draw
    names: frozenset[str] = frozenset()
    expression: bool = False
    targets: tuple[str, ...] = ()
    constant: bool = False


@lru_cache(maxsize=1024)
def compile_text(source: str, files: Files, known: frozenset[str] = TURN_VARIABLES) -> Compiled:
    """Compile a template.

    One that is exactly one ``{{ expression }}`` draws that value, any other one a text. ``files`` are the
    texts it may include, ``known`` the names it may read. Raises TemplateFault.
    """
    if not any(mark in source for mark in _MARKS):
        return Compiled(lambda _: source, constant=True)
    sandbox = _sandbox(files)
    try:
        tree = sandbox.read(source)
        names = _check(sandbox, tree, source, known)
        expression = syntax.only_expression(tree)
        result = tree if expression is None else syntax.result_of(expression)
        template = Template.from_code(sandbox, sandbox.compile(syntax.with_budget(result)), sandbox.globals)
    except Exception as error:
        raise TemplateFault(_fault(error, source, sandbox.files)) from error
    draw = _draw_text if expression is None else _draw_value
    return Compiled(_drawing(template, draw, source), names, expression is not None)


def compile_condition(source: Any, files: Files, known: frozenset[str] = TURN_VARIABLES) -> Compiled:
    """Compile the ``if:`` of an item: a bare expression, or true or false. Raises TemplateFault."""
    if isinstance(source, bool):
        return Compiled(lambda _: source)
    return _compile_expression(source, files, known, "for example: suggestions")


def compile_loop(source: Any, files: Files, known: frozenset[str] = TURN_VARIABLES) -> Compiled:
    """Compile the ``for:`` of an item; draws the variables of each repetition. Raises TemplateFault.

    None stands for a single repetition without variables.
    """
    if source is None:
        return Compiled(lambda _: [{}])
    example = "for example: x in suggestions"
    match = _LOOP.fullmatch(source) if isinstance(source, str) else None
    if match is None:
        raise _mistake("`for` must be NAME in LIST", example)
    targets = tuple(name.strip() for name in match[1].split(","))
    values = _compile_expression(match[2], files, known, example)
    return replace(
        values, draw=lambda variables: _repetitions(targets, values.draw(variables)), targets=targets
    )


def _compile_expression(source: Any, files: Files, known: frozenset[str], example: str) -> Compiled:
    if not isinstance(source, str) or any(mark in source for mark in _MARKS):
        raise _mistake("write a bare expression here, without braces", example)
    try:
        compiled = compile_text(f"{{{{ {source} }}}}", files, known)
    except TemplateFault as error:
        hint = example if "{{" in error.fault.hint else error.fault.hint
        raise TemplateFault(replace(error.fault, hint=hint, columns=None)) from error
    if not compiled.expression:
        raise _mistake("this is not an expression", example)
    return compiled


def _repetitions(targets: tuple[str, ...], values: Any) -> list[Variables]:
    if not isinstance(values, list | dict):
        raise _mistake("`for` needs a list", "for example: x in suggestions")
    return [_bound(targets, value) for value in values]


def _bound(targets: tuple[str, ...], value: Any) -> Variables:
    if len(targets) == 1:
        return {targets[0]: value}
    if not isinstance(value, list) or len(value) != len(targets):
        raise _mistake(
            f"an item is not a list of {len(targets)} values",
            "give `for` one name, or as many names as an item has values",
        )
    return dict(zip(targets, value, strict=True))


@lru_cache(maxsize=64)
def _sandbox(files: Files) -> Sandbox:
    return Sandbox(dict(files))


def _drawing(template: Template, draw: Callable[[Template, Context], Any], source: str) -> Draw:
    sandbox: Any = template.environment
    blocks = template.blocks

    def drawing(variables: Variables) -> Any:
        try:
            return draw(template, Context(sandbox, variables, None, blocks))
        except Exception as error:
            raise TemplateFault(_fault(error, source, sandbox.files)) from error

    return drawing


def _draw_text(template: Template, context: Context) -> str:
    # A block in YAML ends with a line break, and so does a tag on a line of its own; neither is intended.
    return well_formed("".join(template.root_render_func(context)).rstrip("\n"))


def _draw_value(template: Template, context: Context) -> Any:
    for _ in template.root_render_func(context):
        pass
    return to_value(context.vars[syntax.RESULT])


# -- what can be known before drawing ------------------------------------------------------------


def _check(sandbox: Sandbox, tree: nodes.Template, source: str, known: frozenset[str]) -> frozenset[str]:
    """The names that a template and all texts it includes read.

    Raises TemplateFault for what can never work.
    """
    parts = syntax.parts_of(tree)
    for name in syntax.unknown_names(parts, known):
        raise TemplateFault(_unknown(name, source, known))
    names = syntax.names_in(parts)
    _follow(sandbox, parts, source, (), names, set())
    return frozenset(names)


def _follow(
    sandbox: Sandbox,
    parts: list[Any],
    source: str,
    trail: tuple[str, ...],
    names: set[str],
    seen: set[str],
) -> None:
    for text in syntax.included(parts):
        if text.name in trail:
            circle = " → ".join((*trail[trail.index(text.name) :], text.name))
            message, hint = f"texts include each other: {circle}", "remove one of these includes"
            raise TemplateFault(_inclusion("cycle", message, hint, text, source, trail))
        if text.name in sandbox.files and text.name not in seen:
            below, inner = syntax.parts_of(sandbox.included(text.name)), sandbox.files[text.name]
            names |= syntax.names_in(below)
            _follow(sandbox, below, inner, (*trail, text.name), names, seen)
            sandbox.get_template(text.name)  # compiles it, so that its mistakes come out now
            seen.add(text.name)
        elif text.name not in sandbox.files and not text.optional:
            hint = "write its path from the bots folder on, ending in .j2"
            fault = _inclusion("missing", f"there is no text `{text.name}`", hint, text, source, trail)
            raise TemplateFault(replace(fault, missing=text.name))


def _inclusion(
    code: str, message: str, hint: str, text: syntax.Included, source: str, trail: tuple[str, ...]
) -> Fault:
    return Fault(
        f"template.{code}",
        message,
        hint,
        line=text.line,
        columns=_columns(source, text.line, f"`{text.name}`"),
        file=trail[-1] if trail else "",
    )


def _unknown(name: nodes.Name, source: str, known: frozenset[str]) -> Fault:
    line = source.splitlines()[name.lineno - 1]
    found = re.search(rf"\b{name.name}\b", line)
    return Fault(
        "template.undefined",
        f"`{name.name}` is not defined",
        did_you_mean(name.name, known, f"known names: {', '.join(sorted(known))}"),
        line=name.lineno,
        columns=(found.start() + 1, found.end() + 1) if found else None,
    )


def _mistake(message: str, hint: str) -> TemplateFault:
    return TemplateFault(Fault("template.syntax", message, hint))


# -- what went wrong ------------------------------------------------------------------------------

_CODES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((TemplateSyntaxError, SyntaxError), "template.syntax"),
    (UndefinedError, "template.undefined"),
    ((SecurityError, UnsafeTemplateError), "template.unsafe"),
    ((TooExpensiveError, MemoryError), "template.too-expensive"),
    (RecursionError, "template.recursion"),
    (TemplateNotFound, "template.missing"),
    (Exception, "template.error"),
)


def _fault(error: Exception, source: str, files: Mapping[str, str]) -> Fault:
    """The fault for an exception; a template may raise any type."""
    if isinstance(error, TemplateFault):
        return error.fault
    code = next(code for kinds, code in _CODES if isinstance(error, kinds))
    line, file = _where(error)
    text = files.get(file, source) if file else source
    message, hint = explain_error(error, next(islice(text.splitlines(), max(0, line - 1), None), ""))
    if isinstance(error, TemplateSyntaxError) and message.endswith("is not closed"):
        line = syntax.unclosed(text) or line
    return Fault(code, message, hint, line=line, columns=_columns(text, line, message), file=file)


def _where(error: Exception) -> tuple[int, str]:
    """The line, and the name of the included text, that an exception comes from."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno, error.name or ""
    if isinstance(error, UnsafeTemplateError) and error.line:
        return error.line, ""
    place, trace = (1, ""), error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            place = (template.get_corresponding_lineno(trace.tb_lineno), template.name or "")
        trace = trace.tb_next
    return place


def _columns(text: str, line: int, message: str = "") -> tuple[int, int] | None:
    """The columns of the word that a message names, or else of the whole line."""
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return None
    named = word_of(message, lines[line - 1])
    if named:
        return named[0] + 1, named[1] + 1
    bare = lines[line - 1].strip()
    begin = lines[line - 1].find(bare) + 1
    return (begin, begin + len(bare))
