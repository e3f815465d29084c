"""What a refused or failed request gets: one sentence."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refusal(
    request: web.Request, status: int, why: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A sentence as an answer: as text to people who opened an address, as JSON (``error``) to programs."""
    if "text/html" in request.headers.get("Accept", ""):
        return web.Response(text=f"{why}\n", status=status, headers=headers)
    return web.json_response({"error": why}, status=status, headers=headers)


@web.middleware
async def in_a_sentence(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler refuses, or fails at, with a sentence. A failure goes to the log."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return refusal(request, error.status, f"{request.method} {request.path}: {error.reason}", allow)
    except ConnectionError:  # who asked is gone
        raise
    except Exception:  # a defect must affect only this request
        log.exception("%s %s failed", request.method, request.path)
        return refusal(request, 500, "the request failed; see the log")
