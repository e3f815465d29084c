"""The agent of every system: an OpenAI-compatible server whose answers are scripted by the question.

``python benchmarks/agent_server.py`` prints its address and serves until its input ends. A question like
``k7 n=40 rate=20`` gets 40 chunks at 20 a second (rate 0: all at once), as ``script.py`` has them. ``POST /times`` with a list of questions hands out when each
chunk of their answers left, on the system-wide monotonic clock, and forgets it.
"""

import asyncio
import contextlib
import json
import sys
import time

import script
from aiohttp import web

HEADERS = {"Content-Type": "text/event-stream"}


def event(content, finish=None):
    delta = {"content": content} if content else {}
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(body)}\n\n".encode()


class Agent:
    def __init__(self):
        self.times = {}

    async def complete(self, request):
        response = web.StreamResponse(headers=HEADERS)
        with contextlib.suppress(ConnectionError):  # a system may be ended while it still asks or listens
            question = (await request.json())["messages"][-1]["content"].split()
            key, settings = question[0], dict(part.split("=") for part in question[1:])
            await response.prepare(request)
            await self.write(response, key, int(settings["n"]), float(settings["rate"]))
            await response.write(event("", "stop") + b"data: [DONE]\n\n")
        return response

    async def write(self, response, key, chunks, rate):
        times = self.times[key] = []
        began = time.monotonic()
        for number, piece in enumerate(script.pieces(key, chunks)):
            if rate:
                await asyncio.sleep(began + number / rate - time.monotonic())
            # Before the write: a reader cannot have it earlier.
            times.append(time.monotonic())
            await response.write(event(piece))

    async def take_times(self, request):
        keys = await request.json()
        return web.json_response({key: self.times.pop(key) for key in keys if key in self.times})


async def main():
    agent = Agent()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", agent.complete)
    app.router.add_post("/times", agent.take_times)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
