"""Inline reasoning: takes ``<think>…</think>`` out of an answer that arrives in pieces."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imbot.model import ReasoningDelta, TextDelta, TextReplace

OPEN, CLOSE = "<think>", "</think>"

SpokenEvent = TextDelta | TextReplace | ReasoningDelta


_SLICE = 4096  # characters: the work for a piece must not grow faster than the piece


@dataclass(frozen=True, slots=True)
class _Code:
    """Whether what was said so far ends inside code: as many marks as its runs of backticks hold, and its last sign."""

    marks: int = 0  # in runs that have ended
    run: int = 0  # backticks at the end
    last: str = ""

    @property
    def quoting(self) -> bool:
        """Whether what comes next is quoted."""
        return self.last in ("`", '"', "'") or (self.marks + self.run // 3) % 2 == 1

    def after(self, text: str) -> "_Code":
        """The same after this text."""
        body = text.lstrip("`")
        run = self.run + len(text) - len(body)
        if not body:
            return _Code(self.marks, run, text[-1:] or self.last)
        ended = body.rstrip("`")
        return _Code(self.marks + run // 3 + ended.count("```"), len(body) - len(ended), text[-1])


class ThinkSplitter:
    """Tells answer from reasoning in one reply.

    Tags may be cut across pieces. Where only the closing tag comes, all text before it was
    reasoning after all, so what was said is taken back. A tag quoted as code stays text.
    """

    def __init__(self) -> None:
        self._held = ""  # may be the beginning of a tag
        self._said: list[str] = []
        self._code = _Code()  # after all that was said but the last pieces, ...
        self._uncounted: list[str] = []  # ... which matter only to a tag
        self._thinking = False
        self._tagged = False
        self._fresh = True  # nothing but space since the last tag

    def feed(self, piece: str) -> Iterable[SpokenEvent]:
        """What this piece adds to the answer and to the reasoning."""
        if not piece:
            return ()
        if "<" not in piece and not (self._held or self._fresh or self._thinking) and len(piece) <= _SLICE:
            return (self._spoken(piece),)  # most pieces are like that
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
        """What was held back as a possible tag and was none."""
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
    """Where a tag may begin whose rest has not come yet; the text's length if nowhere."""
    start = text.rfind("<", max(0, len(text) - len(CLOSE) + 1))
    cut = start >= 0 and any(tag.startswith(text[start:]) for tag in (OPEN, CLOSE))
    return start if cut else len(text)
