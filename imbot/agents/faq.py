"""The ``faq`` agent: answers from Markdown files, which ``knowledge`` reads and ``ranking`` searches."""

from collections.abc import AsyncGenerator, Sequence
from weakref import WeakValueDictionary

from imbot.agents.knowledge import KnowledgeEntry, read_entries
from imbot.agents.pieces import pieces
from imbot.agents.ranking import Index, Match
from imbot.agents.settings import setting_error
from imbot.model import AgentEvent, Citation, Exchange, Finished, Message, NotFound, Suggestions, TextDelta
from imbot.spec import AgentSpec, Folder, Timeouts

_CLEAR = 0.85  # of the best score: a second entry above that may be meant as well
_MOST_PIECES = 60  # of an answer
_MOST_ENTRIES = 20_000  # all of them are compared with every question
_PIECE_CHARS = 8  # the least length of a piece

_NEWEST = WeakValueDictionary[str, Index]()  # by the path of the folder: the next index is made from it


class FaqAgent:
    """Answers if one entry matches clearly, and offers similar questions."""

    wants_history = False
    address = None

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:  # noqa: ARG002 - every agent is made this way
        settings = spec.settings
        self._threshold = float(settings["threshold"])
        self._suggestions = int(settings["suggestions"])
        self._delay_s = float(settings["delay"])
        folder = settings["knowledge"]
        self._index = Index(_entries(spec, folder), _NEWEST.get(folder.path))
        _NEWEST[folder.path] = self._index

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:  # noqa: ARG002 - each question stands alone
        """The answer with its source, or ``NotFound``; then similar questions."""
        import asyncio

        matches = await asyncio.to_thread(self._index.search, message.text or "")
        winner = self._winner(matches)
        if winner:
            async for event in self._say(winner):
                yield event
        else:
            yield NotFound()
        near = [match.entry.title for match in matches if self._near(match) and match.entry is not winner]
        if near and self._suggestions:
            yield Suggestions(tuple(near[: self._suggestions]))
        yield Finished()

    async def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _winner(self, matches: Sequence[Match]) -> KnowledgeEntry | None:
        """The entry that matches well, and clearly better than all others; None if there is none."""
        if not matches:
            return None
        best, *others = matches
        clear = best.exact or not others or others[0].score < best.score * _CLEAR
        return best.entry if clear and best.score >= self._threshold else None

    def _near(self, match: Match) -> bool:
        return match.score >= self._threshold / 2

    async def _say(self, entry: KnowledgeEntry) -> AsyncGenerator[AgentEvent]:
        import asyncio

        count = min(_MOST_PIECES, len(entry.answer) // _PIECE_CHARS + 1)
        for number, text in enumerate(pieces(entry.answer, count)):
            if number:
                await asyncio.sleep(self._delay_s)
            yield TextDelta(text)
        yield Citation(f"{entry.file} › {entry.heading}")


def _entries(spec: AgentSpec, folder: Folder) -> list[KnowledgeEntry]:
    if not folder.files:
        raise setting_error(
            spec,
            "knowledge",
            f"there is no Markdown file in `{folder.path}`",
            code="agent.knowledge",
            hint="put *.md files there",
        )
    entries = read_entries(folder)
    if not entries:
        raise setting_error(
            spec,
            "knowledge",
            f"no file in `{folder.path}` has a heading with a text below it",
            code="agent.knowledge",
            hint="write `## a question`, and its answer below",
        )
    if len(entries) > _MOST_ENTRIES:
        raise setting_error(
            spec,
            "knowledge",
            f"`{folder.path}` holds more than {_MOST_ENTRIES:,} questions",
            code="agent.knowledge",
            hint="keep only what people ask for, or split the bot",
        )
    return entries
