"""A server of chat completions that sends what a script says, in virtual time and without sockets.

A script is a text or bytes, and numbers: seconds in which nothing comes. ``CUT`` at its end cuts the connection.
"""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from types import SimpleNamespace

import aiohttp
from virtual import run_virtual

from imbot.agents.endpoint import Endpoint
from imbot.agents.guarded import guarded
from imbot.errors import AgentError
from imbot.model import TextDelta, TextReplace
from imbot.spec import Timeouts

CUT = object()
TIMEOUTS = Timeouts(connect_s=5, first_event_s=4, idle_s=3, total_s=600, queued_s=60)


def data(finish_reason=None, **delta):
    """The server-sent event of one piece."""
    return event({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def event(document):
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n"


DONE = "data: [DONE]\n\n"


class _Body:
    def __init__(self, script):
        self._script = list(script)
        self._sent_at = asyncio.get_running_loop().time()  # a read that was cancelled is waited for on

    async def readany(self):
        while self._script:
            step = self._script[0]
            if isinstance(step, int | float):
                await asyncio.sleep(self._sent_at + step - asyncio.get_running_loop().time())
                self._sent_at += step
                self._script.pop(0)
            elif step is CUT:
                raise aiohttp.ClientPayloadError
            else:
                self._script.pop(0)
                return step.encode() if isinstance(step, str) else step
        return b""


class Outcome(SimpleNamespace):
    """``text``: what a person sees at the end; ``events``, ``error`` (None if it ended well), ``took_s``."""


def answer(*script, status=200, content_type="text/event-stream", timeouts=TIMEOUTS, make=Endpoint):
    """How the answer of such a server ends, read by the endpoint behind its guard."""

    @asynccontextmanager
    async def post(*_, **__):
        yield SimpleNamespace(
            status=status,
            reason="a reason",
            content_type=content_type,
            headers={},
            url=SimpleNamespace(host="llm.test", path="/v1/chat/completions"),
            content=_Body(script),
        )

    async def main():
        endpoint = make("http://llm.test/v1/chat/completions", {}, timeouts)
        await endpoint.close()
        endpoint._pool = SimpleNamespace(post=post)
        events, error = [], None
        try:
            async with aclosing(guarded(endpoint.ask({}), timeouts)) as answer:
                async for each in answer:
                    events.append(each)  # noqa: PERF401 - what came before an error is kept
        except AgentError as failure:
            error = failure
        return Outcome(
            events=events, error=error, text=shown(events), took_s=asyncio.get_running_loop().time()
        )

    return run_virtual(main())


def shown(events):
    """The answer that a person sees after these events."""
    text = ""
    for each in events:
        if isinstance(each, TextDelta):
            text += each.text
        elif isinstance(each, TextReplace):
            text = each.text
    return text
