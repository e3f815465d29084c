"""One YAML file: from bytes to values, with the place of each in the file.

It is one pass over the parser's events, without recursion, so that no file can crash or block the process.
Depth and size are limited, counting what aliases repeat. The result has only what JSON can express: mappings
with text keys, lists, texts, finite numbers, booleans and null.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from imbot.config.yamlfile.lines import Lines
from imbot.config.yamlfile.problems import Problems, YamlFault
from imbot.config.yamlfile.scalars import CORE, Scalar, ScalarError, bad_tag, block_text, meaning
from imbot.config.yamlfile.syntax import explain
from imbot.config.yamlfile.text import MAX_BYTES, decode, mask_breaks
from imbot.config.yamlfile.traps import bare_template, cut_off, no_mapping
from imbot.config.yamlfile.tree import MAX_DEPTH, TOO_DEEP, Branch, Tree, event_span
from imbot.errors import Marks, Span
from imbot.text.pointers import pointer, span_at, split_pointer

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "YamlFile",
    "pointer",
    "read_yaml",
    "span_at",
    "split_pointer",
]

_EDGE = re.compile(r"^[\s\u200b-\u200d\u2060]|[\s\u200b-\u200d\u2060]\Z")
_TAG = re.compile(r"(?:&\S+\s+)?!\S*")

MAX_NODES = 20_000


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The text and value of a file, with the places of keys and values; ``path`` is for messages.

    ``base`` is the file that it inherits values from, whose places carry that file's path.
    """

    path: str
    text: str = field(repr=False)
    value: Any = field(repr=False)
    marks: Marks = field(repr=False)
    base: "YamlFile | None" = field(default=None, repr=False)

    def text_at(self, span: Span) -> str:
        """The text of the file that a place is in."""
        return self.base.text if self.base and span.path == self.base.path else self.text


def read_yaml(data: bytes, path: str) -> YamlFile:
    """Parse a file, which must hold one mapping. Raises ConfigError with every problem found."""
    text = decode(data, path)
    tree = _Reader(text, path).read()
    return YamlFile(path, text, tree.root, tree.marks)


def _libyaml_events(text: str) -> Iterator[Any]:
    return iter(yaml.CSafeLoader(text).get_event, None)  # `yaml.parse` asks twice for each


def _python_events(text: str) -> Iterator[Any]:
    """The same without libyaml. PyYAML's own parser accepts escapes of characters that do not exist."""
    mark: Any = None
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            mark = event.end_mark
            if isinstance(event, yaml.ScalarEvent):
                event.value.encode()
            yield event
    except (ValueError, OverflowError):
        phrase = "found invalid Unicode character escape code"
        raise yaml.MarkedYAMLError(problem=phrase, problem_mark=mark) from None


