"""An OpenAI-compatible server that does to each question what the question says, in words the auditor knows."""

import asyncio
import contextlib
import itertools
import json
from collections import Counter

from aiohttp import web

END = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
GOOD = ("polite", "quick", "slow", "long", "moody")  # these come to their end
BAD = ("silent", "stuck", "reset", "torn", "half", "down", "busy", "garbage", "page", "endless", "empty")


def event(text):
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n".encode()


class Refusal(Exception):
    """An answer with a status of its own."""


class Agent:
    """Asked ``q0042 polite``, by a bot whose model is ``g3``, it is polite: ``q0042.0@g3; q0042.1@g3; …``."""

    def __init__(self):
        self._asked = Counter()

    @contextlib.asynccontextmanager
    async def up(self):
        """Serve while the block lasts; yields the base URL."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()

    async def _answer(self, request):
        body = await request.json()
        label, how = body["messages"][-1]["content"].split()[:2]
        self._asked[label] += 1
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            async for piece in getattr(self, how)(label, body["model"]):
                if not response.prepared:
                    await response.prepare(request)
                await response.write(piece)
        except Refusal as refusal:
            (answer,) = refusal.args
            return answer
        except ConnectionAbortedError:
            request.transport.abort()
        except ConnectionError:  # whoever asked has heard enough
            pass
        return response

    async def _words(self, label, mark, count, pause_s=0.0, at_once=1):
        for number in range(0, count, at_once):
            places = range(number, min(number + at_once, count))
            yield event("".join(f"{label}.{place}@{mark}; " for place in places) + "\n" * (at_once > 1))
            await asyncio.sleep(pause_s)

    async def _ended(self, label, mark, count, pause_s=0.0, at_once=1):
        async for piece in self._words(label, mark, count, pause_s, at_once):
            yield piece
        yield event(f"{label}.end@{mark};") + END

    def polite(self, label, mark):
        return self._ended(label, mark, 20, 0.02)

    def quick(self, label, mark):
        return self._ended(label, mark, 3)

    def slow(self, label, mark):
        return self._ended(label, mark, 20, 0.1)

    def long(self, label, mark):
        return self._ended(label, mark, 1_500, 0.001, 50)

    def moody(self, label, mark):
        """Fails at first."""
        return self.down(label, mark) if self._asked[label] % 2 else self.quick(label, mark)

    async def silent(self, label, mark):
        yield b": here I am\n\n"
        await asyncio.sleep(60)

    async def stuck(self, label, mark):
        async for piece in self._words(label, mark, 3):
            yield piece
        await asyncio.sleep(60)

    async def reset(self, label, mark):
        raise ConnectionAbortedError
        yield

    async def torn(self, label, mark):
        async for piece in self._words(label, mark, 5, 0.02):
            yield piece
        raise ConnectionAbortedError

    def half(self, label, mark):
        return self._words(label, mark, 5, 0.02)

    async def down(self, label, mark):
        raise Refusal(web.Response(status=500, text="Internal Server Error"))
        yield

    async def busy(self, label, mark):
        raise Refusal(web.json_response({"error": "busy"}, status=429, headers={"Retry-After": "0"}))
        yield

    async def garbage(self, label, mark):
        yield b"data: {not json\n\ndata: \xff\xfe\x00\n\n"

    async def page(self, label, mark):
        raise Refusal(web.Response(text="<html>Login</html>", content_type="text/html"))
        yield

    async def endless(self, label, mark):
        for number in itertools.count():
            yield event(f"{label}.{number}@{mark}; ")
            await asyncio.sleep(0.001)

    async def empty(self, label, mark):
        yield END
