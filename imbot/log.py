"""Logging: readable lines or JSON, with everything secret cut out before it is written."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from copy import copy

from imbot.text.masking import MASK, KnownSecrets, cut_urls
from imbot.text.sanitize import printable, printable_json

# Credentials that a URL, a header or a library's own logging may bring into a line.
_PATTERNS = re.compile(
    r"(?i)((?:ticket|access_token|session|secret|api_key|appsecret|token)=|Bearer\s+)[^\s&\"',;)]+"
)


class Redactor(logging.Filter):
    """Replaces known secrets, and anything that looks like a credential, by ``***``."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets = KnownSecrets()

    def hide(self, values: Iterable[str]) -> None:
        """Replace these values, too, from now on."""
        self._secrets.hide(values)

    def clean(self, text: str) -> str:
        """The text with ``***`` instead of secrets."""
        text = cut_urls(self._secrets.cut(text))
        suspect = "=" in text or "bearer" in text.lower()
        return _PATTERNS.sub(rf"\1{MASK}", text) if suspect else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place; always returns True."""
        record.msg = self.clean(record.getMessage())
        record.args = None
        if hasattr(record, "lines"):  # the message as several lines, for people
            record.lines = [self.clean(line) for line in record.lines]
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for key in ("bot", "bots"):  # a reload's steps, as `reload.report.step_json` makes them
            if hasattr(record, key):
                line[key] = getattr(record, key)
        if record.exc_text:
            line["error"] = record.exc_text
        return printable_json(json.dumps(line, ensure_ascii=False))


redactor = Redactor()


class Readable(logging.Formatter):
    """Formats a record as the time of day and the message: one line, or one for each of ``record.lines``.

    A traceback is indented below it. Whatever is in a message, it forges no other line and sends no commands to a
    terminal.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name of the standard library
        """The line itself."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The formatted line or lines, and what is below them."""
        return "\n".join(map(self._with_below, _parts(record)))

    def _with_below(self, record: logging.LogRecord) -> str:
        first, *below = super().format(record).split("\n")
        return "\n".join([first, *(f"    {printable(line)}" for line in below)])


def _parts(record: logging.LogRecord) -> Iterator[logging.LogRecord]:
    """The record itself, or one for each of its lines."""
    if not hasattr(record, "lines"):
        yield record
        return
    for line in record.lines:
        each = copy(record)
        each.msg, each.args = line, None
        yield each


def set_up(level: int = logging.INFO, formatter: logging.Formatter | None = None) -> None:
    """Log to standard error, as JSON where ``IMBOT_LOG=json``, else with this formatter or ``Readable``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(redactor)
    as_json = os.environ.get("IMBOT_LOG") == "json"
    handler.setFormatter(_Json() if as_json else formatter or Readable())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "watchfiles", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
