"""The processes of a run: started, measured from outside, ended by their own id.

CPU is what the kernel counted for the process and its children, in nanoseconds; memory is the resident set.
The platform and the agent share one core, where the platform goes first; the system under test has another to itself.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

HERE = Path(__file__).parent
ROOT = HERE.parent
SECRET = "bench-secret"
CORES = sorted(os.sched_getaffinity(0))
LIVING = set()  # processes: what a run that is broken off has to end


class Process:
    """One child of the run, bound to a core where there are two."""

    def __init__(self, command, core, **options):
        self.started = time.monotonic()
        self.popen = subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, **options)
        LIVING.add(self)
        os.sched_setaffinity(self.popen.pid, {CORES[core % len(CORES)]})

    @property
    def pid(self):
        return self.popen.pid

    def cpu_s(self):
        """CPU seconds so far, children that live or lived included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        reaped = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
        return reaped + sum(cpu_of(pid) for pid in (self.pid, *self.children()))

    def children(self):
        lists = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for each in lists for pid in each.read_text().split()]

    def memory(self):
        """Resident now and at most, in bytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
        return int(values["VmRSS"]) * 1024, int(values["VmHWM"]) * 1024

    def stop(self, number=signal.SIGTERM, patience_s=8):
        """End it; a second look and a hard end where it does not listen."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
            try:
                self.popen.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()
        LIVING.discard(self)


def cpu_of(pid):
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's name for a process's CPU clock
    except OSError:  # it ended meanwhile
        return 0.0


class Stage:
    """The platform's process and the way to command it."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = Process([HERE / "stage.py"], 0, **pipes)
        self.url = self.process.popen.stdout.readline().strip()
        self.waiting = {}
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        while line := await asyncio.to_thread(self.process.popen.stdout.readline):
            answer = json.loads(line)
            waiting = self.waiting.pop(answer["id"])
            if not waiting.cancelled():
                waiting.set_result(answer)
        for each in self.waiting.values():
            if not each.done():
                each.set_exception(RuntimeError("the platform has ended"))

    async def do(self, name, **arguments):
        """Run a command; its result."""
        number = id(arguments)
        answered = self.waiting[number] = asyncio.get_running_loop().create_future()
        pipe = self.process.popen.stdin
        pipe.write(json.dumps({"id": number, "do": name, **arguments}) + "\n")
        pipe.flush()
        answer = await answered
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    async def stop(self):
        with suppress(BrokenPipeError):  # it has ended by itself
            self.process.popen.stdin.close()
        await self.reading
        self.process.stop()


class AgentServer:
    """The agent's process."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = Process([HERE / "agent_server.py"], 0, **pipes)
        # Else it is left to chance whose work goes first on the core they share, a card's or the agent's.
        os.setpriority(os.PRIO_PROCESS, self.process.pid, 10)
        self.url = self.process.popen.stdout.readline().strip()

    async def times(self, turns):
        """When each chunk of the answers left, by question; for each turn once."""
        keys = [turn["key"] for turn in turns]
        async with aiohttp.request("POST", f"{self.url}/times", json=keys) as response:
            return await response.json(content_type=None)

    def stop(self):
        self.process.popen.stdin.close()
        self.process.stop()


class System:
    """One compared system: its process, its apps, its files."""

    def __init__(self, name, folder, prefix, count, stage, agent, options):
        self.name = name
        self.folder = folder
        self.prefix = prefix
        self.count = count
        self.probe = folder / "loop"
        self.log = folder / "log"
        command = [HERE / "probe.py", self.probe, *program(name, folder, prefix, count, agent, options)]
        environ = os.environ | {
            "DINGTALK_OPENAPI_ENDPOINT": stage.url,
            "AGENT_URL": agent.url,
            "APP_SECRET": SECRET,
        }
        with self.log.open("wb") as log:
            self.process = Process(command, 1, env=environ, stdout=log, stderr=log)

    @property
    def apps(self):
        return [f"{self.prefix}-{number}" for number in range(self.count)]

    def last_words(self):
        """The end of its log."""
        return self.log.read_text()[-500:]

    async def loop_delay_ms(self):
        """The 99th percentile of how late its event loop was, since the last time."""
        if self.name == "threads":
            return None  # its loops live in threads, and stand still while an answer runs
        self.probe.unlink(missing_ok=True)
        self.process.popen.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while True:
                await asyncio.sleep(0.02)
                if self.probe.exists() and (text := self.probe.read_text()):
                    return float(text)


