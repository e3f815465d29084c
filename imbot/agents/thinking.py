"""Inline reasoning: separates ``<think>…</think>`` and its relatives from an answer that arrives in pieces."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from imbot.model import ReasoningDelta, TextDelta, TextReplace

SpokenEvent = TextDelta | TextReplace | ReasoningDelta

# Models think between tags of these names, in any case, also with a prefix (``<seed:think>``) or attributes.
NAMES = (
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reflection",
    "scratchpad",
    "inner_monologue",
)
_OTHERS = {
    "[THINK]": "[/THINK]",  # Magistral
    "◁think▷": "◁/think▷",  # Kimi
    "<|START_THINKING|>": "<|END_THINKING|>",  # Command
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",  # gpt-oss
}
_BEGINS = re.compile(r"[<\[◁]")
_PREFIX = r"(?:[a-z][\w.-]{0,20}:)?"
_ATTRIBUTES = r"(?:\s[^<>]{0,60})?"
_UNFINISHED = re.compile(rf"</?(?:[\w:.-]{{0,60}}{_ATTRIBUTES})?\Z", re.IGNORECASE)
_LONGEST = 130  # characters of a tag
_SLICE = 4096  # characters processed at once, so that the work for a piece grows only linearly


@cache
def _tags(more_names: frozenset[str]) -> re.Pattern[str]:
    """Every tag; the group ``opens`` or ``closes`` has its name, and none of them is there for the ``_OTHERS``."""
    names = "|".join(map(re.escape, sorted({*NAMES, *more_names}, key=len, reverse=True)))
    others = "|".join(map(re.escape, (*_OTHERS, *_OTHERS.values())))
    return re.compile(
        rf"<(?P<opens>(?i:{_PREFIX}(?:{names}))){_ATTRIBUTES}(?<!/)>"
        rf"|</(?P<closes>(?i:{_PREFIX}(?:{names})))\s{{0,9}}>|{others}"
    )


def _closing(tag: re.Match[str]) -> tuple[bool, str]:
    """Whether a tag opens, and what it closes with: in lower case, or one of the ``_OTHERS``."""
    if name := tag["opens"] or tag["closes"]:
        return bool(tag["opens"]), f"</{name.lower()}>"
    return tag[0] in _OTHERS, _OTHERS.get(tag[0], tag[0])


@dataclass(frozen=True, slots=True)
class _Code:
    """Whether a text ends within code, from the fences (``` marks) in it so far and its last character."""

    marks: int = 0  # in runs that have ended
    run: int = 0  # backticks at the end
    last: str = ""

    @property
    def quoting(self) -> bool:
        """Whether what follows is quoted, or within code."""
        return self.last in ("`", '"', "'") or (self.marks + self.run // 3) % 2 == 1

    def after(self, text: str) -> "_Code":
        """The state after this text has been added."""
        body = text.lstrip("`")
        run = self.run + len(text) - len(body)
        if not body:
            return _Code(self.marks, run, text[-1:] or self.last)
        ended = body.rstrip("`")
        return _Code(self.marks + run // 3 + ended.count("```"), len(body) - len(ended), text[-1])


class ThinkSplitter:
    """Separates answer and reasoning in one reply.

    Tags may be split over pieces. If only a closing tag comes, all text before it was reasoning, so the
    answer so far is taken back. A tag that is quoted as code stays text. ``more_names`` are names of further tags.
    """

    def __init__(self, more_names: Collection[str] = ()) -> None:
        self._tags = _tags(frozenset(more_names))
        self._held = ""  # held back, as it may be the beginning of a tag
        self._said: list[str] = []
        self._code = _Code()  # the state before the ...
        self._uncounted: list[str] = []  # ... last pieces, which are only counted when a tag comes
        self._until = ""  # what closes the reasoning; empty outside of it
        self._tagged = False
        self._fresh = True  # only white space since the last tag

    def feed(self, piece: str) -> Iterable[SpokenEvent]:
        """The events of one piece."""
        if not piece:
            return ()
        usual = not (self._held or self._fresh or self._until) and len(piece) <= _SLICE
        if usual and not _BEGINS.search(piece):
            return (self._spoken(piece),)
        slices = (piece[start : start + _SLICE] for start in range(0, len(piece), _SLICE))
        return (event for each in slices for event in self._feed(each))

    def _feed(self, piece: str) -> Iterator[SpokenEvent]:
        text, self._held = self._held + piece, ""
        while text:
            if tag := self._next_tag(text):
                yield from self._say(text[: tag.start()])
                yield from self._pass_tag(*_closing(tag))
                text = text[tag.end() :]
            else:
                keep = _cut_tag(text)
                self._held = text[keep:]
                yield from self._say(text[:keep])
                return

    def close(self) -> Iterator[SpokenEvent]:
        """The text that was held back as a possible tag."""
        held, self._held = self._held, ""
        yield from self._say(held)

    def _next_tag(self, text: str) -> re.Match[str] | None:
        for tag in self._tags.finditer(text):
            opens, closing = _closing(tag)
            if self._until:
                if not opens and closing == self._until:
                    return tag
            elif (opens or not self._tagged) and not self._code_so_far().after(text[: tag.start()]).quoting:
                return tag
        return None

    def _code_so_far(self) -> _Code:
        self._code = self._code.after("".join(self._uncounted))
        self._uncounted.clear()
        return self._code

    def _pass_tag(self, opens: bool, closing: str) -> Iterator[SpokenEvent]:
        if not (opens or self._until) and self._said:
            yield ReasoningDelta("".join(self._said))
            yield TextReplace("")
            self._said.clear()
            self._uncounted.clear()
            self._code = _Code()
        self._until = closing if opens else ""
        self._tagged = self._fresh = True

    def _say(self, text: str) -> Iterator[SpokenEvent]:
        if self._fresh:
            text = text.lstrip()
        if not text:
            return
        self._fresh = False
        if self._until:
            yield ReasoningDelta(text)
        else:
            yield self._spoken(text)

    def _spoken(self, text: str) -> TextDelta:
        self._said.append(text)
        self._uncounted.append(text)
        return TextDelta(text)


def _cut_tag(text: str) -> int:
    """Where a tag may begin whose rest has not come yet; the length of the text if there is none."""
    for begin in _BEGINS.finditer(text, max(0, len(text) - _LONGEST)):
        rest = text[begin.start() :]
        if _UNFINISHED.match(rest) or any(tag.startswith(rest) for each in _OTHERS.items() for tag in each):
            return begin.start()
    return len(text)
