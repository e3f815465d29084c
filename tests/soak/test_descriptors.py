"""More bots than the usual limit of file descriptors (1,024): all of them answer, and follow edits."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
import time

import pytest
from soak import sizes

from imbot.descriptors import RESERVE, raise_limit
from imbot.platforms.dingtalk.simulator import Simulator

BOT = "credentials: {{client_id: app-{}, client_secret: s3cret-value}}\nagent: {{type: echo, delay: 1ms}}\n"
DEFAULTS = 'card: {{templates: {{final: {{msgContent: "{} {{{{ answer }}}}"}}}}}}\n'
SOFT = sizes.of(256, 1024)
BOTS = sizes.of(260, 1010)


def folder(home):
    bots = home / "bots"
    bots.mkdir()
    (bots / "_defaults.yaml").write_text(DEFAULTS.format("first"))
    for number in range(BOTS):
        (bots / f"bot-{number}.yaml").write_text(BOT.format(number))


@contextlib.asynccontextmanager
async def imbot(home, endpoint, hard):
    """``imbot run`` as a process with these limits."""
    with (home / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "imbot", "run", "bots", "--admin", "off", "--grace", "3"),
            cwd=home,
            env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": endpoint},
            stdout=log,
            stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, hard)),
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def answered(sim, generation):
    """Everybody asks at once: wait until every card shows the end, by the files of that generation."""
    before = set(sim.cards)
    for number in range(BOTS):
        await sim.say(f"app-{number}", "u-alex", f"question of {number}")

    def done():
        new = [card for name, card in sim.cards.items() if name not in before]
        texts = [str(card.data.get("msgContent")) for card in new]
        return sum(text.startswith(f"{generation} ") for text in texts) == BOTS

    await sim.until(done, timeout=120)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hard", [4 * SOFT, BOTS + RESERVE], ids=["much room", "just enough room"])
async def test_more_bots_than_the_soft_limit_connect_answer_and_follow_edits(tmp_path, hard):
    raise_limit()  # for the simulator, which is here
    folder(tmp_path)
    async with Simulator() as sim:
        sim.set(qps=None)
        began = time.monotonic()
        async with imbot(tmp_path, sim.url, hard=hard) as process:
            await sim.until(
                lambda: sum(len(sim.connections(f"app-{number}")) for number in range(BOTS)) == BOTS,
                timeout=120,
            )
            connected = time.monotonic()
            await answered(sim, "first")
            first = time.monotonic()
            (tmp_path / "bots/_defaults.yaml").write_text(DEFAULTS.format("second"))
            while (tmp_path / "log").read_bytes().count(b": update (") < BOTS:
                await asyncio.sleep(0.1)
            edited = time.monotonic()
            await answered(sim, "second")
            end = time.monotonic()
            assert process.returncode is None
    log = (tmp_path / "log").read_text()
    assert "descriptor" not in log or hard == BOTS + RESERVE
    assert "Traceback" not in log
    print(
        f"{BOTS} bots at a soft limit of {SOFT} and a hard one of {hard}: connected in {connected - began:.1f} s, all answered in "
        f"{first - connected:.1f} s, after an edit of all ({edited - first:.1f} s) in {end - edited:.1f} s"
    )


async def test_bots_that_do_not_fit_are_refused_at_the_start(tmp_path):
    folder(tmp_path)
    async with Simulator() as sim, imbot(tmp_path, sim.url, hard=SOFT) as process:
        assert await asyncio.wait_for(process.wait(), 30) == 1
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line == (
        f"imbot: {BOTS:,} bots need about {BOTS + 128:,} file descriptors, and the limit is {SOFT:,}: raise it and start "
        f"again (`ulimit -n {sizes.of(1024, 2048)}`, or `LimitNOFILE={sizes.of(1024, 2048)}` in a systemd unit), or run "
        "fewer bots here"
    )
