"""What a run has measured so far, kept in a file after each scenario."""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field

PATIENCE_S = 420  # with any scenario: the longest answer and all around it


@dataclass
class Results:
    """Figures by scenario (a list of rounds, each by system), and why scenarios failed."""

    machine: str
    versions: str
    took_s: float = 0.0
    found: dict = field(default_factory=dict)
    failed: dict = field(default_factory=dict)

    @classmethod
    def read(cls, folder):
        return cls(**json.loads((folder / "results.json").read_text()))

    def write(self, folder):
        (folder / "results.json").write_text(json.dumps(asdict(self)) + "\n")


class Recorder:
    """Takes one scenario after the other; one that fails or hangs costs its own figures alone."""

    def __init__(self, results, only="", folder=None):
        self.results = results
        self.only = only
        self.folder = folder
        self.began = time.monotonic()

    async def take(self, name, measure):
        """Keep what ``measure`` returns, if this scenario is wanted."""
        if not name.startswith(self.only):
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                figures = await measure()
        except Exception as error:  # noqa: BLE001  the others go on
            self.results.failed[name] = f"{type(error).__name__}: {error}"
            self.say(f"{name} failed: {error!r}")
        else:
            self.results.found.setdefault(name, []).append(figures)
            self.say(f"{name} done in {time.monotonic() - began:.0f} s")
        self.results.took_s = time.monotonic() - self.began
        if self.folder:
            self.results.write(self.folder)

    def say(self, text):
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
