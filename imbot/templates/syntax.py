"""The syntax tree of a template: what it uses and includes, and the charges that are added to it.

``sandbox`` parses and ``compile`` runs templates; here parsed trees are read and rewritten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from imbot.templates.budget import STEP_COST, TooExpensiveError, UnsafeTemplateError

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
    """One text that a template includes, imports or extends, and the line."""

    name: str
    line: int
    optional: bool


def only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The expression, if the template is only that and white space; else None."""
    match tree.body:
        case [nodes.Output(nodes=parts)]:
            parts = [part for part in parts if not _blank(part)]
            if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
                return parts[0]
    return None


def _blank(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


def result_of(expression: nodes.Expr) -> nodes.Template:
    """A template that assigns the value of an expression to the variable ``RESULT``."""
    line = expression.lineno
    assign = nodes.Assign(nodes.Name(RESULT, "store", lineno=line), expression, lineno=line)
    return nodes.Template([assign], lineno=line)


def parts_of(tree: nodes.Node) -> list[Any]:
    """Every node below another one, in the order of the text; three times as fast as Jinja's own walk."""
    found: list[Any] = []
    waiting = _children(tree)
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += _children(node)
    return found


def _children(node: nodes.Node) -> list[Any]:
    """The nodes right below one, the last first."""
    found: list[Any] = []
    for name in node.fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, nodes.Node)]
        elif isinstance(value, nodes.Node):
            found.append(value)
    found.reverse()
    return found


def names_in(parts: list[Any]) -> set[str]:
    """The names that these nodes read."""
    return {part.name for part in parts if isinstance(part, nodes.Name) and part.ctx == "load"}


def unknown_names(parts: list[Any], known: frozenset[str]) -> Iterator[nodes.Name]:
    """The names that are read but never set, in whatever branch."""
    if any(isinstance(part, nodes.Extends) for part in parts):  # the parent template may set them
        return
    if unknown := names_in(parts) - known - _LANGUAGE:
        unknown -= _own_names(parts)
    for part in parts if unknown else ():
        if isinstance(part, nodes.Name) and part.ctx == "load" and part.name in unknown:
            yield part


def _own_names(parts: list[Any]) -> set[str]:
    own: set[str] = set()
    for part in parts:
        if isinstance(part, nodes.Macro) or (isinstance(part, nodes.Name) and part.ctx != "load"):
            own.add(part.name)
        elif isinstance(part, nodes.Import):
            own.add(part.target)
        elif isinstance(part, nodes.FromImport):
            own |= {name if isinstance(name, str) else name[1] for name in part.names}
    return own


def included(parts: list[Any]) -> Iterator[Included]:
    """The texts that a template includes; ``with_budget`` makes sure that their names are constants."""
    for node in parts:
        if isinstance(node, _REFERENCES):
            optional = getattr(node, "ignore_missing", False)
            names = _written_names(node.template)
            for name in names:
                yield Included(name, node.lineno, optional or len(names) > 1)


def unclosed(source: str) -> int:
    """The line of the innermost tag that is not closed; 0 if there is none."""
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


def with_budget(tree: nodes.Template) -> nodes.Template:
    """The tree with charges added: for every body when it runs, for every value when it is made.

    Raises UnsafeTemplateError for what templates may not do, TooExpensiveError for a template that is too
    large.
    """
    if len(parts_of(tree)) > _MOST_NODES:
        raise TooExpensiveError("the template is too long: move parts of it into included texts")
    rewritten: nodes.Template = _Guard().visit(tree)
    return rewritten


class _Guard(NodeTransformer):
    def visit(self, node: nodes.Node, *_: Any, **__: Any) -> Any:
        if isinstance(node, _REFERENCES):
            return _written_out(node)
        if isinstance(node, nodes.EvalContextModifier):
            raise UnsafeTemplateError(
                "`autoescape` is not available", "a card needs no escaping", line=node.lineno
            )
        cost = _cost(node) if isinstance(node, _BODIES) else 0
        self.generic_visit(node)
        return _paying(node, cost) if cost else _held(node)


def _written_out(node: Any) -> Any:
    if not _written_names(node.template):
        hint = "write it in quotes, such as 'cards/more.j2'"
        raise UnsafeTemplateError("the name of an included text must be written out", hint, line=node.lineno)
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
        case nodes.Compare() if any(operand.op in ("in", "notin") for operand in node.ops):
            return _in_test(node)
        case nodes.Compare():
            node.expr = _filtered(node.expr, HOLD_FILTER)
            for operand in node.ops:
                operand.expr = _filtered(operand.expr, HOLD_FILTER)
    return node


def _in_test(node: nodes.Compare) -> nodes.Node:
    """The test that does what the operator `in` does; only tests are priced."""
    if len(node.ops) > 1:
        raise UnsafeTemplateError(
            "`in` stands in a chain of comparisons", "join two of them by `and`", line=node.lineno
        )
    (operand,) = node.ops
    test = nodes.Test(node.expr, "in", [operand.expr], [], None, None, lineno=node.lineno)
    return nodes.Not(test, lineno=node.lineno) if operand.op == "notin" else test


def _cost(body: nodes.Node) -> int:
    """The cost of one run of a body: its steps and its text."""
    parts = parts_of(body)
    return STEP_COST * len(parts) + sum(
        len(part.data) for part in parts if isinstance(part, nodes.TemplateData)
    )


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
