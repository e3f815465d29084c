"""``imbot run`` and the commands that ask it, in processes of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys


def imbot(flow, *command):
    environ = {**os.environ, "DINGTALK_OPENAPI_ENDPOINT": flow.sim.url}
    return (sys.executable, "-m", "imbot", *command), {"cwd": flow.folder.parent, "env": environ}


class Run:
    """``imbot run`` in a process of its own, ended when the block ends."""

    def __init__(self, flow, *options):
        self._flow, self._options = flow, options

    async def __aenter__(self):
        command, where = imbot(self._flow, "run", "bots", "--admin", "127.0.0.1:0", *self._options)
        self.process = await asyncio.create_subprocess_exec(*command, **where, stderr=subprocess.PIPE)
        return self

    async def status(self, ready):
        """``imbot status --json`` as soon as the first bot is as it should be."""
        command, where = imbot(self._flow, "status", "bots", "--json")
        for _ in range(40):
            asked = await asyncio.create_subprocess_exec(
                *command, **where, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            out, _ = await asked.communicate()
            if asked.returncode == 0 and (bots := json.loads(out)["bots"]) and ready(bots[0]):
                return bots[0]
            await asyncio.sleep(0.1)
        raise AssertionError(out)

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        self.log = (await self.process.communicate())[1].decode()
