"""Splits a text into words: Chinese into characters and pairs of them, other scripts into stems.

Chinese has no spaces, so pairs of characters serve as words. Words that every question has (how, please, 怎么,
请问) are left out, in questions and in the texts that are searched.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_CHAR_CREDIT = 0.4  # for a character that is found without its neighbours
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
_FILLER = re.compile(
    "请问一下|请问|麻烦|你好|您好|大家好|谢谢|感谢|帮我|一下|为什么|什么时候|什么时间|什么样|是什么|有什么|什么|"
    "多长时间|多长|多久|多少钱|多少|几点|几号|几天|怎么样|怎么办|怎么|怎样|如何|可不可以|可以|能不能|能否|是不是|是否|有没有|"
    "由谁|谁|哪里|哪儿|哪个|哪些|哪家|我们|你们|咱们|我想要|我想|我要|想要|需要|应该|的话|一个|这个|那个|时间|"
    "[我你您他她它的了吗呢吧啊呀嘛么怎在是有要想会能这那和与及就都也很还几]"
)
_STOP_WORDS = re.compile(
    "a|an|and|are|as|at|be|by|can|could|did|do|does|doing|for|from|get|hello|hey|hi|how|i|if|in|into|is|it|me|my|"
    "of|on|or|our|please|should|so|thank|thanks|that|the|their|there|this|to|us|was|we|what|when|where|which|who|"
    "why|will|with|would|you|your"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a character with the pairs it belongs to."""

    text: str
    pairs: tuple[str, ...] = ()

    def credit(self, tokens: frozenset[str]) -> float:
        """How well it is found among tokens, from 0 to 1."""
        if any(pair in tokens for pair in self.pairs):
            return 1.0
        if self.text not in tokens:
            return 0.0
        return _CHAR_CREDIT if self.pairs else 1.0


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order."""
    for run in _runs(text):
        if _IS_CJK.match(run):
            pairs = _pairs(run)
            yield from (Word(char, tuple(pairs[max(0, at - 1) : at + 1])) for at, char in enumerate(run))
        else:
            yield Word(run)


def tokens(text: str) -> frozenset[str]:
    """The tokens by which a text is found: its words, characters and pairs."""
    found: set[str] = set()
    for run in _runs(text):
        found.update((*run, *_pairs(run)) if _IS_CJK.match(run) else (run,))
    return frozenset(found)


def plain(text: str) -> str:
    """A question without punctuation and case, to see whether two are the same."""
    return "".join(re.findall(r"\w+", _normal(text)))


def is_word(token: str) -> bool:
    """Whether a token is a word, not a Chinese character or pair."""
    return not _IS_CJK.match(token)


def _runs(text: str) -> Iterator[str]:
    """The stems of words, and unbroken runs of Chinese."""
    joined = re.sub(r"(?<=\w)['’-](?=\w)", "", _normal(text))  # can't, Wi-Fi
    for run in _RUNS.findall(_FILLER.sub(" ", joined)):
        if _IS_CJK.match(run):
            yield run
        elif not _STOP_WORDS.fullmatch(run):
            yield _stem(run)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _stem(word: str) -> str:
    """The word roughly without plural, -ing and -ed; questions and answers are treated alike."""
    for ending in ("ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            stem = word[: -len(ending)] + ("y" if ending in ("ied", "ies") else "")
            return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word
