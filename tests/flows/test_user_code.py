"""A file or an agent never ends the process: user code that exits or panics, in the real commands."""

import asyncio
import json
import subprocess

import pytest
from run_command import Run, imbot

BOT = "credentials: {{client_id: app-{0}, client_secret: s3cret-value}}\nagent:\n  type: python\n  target: {0}_code:answer\n"
PANIC = "class PanicError(BaseException): ...\n"
CODE = {
    "exits": "import sys\nasync def answer(text):\n    sys.exit(3)\n    yield ''\n",
    "panics": PANIC + "async def answer(text):\n    raise PanicError('index out of bounds')\n",
    "threads": "import sys\ndef answer(text):\n    sys.exit(3)\n",
    "cancels": "import asyncio\nasync def answer(text):\n    raise asyncio.CancelledError\n",
    "spreads": (
        "import asyncio, sys\nasync def child():\n    sys.exit(3)\n"
        "async def answer(text):\n    await asyncio.create_task(child())\n"
    ),
    "falls": (
        "class Falls:\n    def __del__(self):\n        raise SystemExit(3)\n"
        "def answer(text):\n    Falls()\n    raise KeyboardInterrupt\n"
    ),
    "holds": (
        "import asyncio\nasync def answer(text):\n    yield 'so far'\n    while True:\n        try:\n"
        "            await asyncio.sleep(60)\n        except BaseException:\n            pass\n"
    ),
}


def put(flow, name, code):
    (flow.folder.parent / f"{name}_code.py").write_text(code)
    return flow.write(f"{name}.yaml", BOT.format(name))


async def test_no_agent_ends_the_process(flow):
    for name, code in CODE.items():
        put(flow, name, code)
    flow.echo(delay="0ms")
    async with Run(flow) as run:
        await flow.until(lambda: all(flow.sim.gateway.connections(f"app-{name}") for name in (*CODE, "echo")))
        holding = await flow.card_for("app-holds", "u-lilei", "go")
        for name in CODE.keys() - {"holds"}:
            assert (await flow.ask(f"app-{name}", "go")).data["flowStatus"] == "5", name
        assert (await flow.ask("app-echo", "still there?")).data["flowStatus"] == "3"

        put(flow, "comes", PANIC + "raise PanicError('at import')\n")
        put(flow, "leaves", "import sys\nsys.exit(3)\n")
        await run.status(lambda bot: True)
        rejected = await rejections(run, {"comes", "leaves"})
        assert {code for code, _ in rejected.values()} == {"agent.target"}
        assert all(line == 4 for _, line in rejected.values())
        assert (await flow.ask("app-echo", "and now?")).data["flowStatus"] == "3"
    assert run.process.returncode == 0
    assert holding.data["flowStatus"] in ("3", "5")
    assert "SystemExit: 3 [agent.bug]" in run.log
    assert "PanicError: index out of bounds [agent.bug]" in run.log
    assert 'exits_code.py", line 3' in run.log


async def rejections(run, names):
    """The first problem of each of these bots, once all of them are rejected."""
    command, where = imbot(run._flow, "status", "bots", "--json")
    for _ in range(100):
        asked = await asyncio.to_thread(subprocess.run, command, **where, capture_output=True, check=False)
        rows = json.loads(asked.stdout)["bots"]
        found = {row["name"]: row["rejected"]["problems"][0] for row in rows if row["rejected"]}
        if found.keys() >= names:
            return {name: (found[name]["code"], found[name]["line"]) for name in names}
        await asyncio.sleep(0.1)
    raise AssertionError(rows)


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt", "PanicError('x')", "GeneratorExit"])
@pytest.mark.parametrize("command", ["check", "plan", "doctor bad"])
async def test_every_command_names_the_place_of_a_module_that_exits(flow, command, error):
    put(flow, "bad", f"{PANIC}raise {error}\n")

    line, where = imbot(flow, *command.split())
    ran = await asyncio.to_thread(subprocess.run, line, **where, capture_output=True, text=True, check=False)
    said = ran.stdout + ran.stderr
    assert ran.returncode in (1, 2), said
    assert "the module bad_code cannot be imported" in said
    assert "bad.yaml" in said
    assert "Traceback" not in said
