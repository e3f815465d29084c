"""Faults on order: the next calls of a path answer as a test wishes."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Fault:
    """One ordered failure; ``status`` 0 cuts the connection, ``executed`` does the call all the same.

    Without a status the call is only late.
    """

    path_part: str
    status: int | None
    body: dict[str, Any] | str
    times: int
    delay_s: float
    executed: bool


class Faults:
    """The failures still to happen, in order."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add one."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Forget them."""
        self._ordered.clear()

    def take(self, path: str) -> Fault | None:
        """The failure this call shall suffer, if any."""
        for fault in self._ordered:
            if fault.path_part in path:
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
                return fault
        return None
