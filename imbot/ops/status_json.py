"""The status of bots as JSON values, as ``GET /status`` and ``/readyz`` answer it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from imbot.log import redactor
from imbot.ops.monitor import Resources
from imbot.problems.records import problem_json
from imbot.reload.report import iso
from imbot.reload.status import BotStatus
from imbot.reload.watch import RESCAN_S, WatchState

_STATES = ("running", "connecting", "draining", "down")


def row_json(row: BotStatus) -> dict[str, Any]:
    """A bot's status as JSON values."""
    rejected = row.rejected and {
        "since": iso(row.rejected.since),
        "problems": [problem_json(problem) for problem in row.rejected.problems],
    }
    pending = row.pending and {
        "since": iso(row.pending.since),
        "reason": redactor.clean(row.pending.reason),
    }
    failing = row.failing and {**asdict(row.failing), "since": iso(row.failing.since)}
    return {
        "name": row.name,
        "path": row.path,
        "type": row.type,
        "state": _state(row),
        "generation": row.generation,
        "fingerprint": row.fingerprint,
        "connected_since": iso(row.connected_since) if row.connected_since else None,
        "connections": row.connections,
        "turns_running": row.turns_running,
        "turns_total": row.turns_total,
        "tokens": {"prompt": row.prompt_tokens, "completion": row.completion_tokens},
        "calls_total": row.calls_total,
        "calls_month": row.calls_month,
        "month": asdict(row.month) if row.month else None,
        "error": redactor.clean(row.error) if row.error else "",
        "failing": failing,
        "rejected": rejected,
        "pending": pending,
        "accepted_at": iso(row.accepted_at) if row.accepted_at else None,
        "held": None if row.held_since is None else {"since": iso(row.held_since)},
    }


def resources_json(resources: Resources) -> dict[str, Any]:
    """What the process uses and runs short of, as JSON values."""
    shortages = [
        {name: redactor.clean(text) for name, text in asdict(shortage).items()}
        for shortage in resources.shortages
    ]
    return {**asdict(resources), "store_error": redactor.clean(resources.store_error), "shortages": shortages}


def watch_json(watch: WatchState) -> dict[str, Any]:
    """How changes of files are found, as JSON values."""
    return {
        "method": watch.method,
        "since": iso(watch.since),
        "degraded": bool(watch.trouble),
        "reason": watch.trouble,
        "every_s": RESCAN_S,
    }


def _state(row: BotStatus) -> str:
    return "running" if row.state == "connected" else row.state


def bot_counts(rows: Sequence[BotStatus]) -> dict[str, int]:
    """How many bots are in each state, and how many are rejected, held or failing."""
    states = Counter(map(_state, rows))
    rejected = sum(row.rejected is not None for row in rows)
    held = sum(row.held_since is not None for row in rows)
    failing = sum(row.failing is not None for row in rows)
    counts = {state: states[state] for state in _STATES}
    return counts | {"rejected": rejected, "held": held, "failing": failing}
