"""How long a message waits for its first card: imbot beside a bare client making the same calls.

``python benchmarks/first_card.py [MESSAGES]``: the simulator, the bare client and imbot each run in a
process of their own; messages go to both in turn, so that a noisy machine is noisy for both. Times are
taken by the simulator's own clock: from the push of the message to the arrival of the card.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import aiohttp

HERE = Path(__file__).parent
BOT = "credentials: {client_id: app-imbot, client_secret: bench-secret}\nagent: {type: echo, delay: 0ms}\n"


async def lines_until(process, word):
    """The first line of a process that holds the word."""
    while line := (await process.stdout.readline()).decode():
        if word in line:
            return line
    raise SystemExit("the simulator did not start")


async def connected(http, url, apps):
    """Return when every app has its connection."""
    for _ in range(200):
        async with http.get(f"{url}/sim/state") as response:
            state = await response.json()
        if sum(app["connections"] > 0 for app in state["apps"] if app["id"] in apps) == len(apps):
            return
        await asyncio.sleep(0.05)
    raise SystemExit("not every client connected")


async def first_card_ms(http, url, events, app, number):
    """Say something to an app; milliseconds until its card was there."""
    body = {"app": app, "user": "u-alex", "text": f"message {number}", "group": False}
    async with http.post(f"{url}/sim/messages", json=body) as response:
        said_at = (await response.json())["message"]["at"]
    while True:
        line = await events.readline()
        event = json.loads(line[5:]) if line.startswith(b"data:") else {}
        if event.get("type") == "card" and event["card"]["app"] == app and event["card"]["created"] >= said_at:
            return event["received"] if "received" in event else event["card"]["created"] - said_at


async def measure(url, messages):
    apps = ("app-bare", "app-imbot")
    times = {app: [] for app in apps}
    async with aiohttp.ClientSession(read_bufsize=2**24) as http:
        await connected(http, url, apps)
        timeout = aiohttp.ClientTimeout(total=None)
        for number in range(messages + 20):
            for app in apps:
                loop = asyncio.get_running_loop()
                async with http.get(f"{url}/sim/events", timeout=timeout) as events:
                    await events.content.readline()
                    began = loop.time()
                    await first_card_ms(http, url, events.content, app, number)
                    if number >= 20:  # warm
                        times[app].append((loop.time() - began) * 1000)
    return times


def report(times):
    bare, ours = (sorted(times[app]) for app in ("app-bare", "app-imbot"))
    print(f"first card after a message, {len(ours)} messages each, in turn (ms)")
    print(f"{'':12}{'p50':>8}{'p95':>8}{'p99':>8}")
    rows = {}
    for name, values in (("bare client", bare), ("imbot", ours)):
        cuts = statistics.quantiles(values, n=100)
        rows[name] = (cuts[49], cuts[94], cuts[98])
        print(f"{name:12}" + "".join(f"{value:8.2f}" for value in rows[name]))
    ratios = (a / b for a, b in zip(rows["imbot"], rows["bare client"], strict=True))
    print(f"{'ratio':12}" + "".join(f"{ratio:8.2f}" for ratio in ratios))


async def main(messages):
    python = sys.executable
    simulator = await asyncio.create_subprocess_exec(
        python, "-m", "imbot", "simulate", "--port", "0", stdout=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )  # fmt: skip
    clients = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            url = (await lines_until(simulator, "Chat page")).split()[-1]
            bots = Path(folder, "bots")
            bots.mkdir()
            (bots / "bench.yaml").write_text(BOT)
            clients.append(await asyncio.create_subprocess_exec(
                python, str(HERE / "bare_client.py"), url, "app-bare", "bench-secret",
            ))  # fmt: skip
            clients.append(await asyncio.create_subprocess_exec(
                python, "-m", "imbot", "run", str(bots), stderr=subprocess.DEVNULL,
                env=os.environ | {"DINGTALK_OPENAPI_ENDPOINT": url},
            ))  # fmt: skip
            report(await measure(url, messages))
        finally:
            for process in (*clients, simulator):
                if process.returncode is None:
                    process.terminate()
                    await process.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
