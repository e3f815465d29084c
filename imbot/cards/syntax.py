"""A template's syntax tree: what it uses, what it includes, and the guard written into it.

``templates`` parses and runs; here the parsed tree is only read and rewritten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from imbot.cards.budget import STEP, RefusedError, TooExpensiveError

STEP_FILTER = "_step"
HOLD_FILTER = "_hold"
CONCAT_FILTER = "_concat"
RESULT = "_result"

_LANGUAGE = frozenset({"range", "dict", "namespace", "loop", "self", "super", "caller", "varargs", "kwargs"})
_TAG = re.compile(r"\{#.*?(?:#\}|\Z)|\{%[-+]?\s*(\w+)", re.DOTALL)
_PAIRED = frozenset({"block", "call", "filter", "for", "if", "macro", "raw", "with"})
_REFERENCES = (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)
_MOST_NODES = 5_000  # compiling takes some 50 us for each
_BODIES = (nodes.Template, nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block)


@dataclass(frozen=True, slots=True)
class Included:
    """One text that a template includes, imports or extends, and where it says so."""

    name: str
    line: int
    optional: bool


def only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The expression, where the template is one and nothing else but blanks around it."""
    match tree.body:
        case [nodes.Output(nodes=parts)]:
            parts = [part for part in parts if not _blank(part)]
            if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
                return parts[0]
    return None


def _blank(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


def result_of(expression: nodes.Expr) -> nodes.Template:
    """A template that leaves the value of an expression in its variable ``RESULT``."""
    line = expression.lineno
    assign = nodes.Assign(nodes.Name(RESULT, "store", lineno=line), expression, lineno=line)
    return nodes.Template([assign], lineno=line)


def names_of(tree: nodes.Node) -> set[str]:
    """Every name a template reads."""
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}


def unknown_names(tree: nodes.Template, known: frozenset[str]) -> Iterator[nodes.Name]:
    """The names a template reads that nobody sets, whatever branch they stand in."""
    if tree.find(nodes.Extends) is not None:  # the parent may set them
        return
    own = _own_names(tree)
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known and name.name not in own | _LANGUAGE:
            yield name


def _own_names(tree: nodes.Template) -> set[str]:
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)}
    own |= {module.target for module in tree.find_all(nodes.Import)}
    for module in tree.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in module.names}
    return own


def included(tree: nodes.Template) -> Iterator[Included]:
    """The texts a template includes; their names are written out, ``guarded`` sees to that."""
    references: Iterator[Any] = tree.find_all(_REFERENCES)
    for node in references:
        optional = getattr(node, "ignore_missing", False)
        names = _written_names(node.template)
        for name in names:
            yield Included(name, node.lineno, optional or len(names) > 1)


def unclosed(source: str) -> int:
    """The line of the innermost tag that nothing closes; 0: there is none."""
    opened: list[int] = []
    for found in _TAG.finditer(source):
        if not found[1]:
            continue  # a comment
        if found[1].startswith("end"):
            opened = opened[:-1]
        elif found[1] in _PAIRED:
            opened.append(source.count("\n", 0, found.start()) + 1)
    return opened[-1] if opened else 0


def _written_names(node: nodes.Expr) -> list[str]:
    items = node.items if isinstance(node, nodes.Tuple | nodes.List) else [node]
    names = [item.value for item in items if isinstance(item, nodes.Const) and isinstance(item.value, str)]
    return names if len(names) == len(items) else []


def guarded(tree: nodes.Template) -> nodes.Template:
    """The tree rewritten so that every body pays when it runs and every value when it is made.

    Raises RefusedError for what templates may not do, TooExpensiveError for a template too large.
    """
    if sum(1 for _ in tree.find_all(nodes.Node)) > _MOST_NODES:
        raise TooExpensiveError("the template is too long: its parts can be texts that it includes")
    rewritten: nodes.Template = _Guard().visit(tree)
    return rewritten


class _Guard(NodeTransformer):
    def visit(self, node: nodes.Node, *_: Any, **__: Any) -> Any:
        if isinstance(node, _REFERENCES):
            return _written_out(node)
        if isinstance(node, nodes.EvalContextModifier):
            raise RefusedError("`autoescape` is not available", "a card needs no escaping", line=node.lineno)
        cost = _cost(node) if isinstance(node, _BODIES) else 0
        self.generic_visit(node)
        return _paying(node, cost) if cost else _held(node)


def _written_out(node: Any) -> Any:
    if not _written_names(node.template):
        hint = "write it in quotes, as 'cards/more.j2'"
        raise RefusedError("the name of a text must be written out", hint, line=node.lineno)
    return node


def _paying(node: Any, cost: int) -> Any:
    step = _filtered(nodes.Const(cost, lineno=node.lineno), STEP_FILTER)
    node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))
    return node


def _held(node: nodes.Node) -> nodes.Node:
    match node:
        case nodes.Concat():
            return _filtered(nodes.List(node.nodes, lineno=node.lineno), CONCAT_FILTER)
        case nodes.List() | nodes.Dict() | nodes.Tuple(ctx="load"):
            return _filtered(node, HOLD_FILTER)
        case nodes.Getitem(arg=nodes.Slice()):
            node.node = _filtered(node.node, HOLD_FILTER)  # Python warns where a constant is sliced
            return _filtered(node, HOLD_FILTER)
        case nodes.Compare():
            node.expr = _filtered(node.expr, HOLD_FILTER)
            for operand in node.ops:
                operand.expr = _filtered(operand.expr, HOLD_FILTER)
    return node


def _cost(body: nodes.Node) -> int:
    """What one run of a body costs: its steps, and the text it holds."""
    texts = sum(len(text.data) for text in body.find_all(nodes.TemplateData))
    return texts + STEP * sum(1 for _ in body.find_all(nodes.Node))


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
