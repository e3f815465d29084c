"""How long a message waits for its first card: imbot beside a bare client making the same calls.

``python benchmarks/first_card.py [MESSAGES]``: the simulator runs in this process and holds the watch, the
bare client and imbot in one of their own each. Messages go to both in turn, so that a noisy machine is
noisy for both. Time runs from the push of the message to the arrival of its card.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imbot.simulator import Simulator

HERE = Path(__file__).parent
APPS = {"bare client": "app-bare", "imbot": "app-imbot"}
SECRET = "bench-secret"
BOT = f"""
credentials: {{client_id: app-imbot, client_secret: {SECRET}}}
agent: {{type: echo, delay: 0ms, chunks: 1}}
"""
WARM_UP = 20
REST_S = 0.06  # one app may make 20 calls a second, and imbot keeps to that by itself


async def first_card_ms(sim, app, number):
    before = len(sim.cards)
    began = time.perf_counter()
    await sim.say(app, "u-alex", f"message {number}")
    await sim.until(lambda: len(sim.cards) > before)
    took = time.perf_counter() - began
    await asyncio.sleep(REST_S)
    return took * 1000


async def measure(sim, messages):
    times = {name: [] for name in APPS}
    await sim.until(lambda: all(app in sim.world.apps and sim.connections(app) for app in APPS.values()), 20)
    for number in range(WARM_UP + messages):
        for name, app in APPS.items():
            took = await first_card_ms(sim, app, number)
            if number >= WARM_UP:
                times[name].append(took)
    return times


def report(times):
    print(f"First card after a message in ms, {len(times['imbot'])} messages each, in turn\n")
    print(f"{'':12}{'p50':>8}{'p95':>8}{'p99':>8}")
    rows = {}
    for name, values in times.items():
        cuts = statistics.quantiles(values, n=100)
        rows[name] = (cuts[49], cuts[94], cuts[98])
        print(f"{name:12}" + "".join(f"{value:8.2f}" for value in rows[name]))
    ratios = (ours / bare for ours, bare in zip(rows["imbot"], rows["bare client"], strict=True))
    print(f"{'ratio':12}" + "".join(f"{ratio:8.2f}" for ratio in ratios))


async def main(messages):
    sim = Simulator()
    await sim.start()
    sim.set(qps=None)
    clients = []
    with tempfile.TemporaryDirectory() as folder:
        bots = Path(folder, "bots")
        bots.mkdir()
        (bots / "bench.yaml").write_text(BOT)
        commands = (
            [HERE / "bare_client.py", sim.url, "app-bare", SECRET],
            ["-m", "imbot", "run", bots],
        )
        environ = os.environ | {"DINGTALK_OPENAPI_ENDPOINT": sim.url}
        try:
            for command in commands:
                clients.append(await asyncio.create_subprocess_exec(
                    sys.executable, *command, stderr=subprocess.DEVNULL, env=environ
                ))  # fmt: skip
            report(await measure(sim, messages))
        finally:
            for client in clients:
                client.terminate()
                await client.wait()
            await sim.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
