"""Faults that a test orders: how the next calls of a path fail."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Fault:
    """One ordered fault, for the next ``times`` calls whose path contains ``path_part``.

    ``status`` 0 cuts the connection; None only delays the call by ``delay_s`` seconds. ``executed``: the call takes
    effect, but its answer is ``status`` and ``body``.
    """

    path_part: str
    status: int | None
    body: dict[str, Any] | str
    times: int
    delay_s: float
    executed: bool


class Faults:
    """The faults that have not happened yet, in order."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        self._ordered.clear()

    def take(self, path: str) -> Fault | None:
        """The fault for a call of this path; None if there is none. Each use counts as one of its ``times``."""
        for fault in self._ordered:
            if fault.path_part in path:
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None
