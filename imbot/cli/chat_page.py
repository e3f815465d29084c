"""What the chat page of ``imbot dev`` is told about the bots: that they wait, are broken, and why."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from imbot.agents.knowledge import read_entries
from imbot.cli.common import relative_path
from imbot.errors import Problem
from imbot.log import redactor
from imbot.platforms import Simulator
from imbot.problems import only_unset
from imbot.problems.page import page_problem
from imbot.problems.sources import Sources
from imbot.reload.status import BotStatus
from imbot.reload.supervisor import Supervisor
from imbot.spec import BotSpec, Folder
from imbot.usage.agent_failures import FailedAnswer, Failing

EVERY_S = 0.25
QUESTIONS = 3
FAILURES = 20  # of a bot

_Told = list[dict[str, Any]]  # JSON values


class ChatPage:
    """Keeps the page of a simulator equal to what the supervisor knows.

    ``folder_problems`` returns what is wrong with the folder as a whole, such as a broken ``.env``.
    """

    def __init__(
        self,
        simulator: Simulator,
        supervisor: Supervisor,
        folder_problems: Callable[[], tuple[Problem, ...]] = tuple,
    ) -> None:
        self._folder_problems = folder_problems
        self._simulator = simulator
        self._supervisor = supervisor
        self._failures: dict[str, deque[FailedAnswer]] = {}  # by name, the last ones
        supervisor.counters.agent_failures.observe(self._note)
        self._shown: _Told | None = None
        self._apps: Mapping[str, str] = {}  # by the bot's name, as shown last
        self._since: dict[str, tuple[int, int]] = {}  # by name: the generation, and when it was first seen
        self._problems: dict[str, tuple[tuple[Problem, ...], _Told]] = {}  # by path, and as they were told
        self._questions: dict[str, tuple[str, list[str]]] = {}  # by name, with the fingerprint

    async def run(self) -> None:
        """Tell the page of every change, until cancelled."""
        while True:
            self.update()
            await asyncio.sleep(EVERY_S)

    def update(self) -> None:
        """Tell the page how the bots are now, if that is not what it shows."""
        specs = self._supervisor.specs()
        rows = [row for row in self._supervisor.status() if row.state != "draining"]
        folder = self._folder_problems()
        paths = {row.path for row in rows} | {problem.path for problem in folder}
        self._forget({row.name for row in rows}, paths)
        bots = [self._bot(row, specs.get(row.name)) for row in rows]
        if folder:
            bots.append(self._folder(folder))
        if bots != self._shown:
            self._shown = bots
            self._simulator.show_bots(bots)
        apps = {name: spec.identity for name, spec in specs.items()}
        for app in {*self._apps.values()} - {*apps.values()}:
            self._simulator.remove_app(app)
        self._apps = apps

    def _note(self, failed: FailedAnswer) -> None:
        self._failures.setdefault(failed.bot, deque(maxlen=FAILURES)).append(failed)

    def _bot(self, row: BotStatus, spec: BotSpec | None) -> dict[str, Any]:
        rejected = row.rejected.problems if row.rejected else ()
        bot: dict[str, Any] = {
            "name": row.name,
            "title": spec.title if spec else row.name,
            "path": relative_path(Path(row.path)),
            "problems": self._told(row.path, rejected),
            "failures": [_failure(failed) for failed in self._failures.get(row.name, ())],
            "trouble": [redactor.clean(text) for text in _trouble(row)],
        }
        if spec:
            running = {"app": spec.identity, "state": "running", "since": self._running_since(row)}
            running |= {"failing": row.failing and _failing(row.failing), "questions": self._starters(spec)}
            return bot | running
        waits = "waiting" if only_unset(rejected) else "rejected"
        return bot | {"app": None, "state": waits if rejected else "pending"}

    def _folder(self, problems: tuple[Problem, ...]) -> dict[str, Any]:
        """What stands in the list for the folder as a whole, while it cannot be loaded."""
        path = problems[0].path
        told = self._told(path, problems)
        return {
            "name": path,
            "title": relative_path(Path(path)),
            "path": path,
            "state": "folder",
            "problems": told,
        }

    def _running_since(self, row: BotStatus) -> int:
        """When the version that runs became live, in epoch milliseconds."""
        known = self._since.get(row.name)
        if not known or known[0] != row.generation:
            at = time.time() if row.accepted_at is None else row.accepted_at
            known = self._since[row.name] = (row.generation, int(at * 1000))
        return known[1]

    def _told(self, path: str, problems: tuple[Problem, ...]) -> _Told:
        known = self._problems.get(path)
        if not known or known[0] != problems:
            sources = Sources()
            known = self._problems[path] = (problems, [page_problem(each, sources) for each in problems])
        return known[1]

    def _starters(self, spec: BotSpec) -> list[str]:
        known = self._questions.get(spec.name)
        if not known or known[0] != spec.fingerprint:
            known = self._questions[spec.name] = (spec.fingerprint, list(starters(spec)))
        return known[1]

    def _forget(self, names: set[str], paths: set[str]) -> None:
        """Drop what is remembered of bots and files that are gone."""
        self._since = {name: known for name, known in self._since.items() if name in names}
        self._failures = {name: known for name, known in self._failures.items() if name in names}
        self._questions = {name: known for name, known in self._questions.items() if name in names}
        self._problems = {path: known for path, known in self._problems.items() if path in paths}


def starters(spec: BotSpec) -> Iterator[str]:
    """Some questions that the bot's knowledge answers: the first ones of its files, by turns."""
    folders = (value for value in spec.agent.settings.values() if isinstance(value, Folder))
    files = [Folder(each.path, (file,)) for each in folders for file in each.files[:QUESTIONS]]
    by_file = [[entry.heading for entry in read_entries(file)[:QUESTIONS]] for file in files]
    found = [heading for headings in zip_longest(*by_file) for heading in headings if heading]
    yield from list(dict.fromkeys(found))[:QUESTIONS]


def _failing(failing: Failing) -> dict[str, Any]:
    return {
        "since": int(failing.since * 1000),
        "answers": failing.answers,
        "reason": failing.error,
        "cure": failing.cure,
    }


def _failure(failed: FailedAnswer) -> dict[str, str]:
    return {
        "card": failed.card,
        "message": failed.message,
        "reason": failed.error,
        "cure": failed.cure,
    }


def _trouble(row: BotStatus) -> Iterator[str]:
    """What is wrong with a bot, but for the problems of its file."""
    if row.error:
        yield row.error
    if row.pending:
        yield row.pending.reason
    if row.held_since is not None:
        yield "its file is gone, with many others; it runs on until they are back"
