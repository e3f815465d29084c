"""What servers say when they refuse, in all the forms in which they say it; and what came that is no answer at all."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from http.client import responses
from typing import Any

from imbot.agents.causes import has_no_credit
from imbot.agents.documents import parsed
from imbot.errors import AgentError
from imbot.text.masking import cut_urls, shortened
from imbot.text.sanitize import readable

_MOST_WORDS = 500  # characters of what a server says
_EXCERPT = 200  # characters of what is not known to be words to people
_LONGEST_CODE = 100
_FEW_KEYS, _LONGEST_KEY = 5, 30  # of a foreign document that are named
_NO_CREDIT = frozenset({"insufficient_quota", "exceeded_current_quota_error", "insufficient_balance"})
_PASSING = re.compile(r"overload|throttl|rate.?limit|server.?error|unavailable|timeout", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum context|input length|prompt is too long", re.IGNORECASE
)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(?P<title>[^<]{1,300})</", re.IGNORECASE)
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|center|\?xml)\b", re.IGNORECASE)

# Keys in lower case, without underscores, the best one first.
_WORDS = ("message", "msg", "errormessage", "errormsg", "errmsg", "statusmsg", "errordescription", "faultstring",
          "detail", "details", "description", "reason", "title")  # fmt: skip
_CODES = ("code", "errorcode", "errcode", "statuscode", "type")
_WITHIN = ("error", "errors", "err", "fault", "baseresp", "response")
_FINE = ("0", "200", "ok", "success", "succeeded")


class RefusedError(AgentError):
    """The server refused.

    ``status`` is of HTTP, 0 within a stream; ``retry_after_s`` is the wait it asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 0,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, retryable=retryable, status=status)
        self.retry_after_s = retry_after_s

    @property
    def too_long(self) -> bool:
        """Whether the question with its history is too long for the model."""
        return self.status in (0, 400, 413, 422) and bool(_TOO_LONG.search(f"{self.code} {self}"))


def refusal_in(document: Any, status: int = 0, retry_after_s: float | None = None) -> RefusedError | None:
    """The error in a document, in any of the known forms; None if there is none."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    fields = _fields(document)
    for key in _WITHIN:
        inner = fields.get(key)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if key == "response" and isinstance(inner, dict):
            return refusal_in(inner, status, retry_after_s)
        if isinstance(inner, dict) and inner and not (key == "baseresp" and _is_fine(_fields(inner))):
            return _refusal(_words_in(_fields(inner)), _fields(inner), status, retry_after_s)
        if isinstance(inner, str) and inner.strip():
            more = _words_in(fields)
            words = inner if not more or more in inner else more if inner in more else f"{inner}: {more}"
            return _refusal(words, fields, status, retry_after_s)
    words = _words_in(fields)
    if words and not isinstance(fields.get("choices"), list) and (status >= 300 or not _is_fine(fields)):
        return _refusal(words, fields, status, retry_after_s)
    return None


def refusal_of(
    status: int, reason: str, body: str, retry_after: str | None, advice: str = ""
) -> RefusedError:
    """The error for an HTTP status and body, which may be anything.

    ``advice`` is what the status alone lets imbot say; it stands before the server's words where these have no code.
    """
    wish = parse_retry_after(retry_after)
    try:
        told = refusal_in(parsed(body), status, wish)
    except (ValueError, RecursionError):
        told = None
    if told and (not advice or told.code != f"http_{status}"):
        return told
    said = str(told).removesuffix(f" (HTTP {status})") if told else excerpt_of(body)
    if _bare(said) in ("", _bare(reason), _bare(responses.get(status, ""))):
        said = ""  # only the status again
    if advice:
        words = f"{advice} The server says: {said}" if said else advice
    else:
        words = f"{reason}: {said}" if said else reason
    return _refusal(words, {}, status, wish)


def _bare(words: str) -> str:
    """The letters of words, to see whether two texts say the same."""
    return re.sub(r"[\W\d]", "", words).lower()


def no_completion(content_type: str, body: str, status: int) -> RefusedError:
    """The error for a response that is no answer although its status is one of success."""
    what = "a web page" if content_type == "text/html" else _form_of(body, content_type)
    kind = "" if content_type in what else f" ({content_type})"
    begins = excerpt_of(body)
    return RefusedError(
        f"the server answered with {what}{kind} instead of a chat completion: is base_url right?"
        + (f" It begins: {begins}" if begins else ""),
        code="not_an_api",
        status=status,
    )


def excerpt_of(body: str) -> str:
    """The first words of a body on one line, of a web page its title; empty if there are none."""
    if _MARKUP.match(body):
        found = _TITLE.search(body)
        body = unescape(found["title"]) if found else ""
    return shortened(cut_urls(readable(" ".join(body[: 20 * _EXCERPT].split()))), _EXCERPT)


def parse_retry_after(header: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header, which holds a number or a date; None if it is neither."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _form_of(text: str, content_type: str) -> str:
    """What a document is that was to be a chat completion: its form and the keys that are on top."""
    try:
        document = parsed(text)
    except (ValueError, RecursionError):
        if content_type != "application/json":
            return content_type
        return "something that is not usable JSON" if text.strip() else "an empty document"
    if not isinstance(document, dict):
        return f"a JSON {'list' if isinstance(document, list) else 'value'}"
    keys = ", ".join(f"`{readable(key[:_LONGEST_KEY])}`" for key in list(document)[:_FEW_KEYS])
    return f"a JSON object with {keys or 'nothing'}"


def _refusal(said: str, fields: Mapping[str, Any], status: int, retry_after_s: float | None) -> RefusedError:
    words = list(filter(None, (_code(fields.get(key)) for key in _CODES)))
    number = status or next((int(word) for word in words if re.fullmatch("[45][0-9][0-9]", word)), 0)
    passing = number in (408, 409, 429) or number >= 500 or (not number and _PASSING.search(" ".join(words)))
    number_code = words[0] if words else f"http_{number}" if number else "error"
    code = next((word for word in words if not word.isdecimal()), number_code)
    message = shortened(readable(said) or code, _MOST_WORDS)
    return RefusedError(
        f"{message} (HTTP {status})" if status else message,
        code=code,
        status=status,
        retryable=bool(passing) and _NO_CREDIT.isdisjoint(words) and not has_no_credit(message),
        retry_after_s=retry_after_s,
    )


def _code(value: Any) -> str:
    """A code as it may be shown; empty for anything that is none."""
    if not isinstance(value, str | int) or isinstance(value, bool) or not value:
        return ""
    code = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    return code if code.isprintable() and len(code) <= _LONGEST_CODE else ""


def _fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document by their names in one spelling: ``error_msg`` and ``errorMsg`` are the same."""
    return {key.replace("_", "").replace("-", "").lower(): value for key, value in document.items()}


def _is_fine(fields: Mapping[str, Any]) -> bool:
    """Whether a document says of itself that it is no error."""
    states = [fields[key] for key in ("success", *_CODES, "status") if fields.get(key) not in (None, "")]
    return bool(states) and all(state is True or str(state).lower() in _FINE for state in states)


def _words_in(fields: Mapping[str, Any]) -> str:
    """What a document says to people; empty if it says nothing."""
    return next(filter(None, (_words(fields.get(key)) for key in _WORDS)), "")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "; ".join(filter(None, map(_words, value[:3])))
    if isinstance(value, Mapping):
        said, place = _words_in(_fields(value)), value.get("loc")
        if said and isinstance(place, list):  # of FastAPI, which also repeats the whole request
            return f"{'.'.join(map(str, place))}: {said}"
        return said
    return ""
