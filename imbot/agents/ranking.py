"""Finds the entry that answers a question: a full-text index finds candidates, coverage scores them.

The scores of the index cannot be compared between questions. Coverage can: it is how much of the question is
in a heading (or an alias), and how much of the heading is in the question.
"""

import math
import sqlite3
import weakref
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from threading import Lock

from imbot.agents.knowledge import KnowledgeEntry
from imbot.agents.words import Word, is_word, plain, tokens, words

_CANDIDATES = 20
_QUESTION_WORDS = 100  # words of a question that are used, so that no question becomes expensive
_BODY_CREDIT = 0.4  # for a word that is only in the answer
_ALIKE = 0.75  # similarity above which a word may be a misspelling of another


@dataclass(frozen=True, slots=True)
class Match:
    """An entry and how well it matches a question, from 0 to 1; ``exact``: it was asked word for word."""

    entry: KnowledgeEntry
    score: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class _Text:
    words: tuple[Word, ...]
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Indexed:
    entry: KnowledgeEntry
    phrasings: tuple[_Text, ...]
    asked: frozenset[str]
    body: frozenset[str]

    @property
    def tokens(self) -> frozenset[str]:
        """All by which the entry is found."""
        return self.asked | self.body


class Postings:
    """Entries by their rows in a full-text database, and how many entries have each word."""

    def __init__(self) -> None:
        self.entries: dict[int, _Indexed] = {}
        self.frequency = Counter[str]()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)  # used under the index's lock
        self.database.execute("CREATE VIRTUAL TABLE entries USING fts5(asked, body)")
        self._rows: dict[KnowledgeEntry, int] = {}

    def copy(self) -> "Postings":
        """The same in a database of its own."""
        new = Postings()
        self.database.backup(new.database)
        new.entries, new.frequency, new._rows = self.entries.copy(), self.frequency.copy(), self._rows.copy()
        return new

    def change_to(self, entries: Mapping[KnowledgeEntry, None]) -> None:
        """Drop the entries that are not among these, and add those that are new."""
        for gone in self._rows.keys() - entries.keys():
            row = self._rows.pop(gone)
            self.frequency.subtract(self.entries.pop(row).tokens)
            self.database.execute("DELETE FROM entries WHERE rowid = ?", (row,))
        self.frequency = +self.frequency  # without the words that no entry has any more
        first = max(self.entries, default=-1) + 1
        for row, entry in enumerate((each for each in entries if each not in self._rows), first):
            indexed = _indexed(entry)
            self._rows[entry], self.entries[row] = row, indexed
            self.frequency.update(indexed.tokens)
            values = (row, " ".join(indexed.asked), " ".join(indexed.body))
            self.database.execute("INSERT INTO entries (rowid, asked, body) VALUES (?, ?, ?)", values)
        self.database.commit()


class Index:
    """The entries of one folder, searchable from any thread. Closing or dropping it closes its database.

    ``earlier`` is an index of the same folder, if there is one. It is copied, so that an edit of a large folder takes
    the work of the entries that changed only.
    """

    def __init__(self, entries: Sequence[KnowledgeEntry], earlier: "Index | None" = None) -> None:
        self._exact = {
            plain(text): entry
            for entry in reversed(entries)
            for text in (*entry.aliases, entry.title)
            if plain(text)
        }
        self._postings = (earlier and earlier.postings()) or Postings()
        self._postings.change_to(dict.fromkeys(entries))
        self._entries, self._frequency = self._postings.entries, self._postings.frequency
        self._vocabulary = _vocabulary(self._entries.values())
        # `check` makes agents and drops them unclosed, often without an event loop that could close them.
        self._let_go = weakref.finalize(self, self._postings.database.close)
        self._lock = Lock()

    def postings(self) -> Postings | None:
        """A copy of what it holds; None if it is closed."""
        with self._lock:
            return self._postings.copy() if self._let_go.alive else None

    def search(self, question: str) -> list[Match]:
        """The entries that have anything in common with the question, the best first."""
        exact = self._exact.get(plain(question))
        asked = _text(map(self._corrected, islice(words(question), _QUESTION_WORDS)))
        found = (self._entries[row] for row in self._candidates(asked.tokens))
        matches = [Match(one.entry, self._score(asked, one)) for one in found if one.entry is not exact]
        matches.sort(key=lambda match: -match.score)
        return [Match(exact, 1.0, exact=True), *matches] if exact else matches

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._let_go()

    def _candidates(self, sought: frozenset[str]) -> list[int]:
        if not sought:
            return []
        terms = " OR ".join(f'"{token}"' for token in sorted(sought))
        query = "SELECT rowid FROM entries WHERE entries MATCH ? ORDER BY bm25(entries, 8, 1) LIMIT ?"
        with self._lock:
            return [row for (row,) in self._postings.database.execute(query, (terms, _CANDIDATES))]

    def _corrected(self, word: Word) -> Word:
        """The word, or the similar word of a heading if it does not occur in any entry."""
        if word.pairs or word.text in self._frequency or len(word.text) < 3:
            return word
        close = get_close_matches(word.text, self._vocabulary.get(word.text[0], ()), n=1, cutoff=_ALIKE)
        return Word(close[0]) if close else word

    def _score(self, asked: _Text, indexed: _Indexed) -> float:
        """How well question and heading cover each other, or the share of the question found in the entry."""
        everything = indexed.tokens
        body = [_BODY_CREDIT * word.credit(indexed.body) for word in asked.words]
        best = _BODY_CREDIT * self._share(asked, [word.credit(everything) for word in asked.words])
        for phrasing in indexed.phrasings:
            forth = [
                max(word.credit(phrasing.tokens), least)
                for word, least in zip(asked.words, body, strict=True)
            ]
            back = [word.credit(asked.tokens) for word in phrasing.words]
            best = max(best, math.sqrt(self._share(asked, forth) * self._share(phrasing, back)))
        return best

    def _share(self, text: _Text, credit: Sequence[float]) -> float:
        """The credited part of the weight of a text, from 0 to 1."""
        weights = [self._weight(word) for word in text.words]
        return sum(map(float.__mul__, weights, credit)) / sum(weights)

    def _weight(self, word: Word) -> float:
        """The weight of a word: high for a rare one, nearly nothing for one that every entry has."""
        having = self._frequency[word.text]
        weight = math.log(1 + (len(self._entries) - having + 0.5) / (having + 0.5)) + 0.2
        return weight if is_word(word.text) else weight / 2  # Chinese words have about two characters


def _text(found: Iterable[Word]) -> _Text:
    found = tuple(found)
    return _Text(found, frozenset(token for word in found for token in (word.text, *word.pairs)))


def _indexed(entry: KnowledgeEntry) -> _Indexed:
    under_parent = [f"{parent} {entry.heading}" for parent in entry.parents[-1:]]
    texts = (_text(words(phrasing)) for phrasing in (entry.heading, *entry.aliases, *under_parent))
    phrasings = tuple(text for text in texts if text.words)
    asked = frozenset[str]().union(*(phrasing.tokens for phrasing in phrasings))
    return _Indexed(entry, phrasings, asked, tokens(entry.answer))


def _vocabulary(entries: Iterable[_Indexed]) -> dict[str, list[str]]:
    """The words of all headings by their first letter, which is seldom misspelt."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for token in sorted(frozenset[str]().union(*(entry.asked for entry in entries))):
        if is_word(token):
            found[token[0]].append(token)
    return dict(found)
