"""The text of one answer while it arrives: without reasoning, and without what a server says twice.

Many servers repeat the whole answer at its end, as one more piece or as a message of its own.
"""

from collections.abc import Collection, Iterable, Iterator

from imbot.agents.thinking import SpokenEvent, ThinkSplitter
from imbot.model import ReasoningDelta, TextDelta, TextReplace

_WORDS = 6  # characters; a shorter piece may well be said twice in a row, such as "ha" and "ha"
_SPACE = 8  # characters of white space by which a repetition may differ


class AnswerText:
    """Ask ``news`` what is new in a piece, then pass that to ``add``; at the end call ``close``."""

    def __init__(self, thinking_tags: Collection[str] = ()) -> None:
        self._thinking_tags = thinking_tags
        self._splitter = ThinkSplitter(thinking_tags)
        self._sent: list[str] = []  # as it came, with reasoning
        self._shown: list[str] = []
        self._sent_chars = self._shown_chars = self._pieces = 0
        self._held = ""  # a piece that equals all before it: more text shows that it was no repetition
        self._whole = False  # whether all of it came as whole messages
        self._reasoned = False

    @property
    def said(self) -> bool:
        """Whether there is anything to show."""
        return any(map(str.strip, self._shown))

    def news(self, piece: str, *, last: bool) -> str:
        """What is new in a piece; ``last``: the server says that it is the last one."""
        if not piece.strip():
            return piece if not self._held else ""
        repeated = "" if self._held else self._repeated(piece)
        if repeated and repeated == piece.strip():
            self._held = piece
            return ""
        if repeated and last:  # all that was said, with the last words
            return piece[piece.index(repeated) + len(repeated) :]
        held, self._held = self._held, ""
        return held + piece

    def add(self, piece: str) -> Iterator[SpokenEvent]:
        """The events of a new piece."""
        if piece:
            self._sent.append(piece)
            self._sent_chars += len(piece)
            self._pieces += 1
            self._whole = False
            yield from self._noted(self._splitter.feed(piece))

    def reason(self, text: str) -> Iterator[SpokenEvent]:
        """The event of a piece of reasoning that the server itself tells apart."""
        if text:
            self._reasoned = True
            yield ReasoningDelta(text)

    def replace(self, text: str, reasoning: str) -> Iterator[SpokenEvent]:
        """The events of a message that holds the whole answer; some servers send its pieces as messages, too."""
        if not self._reasoned:
            yield from self.reason(reasoning)
        sent = _joined(self._sent)
        if not sent.strip() or (self._whole and not text.startswith(sent)):
            yield from self.add(text)
            self._whole = bool(text)
            return
        self._held = ""
        if not text.strip():
            return
        splitter = ThinkSplitter(self._thinking_tags)
        events = [*splitter.feed(text), *splitter.close()]
        shown = ""
        for event in events:
            if isinstance(event, ReasoningDelta):
                if not self._reasoned:
                    yield event
            else:
                shown = shown + event.text if isinstance(event, TextDelta) else event.text
        if shown.strip() != _joined(self._shown).strip():
            self._shown, self._shown_chars = [shown], len(shown)
            yield TextReplace(shown)
        self._splitter, self._sent, self._sent_chars = splitter, [text], len(text)

    def close(self) -> Iterator[SpokenEvent]:
        """The last events."""
        yield from self._noted(self._splitter.close())

    def _repeated(self, piece: str) -> str:
        """All that was sent or shown so far, if this piece begins with it; else empty."""
        if self._pieces < 2 and len(piece) < _WORDS:
            return ""
        for parts, chars in ((self._sent, self._sent_chars), (self._shown, self._shown_chars)):
            if 0 < chars <= len(piece) + _SPACE:
                before = _joined(parts).strip()
                if before and piece.lstrip().startswith(before):
                    return before
        return ""

    def _noted(self, events: Iterable[SpokenEvent]) -> Iterator[SpokenEvent]:
        """The same events, noting what is shown; one by one, as a long piece may hold many."""
        for event in events:
            if isinstance(event, ReasoningDelta):
                self._reasoned = True
            else:
                if isinstance(event, TextReplace):
                    self._shown, self._shown_chars = [], 0
                self._shown.append(event.text)
                self._shown_chars += len(event.text)
            yield event


def _joined(parts: list[str]) -> str:
    """The whole text; joins in place, so that reading often stays cheap."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
