"""Logging: readable lines or JSON, with everything secret cut out before it is written."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterable

# What could slip into a line through an URL, a header or a library's own logging.
_PATTERNS = re.compile(
    r"(?i)((?:ticket|access_token|session|secret|api_key|appsecret|token)=|Bearer\s+)[^\s&\"',;)]+"
)
_SHORTEST = 6  # shorter values would cut ordinary words to pieces


class Redactor(logging.Filter):
    """Replaces known secrets and whatever looks like a credential by ``***``."""

    def __init__(self) -> None:
        super().__init__()
        self._known: tuple[str, ...] = ()

    def hide(self, values: Iterable[str]) -> None:
        """These values never appear in a line from now on."""
        found = {*self._known, *(value for value in values if len(value) >= _SHORTEST)}
        # Longest first, as one may begin with another; a new tuple, as threads may be at the old one.
        self._known = tuple(sorted(found, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for value in self._known:
            text = text.replace(value, "***")
        return _PATTERNS.sub(r"\1***", text)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place; always lets it through."""
        record.msg = self.clean(record.getMessage())
        record.args = None
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
        if hasattr(record, "bot"):  # the step a reload took, as `outcome.step_json` has it
            line["bot"] = record.bot
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


redactor = Redactor()


def set_up(level: int = logging.INFO) -> None:
    """Log to standard error, as JSON where ``IMBOT_LOG=json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(redactor)
    as_json = os.environ.get("IMBOT_LOG") == "json"
    handler.setFormatter(_Json() if as_json else logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "watchfiles", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