def program(name, folder, prefix, count, agent, options):
    """How a system is run."""
    name, _, variant = name.partition(" ")
    if name != "imbot":
        return [HERE / "systems" / f"{name}.py", prefix, count, *filter(None, [variant])]
    bots = folder / "bots"
    bots.mkdir()
    for number in range(count):
        (bots / f"b{number}.yaml").write_text(bot_file(f"{prefix}-{number}", agent.url, variant, options))
    return ["-m", "imbot", "run", bots, "--admin", "off"]


def bot_file(client_id, agent_url, pace, options):
    """A bot as short as they come, with what the benchmark sets out of the way."""
    keys = {
        "credentials": {"client_id": client_id, "client_secret": SECRET},
        "agent": {"type": "openai", "base_url": f"{agent_url}/v1", "api_key": "bench-key", "model": "bench"},
        **options,
    }
    if pace:
        keys["throttle"] = {"pace": pace, "interval": "2s"}
    return json.dumps(keys, indent=1) + "\n"  # JSON is YAML


class Run:
    """What one run of the benchmarks has: the platform, the agent, a folder, and numbers for apps."""

    def __init__(self, stage, agent, folder, warm_up):
        self.stage = stage
        self.agent = agent
        self.folder = folder
        self.warm_up = warm_up  # messages
        self.started = 0

    @asynccontextmanager
    async def system(self, name, count=1, *, warm=True, **options):
        """A connected system while the block runs, started fresh; ``ready_s`` says how long that took."""
        self.started += 1
        prefix = f"app{self.started}"
        folder = self.folder / prefix
        folder.mkdir()
        system = System(name, folder, prefix, count, self.stage, self.agent, options)
        try:
            system.ready_s = await self.connected(system) - system.process.started
            if warm:
                await self.warm(system)
            await system.loop_delay_ms()
            yield system
        finally:
            hard = signal.SIGTERM if name.startswith("imbot") else signal.SIGKILL
            await asyncio.to_thread(system.process.stop, hard)

    async def connected(self, system):
        """When all its apps were connected; RuntimeError with its last words when that does not happen."""
        patience_s = 30 + system.count / 10
        command = self.stage.do("connected", prefix=system.prefix, count=system.count, patience_s=patience_s)
        connecting = asyncio.create_task(command)
        try:
            while not connecting.done() and system.process.popen.poll() is None:
                await asyncio.wait([connecting], timeout=0.2)
            if connecting.done() and connecting.exception() is None:
                return connecting.result()
        finally:
            connecting.cancel()
        raise RuntimeError(f"{system.name} does not connect: {system.last_words()}")

    async def warm(self, system):
        """Some messages, so that nothing is measured for its first time; RuntimeError where one is not answered."""
        for rounds in (1, self.warm_up - 1):
            asked = {"apps": system.apps[:1], "rounds": rounds, "chunks": 2, "rate": 0, "patience_s": 10}
            got = await self.stage.do("rotate", **asked)
            if any(turn["final"] is None for turn in got["turns"]):
                raise RuntimeError(f"{system.name} does not answer: {system.last_words()}")


@asynccontextmanager
async def start(warm_up=20):
    """A run, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="imbot-bench-") as folder:
        agent = AgentServer()
        stage = Stage()
        try:
            yield Run(stage, agent, Path(folder), warm_up)
        finally:
            for process in LIVING - {stage.process, agent.process}:
                process.stop(signal.SIGKILL)
            await stage.stop()
            agent.stop()
