"""Keeps a defect with the file it came up with: an unforeseen exception becomes a problem of that file.

Loading, preparing and checking a file are each done inside ``contained``, so that one file can never end the
work on the others.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from imbot.errors import START, ConfigError, ImbotError, Problem, Span

log = logging.getLogger(__name__)

_ORDERS = (KeyboardInterrupt, GeneratorExit)  # somebody ends the work, it does not fail


@contextmanager
def contained(
    path: str, code: str, span: Span = START, pointer: str = "", expected: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Log an unforeseen exception of the block, and raise a ConfigError with a problem at this place instead.

    An ImbotError and what is ``expected`` pass.
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
