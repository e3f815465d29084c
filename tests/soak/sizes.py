"""How much of it: a little with every test run, much with ``make soak``, decided by the environment.

``IMBOT_SOAK`` names the seeds of a long run, as ``1,2,3``.
"""

import os
from typing import TypeVar

T = TypeVar("T")

_SEEDS = os.environ.get("IMBOT_SOAK", "")


def of(small: T, long: T) -> T:
    """The one for this run."""
    return long if _SEEDS else small


def seeds() -> list[int]:
    """What decides everything that happens at random."""
    return [int(seed) for seed in _SEEDS.split(",")] if _SEEDS else [1]
