"""The sources of an answer, which servers name beside it in many forms."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from imbot.model import Citation

MOST = 50
# Where lists of sources stand, in a document and in a piece or message of it.
_LISTS = ("citations", "search_results", "annotations", "references", "web_search", "sources")
_NESTED = ("search_info", "context")  # of DashScope, of Azure: what holds such lists in turn
_WRAPPED = ("url_citation", "source", "document", "web")  # what holds the fields of one source in turn
_TITLES = ("title", "name", "document_name", "site_name", "filename", "file_name", "filepath")
_ADDRESSES = ("url", "link", "uri", "href")
_SNIPPETS = ("snippet", "content", "text", "summary", "quote", "cited_text")


class Citations:
    """Collects the sources of one answer, each once, in the order in which they were first named."""

    def __init__(self) -> None:
        self._found: dict[str, Citation] = {}

    def __iter__(self) -> Iterator[Citation]:
        return iter(self._found.values())

    def read(self, part: Mapping[str, Any]) -> None:
        """Note the sources in a document, or in a piece or message of it; anything may be in there."""
        for key in _LISTS:
            if isinstance(named := part.get(key), list):
                for source in islice(named, MOST):
                    self._note(source)
        for key in _NESTED:
            if isinstance(nested := part.get(key), Mapping):
                self.read({name: nested[name] for name in _LISTS if name in nested})

    def _note(self, source: Any) -> None:
        if isinstance(source, str):
            source = {"url" if "://" in source else "title": source}
        if not isinstance(source, Mapping):
            return
        fields = dict(source)
        for key in _WRAPPED:
            if isinstance(inner := source.get(key), Mapping):
                fields |= inner
        address, title, snippet = (_first(fields, keys) for keys in (_ADDRESSES, _TITLES, _SNIPPETS))
        if not address.lower().startswith(("http://", "https://")):
            address = ""  # which no link may lead to
        identity = address or title
        if not identity or (identity not in self._found and len(self._found) >= MOST):
            return
        known = self._found.get(identity, Citation(""))
        self._found[identity] = Citation(
            known.title if known.title not in ("", _host(address)) else title or _host(address),
            address,
            known.snippet or snippet,
        )


def _first(fields: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next(
        (value.strip() for key in keys if isinstance(value := fields.get(key), str) and value.strip()), ""
    )


def _host(address: str) -> str:
    """The title of a source that has none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return address
