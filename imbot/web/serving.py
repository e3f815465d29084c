"""How web servers run, and how they read: their requests, and the files of their pages."""

import logging
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_MOST_BYTES = 1024 * 1024  # of a JSON body that a page sends


class _Malformed(logging.Filter):
    """Tells of what is no HTTP in a line of its own, without the traceback of the library."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass on what is no such thing."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        log.debug("a request was refused: %s: %s", type(error).__name__, error.message)
        return False


log = logging.getLogger(__name__)
_server_log = logging.getLogger(f"{__name__}.http")
_server_log.addFilter(_Malformed())


def runner_of(app: web.Application, shutdown_s: float) -> web.AppRunner:
    """What runs a web application; open requests may take so long when it is stopped."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_s, logger=_server_log)


def file_in(folder: Path, name: str) -> Path:
    """A file of a folder, and of no other folder, by its relative path. Raises HTTPNotFound."""
    try:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    except (OSError, ValueError):  # no file has such a name
        pass
    raise web.HTTPNotFound


async def json_in(request: web.Request) -> dict[str, Any]:
    """The JSON object in a request.

    Raises HTTPUnsupportedMediaType, HTTPRequestEntityTooLarge and HTTPBadRequest.
    """
    # A page of another site can post plain text unasked, but JSON only with our leave.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="the body must be application/json")
    if (size := request.content_length or 0) > _MOST_BYTES:
        raise web.HTTPRequestEntityTooLarge(_MOST_BYTES, size)
    try:
        body = await request.json()
    except (ValueError, LookupError, RecursionError):  # LookupError: no such charset
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return body
