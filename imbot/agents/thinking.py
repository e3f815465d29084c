"""Inline reasoning: separates ``<think>…</think>`` from an answer that arrives in pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imbot.model import ReasoningDelta, TextDelta, TextReplace

OPEN, CLOSE = "<think>", "</think>"

SpokenEvent = TextDelta | TextReplace | ReasoningDelta


_SLICE = 4096  # characters processed at once, so that the work for a piece grows only linearly


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
    answer so far is taken back. A tag that is quoted as code stays text.
    """

    def __init__(self) -> None:
        self._held = ""  # held back, as it may be the beginning of a tag
        self._said: list[str] = []
        self._code = _Code()  # the state before the ...
        self._uncounted: list[str] = []  # ... last pieces, which are only counted when a tag comes
        self._thinking = False
        self._tagged = False
        self._fresh = True  # only white space since the last tag

    def feed(self, piece: str) -> Iterable[SpokenEvent]:
        """The events of one piece."""
        if not piece:
            return ()
        if "<" not in piece and not (self._held or self._fresh or self._thinking) and len(piece) <= _SLICE:
            return (self._spoken(piece),)  # the usual case
        slices = (piece[start : start + _SLICE] for start in range(0, len(piece), _SLICE))
        return (event for each in slices for event in self._feed(each))

    def _feed(self, piece: str) -> Iterator[SpokenEvent]:
        text, self._held = self._held + piece, ""
        while text:
            start, tag = self._next_tag(text)
            if tag:
                yield from self._say(text[:start])
                yield from self._pass_tag(tag)
                text = text[start + len(tag) :]
            else:
                keep = _cut_tag(text)
                self._held = text[keep:]
                yield from self._say(text[:keep])
                return

    def close(self) -> Iterator[SpokenEvent]:
        """The text that was held back as a possible tag."""
        held, self._held = self._held, ""
        yield from self._say(held)

    def _next_tag(self, text: str) -> tuple[int, str]:
        if self._thinking:
            return text.find(CLOSE), CLOSE if CLOSE in text else ""
        tags = (OPEN,) if self._tagged else (OPEN, CLOSE)
        start = -1
        while (start := text.find("<", start + 1)) >= 0:
            tag = next((tag for tag in tags if text.startswith(tag, start)), "")
            if tag and not self._code_so_far().after(text[:start]).quoting:
                return start, tag
        return -1, ""

    def _code_so_far(self) -> _Code:
        self._code = self._code.after("".join(self._uncounted))
        self._uncounted.clear()
        return self._code

    def _pass_tag(self, tag: str) -> Iterator[SpokenEvent]:
        if tag == CLOSE and not self._thinking and self._said:
            yield ReasoningDelta("".join(self._said))
            yield TextReplace("")
            self._said.clear()
            self._uncounted.clear()
            self._code = _Code()
        self._thinking = tag == OPEN
        self._tagged = self._fresh = True

    def _say(self, text: str) -> Iterator[SpokenEvent]:
        if self._fresh:
            text = text.lstrip()
        if not text:
            return
        self._fresh = False
        if self._thinking:
            yield ReasoningDelta(text)
        else:
            yield self._spoken(text)

    def _spoken(self, text: str) -> TextDelta:
        self._said.append(text)
        self._uncounted.append(text)
        return TextDelta(text)


def _cut_tag(text: str) -> int:
    """Where a tag may begin whose rest has not come yet; the length of the text if there is none."""
    start = text.rfind("<", max(0, len(text) - len(CLOSE) + 1))
    cut = start >= 0 and any(tag.startswith(text[start:]) for tag in (OPEN, CLOSE))
    return start if cut else len(text)
