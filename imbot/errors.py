"""What can go wrong, in one tree.

ImbotError
├── ConfigError(problems)        a file says something that cannot be run
├── PlatformError(code, status)  an IM platform refused or failed
│   ├── TransientError           the same call may succeed later (``retry_after_s``)
│   └── FatalError               it will not, until somebody changes something
│       └── CardMissingError     there is no such card: it was never made, or is gone
├── AgentError(code)             the agent refused, failed or fell silent
│   └── UserCodeError            code of the user's own raised something
├── StoreError                   the store cannot keep or find something
│   └── TakenOverError           another process has taken the turn over: it is not ours to write
└── ResourceError                the system gives the process too little of something

Every layer may raise these; nothing else is expected to cross a layer's border.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

log = logging.getLogger(__name__)

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: lines and columns from 1, columns in code points, the end exclusive.

    ``path`` is set where the place is in another file, such as the defaults a bot file inherits from.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    path: str = ""


START = Span(1, 1, 1, 1)
"""The place of a problem with a file as a whole."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The places of the values and keys of a parsed file, by JSON pointer.

    ``texts`` holds, for strings in a block (``|`` or ``>``), the place of the first line of text, so that
    line 3 of a template can be found in its file.
    """

    values: Mapping[str, Span] = field(default_factory=dict)
    keys: Mapping[str, Span] = field(default_factory=dict)
    texts: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file: where, what, and what to do about it.

    Lines and columns count from 1; columns count code points, the end is exclusive. ``pointer`` is
    the JSON pointer of the value (``/agent/type``), empty where there is none. A problem never
    carries a secret's value.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    pointer: str
    code: str
    severity: Severity
    message: str
    hint: str = ""

    @classmethod
    def at(
        cls,
        path: str,
        span: Span,
        code: str,
        message: str,
        hint: str = "",
        *,
        pointer: str = "",
        severity: Severity = "error",
    ) -> "Problem":
        """A problem at a place in the file ``path``, or in the file that the span itself names."""
        place = (span.line, span.column, span.end_line, span.end_column)
        return cls(span.path or path, *place, pointer, code, severity, message, hint)

    def __str__(self) -> str:
        """One readable line: ``bots/a.yaml:3:5: message (hint) [code]``."""
        cure = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {self.message}{cure} [{self.code}]"


class ImbotError(Exception):
    """The root: anything imbot raises on purpose."""


class ConfigError(ImbotError):
    """Files that cannot be used; ``problems`` holds the reasons, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class PlatformError(ImbotError):
    """A platform's refusal or failure, with the platform's own ``code`` and HTTP ``status`` (0: none).

    Where they are known, ``cause`` is what it means and ``hint`` what a person can do about it.
    """

    def __init__(
        self, message: str, *, code: str = "", status: int = 0, hint: str = "", cause: str = ""
    ) -> None:
        self.code = code
        self.status = status
        self.hint = hint
        self.cause = cause
        super().__init__(message)

    def __str__(self) -> str:
        """Message, code, cause and hint in one line, as in the log."""
        parts = [self.said]
        if known := ": ".join(part for part in (self.cause, self.hint) if part):
            parts.append(f"({known})")
        return " ".join(parts)

    @property
    def said(self) -> str:
        """Message and code, without cause and hint."""
        message = super().__str__()
        return f"{message} [{self.code}]" if self.code else message


class TransientError(PlatformError):
    """The same call may succeed later.

    ``retry_after_s`` is how long the platform asks to wait, if it does.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        hint: str = "",
        cause: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, code=code, status=status, hint=hint, cause=cause)


class FatalError(PlatformError):
    """Trying again changes nothing: credentials, scopes, arguments or templates are wrong."""


class CardMissingError(FatalError):
    """There is no such card: it was never made, or is gone."""


class AgentError(ImbotError):
    """The agent refused, failed or fell silent.

    ``code`` is the agent's own code, or one of imbot's. ``status`` is that of HTTP, 0 where there is none.
    """

    def __init__(self, message: str, *, code: str = "", retryable: bool = False, status: int = 0) -> None:
        self.code = code
        self.retryable = retryable
        self.status = status
        super().__init__(message)


class UserCodeError(AgentError):
    """Code of the user's own raised something; the text names it, and the traceback leads to that code."""


class StoreError(ImbotError):
    """The store cannot keep or find something (full disk, locked or foreign file)."""


class TakenOverError(StoreError):
    """Another process has taken the turn over because this one seemed dead; nothing was written."""


class ResourceError(ImbotError):
    """The system gives the process too little of something; the message names it and the cure."""


_ORDERS = (KeyboardInterrupt, GeneratorExit)  # somebody ends the work, it does not fail


@contextmanager
def contained(
    path: str, code: str, span: Span = START, pointer: str = "", expected: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Log an unforeseen exception of the block, and raise a ConfigError with a problem at this place instead.

    An ImbotError and what is ``expected`` pass. Loading, preparing and checking a file are each done inside, so that
    one file never ends the work on the others. Nothing may be awaited inside: a cancellation would count as a defect.
    """
    try:
        yield
    except BaseException as error:  # code of users runs here, and may even call `sys.exit`
        if isinstance(error, (ImbotError, *_ORDERS, *expected)):
            raise
        name = type(error).__name__
        # Without the text of the exception: a value that cannot be used may be a secret that nobody knows yet.
        withheld = RuntimeError(f"{name}, whose text is left out as it may hold a secret")
        log.error(
            "%s: imbot failed at %s", path, pointer or "this file",
            exc_info=(RuntimeError, withheld, error.__traceback__),
        )  # fmt: skip
        message = f"imbot failed at this {'part' if pointer else 'file'} with {name}"
        hint = "the log has the details; please report it"
        problem = Problem.at(path, span, code, message, hint, pointer=pointer)
        raise ConfigError([problem]) from None
