"""What stands in a tiny app's way: nothing ever does."""

from collections.abc import Mapping, Sequence
from typing import Any

from imbot.model import CardView
from imbot.platforms import Doubt, Probe


class TinyDiagnosis:
    """The look of one app; a ``Diagnosis``."""

    def __init__(self, credentials: Mapping[str, Any], endpoint: str | None) -> None:  # noqa: ARG002 - a diagnosis' signature
        self._app = credentials["app"]

    def probes(self, view: CardView) -> Sequence[Probe]:  # noqa: ARG002 - a diagnosis' signature
        """One."""
        return [Probe("app", self._ask)]

    async def close(self) -> None:
        """Nothing is open."""

    async def _ask(self) -> str | Doubt:
        return f"{self._app} is known"
