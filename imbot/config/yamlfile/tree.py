"""Builds the value of a YAML file from the parser's events, and records the places of its parts.

``yamlfile`` interprets the events; here mappings and lists are put together, keys checked and merges applied.
Of the events only the marks are used.
"""

from dataclasses import dataclass, field
from typing import Any

from imbot.config.yamlfile.problems import Problems
from imbot.errors import Marks, Span
from imbot.text.pointers import escape

MAX_DEPTH = 40
TOO_DEEP = (
    "yaml.too-deep",
    f"mappings and lists are nested more than {MAX_DEPTH} levels deep",
    "nest them less deeply",
)


@dataclass(slots=True)
class Branch:
    """A mapping or list that has begun but not ended."""

    value: Any
    pointer: str
    event: Any  # the one that began it
    height: int = 0  # of its highest child
    end: Any = None  # the mark where its last child ended
    key: str | None = None  # the key whose value comes next
    key_event: Any = None
    merging: bool = False  # that key is a merge
    merges: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a key."""
        return self.key is None and isinstance(self.value, dict)


class Tree:
    """The value that has been read so far."""

    def __init__(self, problems: Problems) -> None:
        self.root: Any = None
        self.branches: list[Branch] = []
        self.top: Branch | None = None  # the innermost of them
        self._values: dict[str, Span] = {}
        self._keys: dict[str, Span] = {}
        self._texts: dict[str, Span] = {}
        self._problems = problems

    @property
    def marks(self) -> Marks:
        """The places of everything that was read."""
        return Marks(self._values, self._keys, self._texts)

    def begin(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        """Open a mapping or list."""
        self.top = Branch(value, self._next(), event)
        self.branches.append(self.top)

    def finish(self, event: Any) -> Branch:
        """Close the innermost mapping or list and add it to its parent."""
        done = self.branches.pop()
        self.top = self.branches[-1] if self.branches else None
        for source, place in done.merges:
            self._merge(done, source, place)
        done.height += 1
        # the parser reports the end of a block only where the next thing begins
        if not done.event.flow_style and done.end is not None:
            event.end_mark = done.end
        event.start_mark = done.event.start_mark
        self.put(event, done.value, done.height)
        return done

    def put(self, event: Any, value: Any, height: int = 0) -> None:
        """Add a complete value to the innermost mapping or list."""
        at, top = self._next(), self.top
        self._values[at] = event_span(event)
        if top is None:
            self.root = value
            return
        top.end = event.end_mark
        top.height = max(top.height, height)
        if isinstance(top.value, list):
            top.value.append(value)
            return
        if top.merging:
            self._take_merge(top, event, value, at)
        else:
            top.value[top.key] = value
        top.key, top.merging = None, False

    def put_key(self, event: Any, key: str, *, merging: bool) -> None:
        """Set the key whose value comes next."""
        top = self.branches[-1]
        known = bool(top.merges) if merging else key in top.value
        top.key, top.key_event, top.end = key, event, event.end_mark
        top.merging = merging
        at = self._next()
        if not known:
            self._keys[at] = event_span(event)
            return
        first = self._keys[at]
        shown = key if len(key) <= 40 else f"{key[:39]}…"
        message = f"key {shown!r} is already given at line {first.line}, column {first.column}"
        self._problems.add(
            event_span(event),
            "yaml.duplicate-key",
            message,
            "keep one of the two, or check the indentation",
            at,
        )

    def mark_text(self, event: Any, lines: int, indent: int) -> None:
        """Record where the text of a block scalar begins; call it before ``put``."""
        start, end = event.start_mark, event.end_mark
        self._texts[self._next()] = Span(start.line + 1 + lines, indent + 1, end.line + 1, end.column + 1)

    def mark_line(self, event: Any, quote: int) -> None:
        """The same for a text on one line, after ``quote`` characters of quotes."""
        span = event_span(event)
        self._texts[self._next()] = Span(
            span.line, span.column + quote, span.end_line, span.end_column - quote
        )

    def _next(self) -> str:
        top = self.top
        if top is None:
            return ""
        last = len(top.value) if isinstance(top.value, list) else escape(top.key or "")
        return f"{top.pointer}/{last}"

    def _take_merge(self, top: Branch, event: Any, value: Any, at: str) -> None:
        listed = isinstance(value, list)
        sources = value if listed else [value]
        places = [f"{at}/{index}" for index in range(len(value))] if listed else [at]
        if all(isinstance(source, dict) for source in sources):
            top.merges = list(zip(sources, places, strict=True))
            return
        message = "the key << merges a mapping or a list of mappings, and this is neither"
        self._problems.add(
            event_span(event), "yaml.merge", message, "write <<: *name, or put << in quotes", at
        )

    def _merge(self, into: Branch, source: dict[str, Any], place: str) -> None:
        """Add the keys of a merge; keys of the mapping itself and of earlier merges win."""
        for key, value in source.items():
            if key not in into.value:
                into.value[key] = value
                here, there = f"{into.pointer}/{escape(key)}", f"{place}/{escape(key)}"
                self._values[here] = self._values.get(there, self._values[place])
                self._keys[here] = self._keys.get(there, self._values[place])


def event_span(event: Any) -> Span:
    """The place of an event, in lines and columns from 1."""
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