_events = _libyaml_events if yaml.__with_libyaml__ else _python_events


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A value that aliases may repeat, and its size, which counts for each alias."""

    value: Any
    nodes: int
    chars: int
    height: int


class _Reader:
    """One pass over a file's events."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._masked, self._breaks = mask_breaks(text)
        self._may_be_cut = "<<" in text or "{{" in text or "{%" in text
        self._problems = Problems(path, text)
        self._tree = Tree(self._problems)
        self._anchors: dict[str, _Anchor] = {}
        self._sizes: list[tuple[int, int]] = []  # nodes and characters before each open branch
        self._documents = 0
        self._nodes = 0
        self._chars = 0

    def read(self) -> Tree:
        """Read all events. Raises ConfigError."""
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.DocumentStartEvent: self._document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingEndEvent: self._finish,
            yaml.SequenceEndEvent: self._finish,
        }
        try:
            for event in _events(self._masked):
                handler = handlers.get(type(event))
                if handler:
                    handler(event)
        except yaml.MarkedYAMLError as error:
            fault = _explained(error, self._text)
            self._problems.check(Lines(self._text).position(fault.start)[0] - 1)
            self._problems.stop_at(fault)
        if not isinstance(self._tree.root, dict):
            self._problems.stop_at(no_mapping(self._tree.root, self._text))
        self._problems.check()
        return self._tree

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document begins here; a file may hold only one"
            self._problems.stop(event_span(event), "yaml.documents", message, "remove this ---")

    def _scalar(self, event: Any) -> None:
        self._count(event, 1, len(event.value))
        if self._may_be_cut and not event.style:
            fault = cut_off(event.value, self._text, event.start_mark.index, event.end_mark.index)
            if fault:
                self._problems.stop_at(fault)
        text = event.value.translate(self._breaks) if self._breaks else event.value
        value = self._meaning(event, text)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, 1, len(text), 0)
        top = self._tree.top
        if top and top.wants_key:
            self._key(event, text, value)
            return
        if top and not text:
            self._check_colon(event, top)
        if event.style in ("|", ">"):
            self._tree.mark_text(event, *block_text(self._text, event.start_mark.index, text))
        elif "{" in text and _is_as_written(event, text):
            self._tree.mark_line(event, 1 if event.style else 0)
        self._tree.put(event, value)

    def _meaning(self, event: Any, text: str) -> Scalar:
        try:
            return meaning(text, event.tag, quoted=bool(event.style))
        except ScalarError as error:
            self._problems.add(event_span(event), *error.words)
            return text

    def _key(self, event: Any, text: str, value: Scalar) -> None:
        if not isinstance(value, str):
            what = "null" if value is None else "a boolean" if isinstance(value, bool) else "a number"
            self._problems.add(*_bad_key(event, what))
        elif not event.style and _EDGE.search(text):
            message = "this key begins or ends with a character that only looks like a space"
            self._problems.add(event_span(event), "yaml.space", message, "delete it and type a plain space")
        self._tree.put_key(event, text, merging=text == "<<" and event.tag is None and not event.style)

    def _check_colon(self, event: Any, top: Branch) -> None:
        # {key:value} is one key without a value; a message about that key would show a value that may be a
        # secret
        if top.key and ":" in top.key and event.start_mark.index == top.key_event.end_mark.index:
            message = "this is one text, not a key and a value: the space after the colon is missing"
            self._problems.stop(
                event_span(top.key_event), "yaml.colon", message, "write key: value, or quote the text"
            )

    def _alias(self, event: Any) -> None:
        top = self._tree.top
        if top and top.wants_key:
            self._problems.stop(*_bad_key(event, "an alias"))
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            message = "a text that begins with * is an alias, and no anchor of this name is defined above"
            self._problems.add(
                event_span(event), "yaml.alias", message, "put the text in quotes, or define it with &"
            )
            anchor = _Anchor(None, 1, 0, 0)
        self._count(event, anchor.nodes, anchor.chars)
        self._check_depth(event, anchor.height)
        self._tree.put(event, _copy(anchor.value), anchor.height)

    def _begin(self, event: Any) -> None:
        mapping = type(event) is yaml.MappingStartEvent
        top = self._tree.top
        if top and top.wants_key:
            self._refuse_key(event, top, mapping=mapping)
        if event.tag not in (None, "!", CORE + ("map" if mapping else "seq")):
            self._problems.add(self._span_of_tag(event), *bad_tag().words)
        self._sizes.append((self._nodes, self._chars))
        self._count(event, 1, 0)
        self._check_depth(event, 1)
        self._tree.begin(event, {} if mapping else [])

    def _span_of_tag(self, event: Any) -> Span:
        found = _TAG.match(self._text, event.start_mark.index)
        return Lines(self._text).span(*found.span()) if found else event_span(event)

    def _finish(self, event: Any) -> None:
        done = self._tree.finish(event)
        nodes, chars = self._sizes.pop()
        # an anchor exists only from here on, so that its value cannot contain an alias of itself
        if done.event.anchor is not None:
            anchor = _Anchor(done.value, self._nodes - nodes, self._chars - chars, done.height)
            self._anchors[done.event.anchor] = anchor

    def _refuse_key(self, event: Any, top: Branch, *, mapping: bool) -> NoReturn:
        if mapping and top.event.flow_style and event.start_mark.index == top.event.end_mark.index:
            self._problems.stop_at(bare_template(top.event.start_mark.index, self._text))
        self._problems.stop(*_bad_key(event, "a mapping" if mapping else "a list"))

    def _count(self, event: Any, nodes: int, chars: int) -> None:
        self._nodes += nodes
        self._chars += chars
        if self._nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values, aliases counted each time"
        elif self._chars > MAX_BYTES:
            message = f"the file holds more than {MAX_BYTES:,} characters, aliases counted each time"
        else:
            return
        self._problems.stop(
            event_span(event), "yaml.too-many", message, "split the file, or use fewer aliases"
        )

    def _check_depth(self, event: Any, height: int) -> None:
        if len(self._tree.branches) + height > MAX_DEPTH:
            self._problems.stop(event_span(event), *TOO_DEEP)


def _bad_key(event: Any, what: str) -> tuple[Span, str, str, str]:
    return (
        event_span(event),
        "yaml.key-type",
        f"a key must be a text, but this one is {what}",
        "put it in quotes",
    )


def _is_as_written(event: Any, text: str) -> bool:
    """Whether a text on one line is written in the file character by character."""
    start, end = event.start_mark, event.end_mark
    bare = event.anchor is None and event.tag is None
    return (
        bare and start.line == end.line and end.index - start.index - len(text) == (2 if event.style else 0)
    )


def _copy(value: Any) -> Any:
    """A copy for each alias, so that a change of one place does not change others; depth is bounded."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _explained(error: yaml.MarkedYAMLError, text: str) -> YamlFault:
    mark = error.problem_mark or error.context_mark
    opened = error.context_mark.index if error.context_mark else None
    phrase = ": ".join(filter(None, (error.context, error.problem)))
    return explain(phrase, mark.index if mark else 0, opened, text)
