"""Pictures and files that an agent writes into its answer as ``data:`` addresses: pages of letters, which no card shows."""

import re
from collections.abc import Callable

_LONGEST_START = 600  # characters up to the first letter of the data
_LONGEST_END = 300  # characters after the last one
_MARK = "data:"
_START = re.compile(
    r"""(?: (?P<link> !?\[[^\[\]\n]{0,200}\]\(\s{0,3}<? )
          | (?P<tag> <(?:img|source|a)\b[^<>]{0,200}?=\s{0,3}["']? )
        )?
        data:(?:image|audio|video|application|font)/[\w.+-]{1,60}(?:;[\w.+-]{1,40}(?:=[\w.+-]{1,40})?){0,4},
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DATA = re.compile(r"(?:[!#$%&*+,\-./0-9:;=?@A-Z\\^_a-z|~]|\r?\n(?=[+/0-9=A-Za-z]))*")
_BARE = re.compile(r"[%+\-/0-9=A-Z_a-z]*")
_ENDS = {
    "link": re.compile(r">?(?:\s{1,3}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'))?\s{0,3}\)"),
    "tag": re.compile(r"[^<>]{0,300}>"),
}


class Embedded:
    """Leaves the embedded data out of one growing text. Every start and every end may come in pieces."""

    def __init__(self) -> None:
        self._before = ""  # the end of the text so far
        self._inside = ""  # `link`, `tag` or `bare`: the data goes on
        self._break = ""  # a line break within the data, perhaps: that depends on the next piece
        self._end = ""  # what came behind the data, and may be the end of its link or tag

    def without(self, text: str, note: Callable[[], str]) -> tuple[int, str]:
        """What a new piece of text means: how many characters at the end to take back, and what to add then.

        ``note`` gives the line that stands in the place of the data.
        """
        back, added = 0, ""
        while text:
            if self._inside:
                text = self._behind(text)
                continue
            known, window = len(self._before), self._before + text
            found = _START.search(window) if _MARK in window or _MARK in window.lower() else None
            if found is None:
                self._before = window[-_LONGEST_START:]
                return back, added + text
            begin = found.start()
            back = max(back, known - begin) if not added else back
            added += window[known:begin] + note()
            self._inside, self._before, self._end = found.lastgroup or "bare", "", ""
            text = window[found.end() :]
        return back, added

    def _behind(self, text: str) -> str:
        """What of a text comes behind the data that is being left out."""
        if not self._end:
            text, self._break = self._break + text, ""
            data = (_BARE if self._inside == "bare" else _DATA).match(text)
            text = text[data.end() :] if data else text
            if not text or text in ("\r", "\n", "\r\n"):
                self._break = text
                return ""
        self._end += text
        ending = _ENDS.get(self._inside)
        found = ending.match(self._end) if ending else None
        if ending and not found and len(self._end) < _LONGEST_END and "\n" not in self._end:
            return ""
        rest = self._end[found.end() :] if found else self._end
        self._inside = self._end = ""
        return rest
