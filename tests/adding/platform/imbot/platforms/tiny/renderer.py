"""How web pages draw slips: as the messages that they say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imbot.model import CardView

PAGE = Path(__file__).parent


def page_card(view: CardView) -> Mapping[str, Any] | None:  # noqa: ARG001 - a renderer's signature
    """None: a slip is drawn as its text."""
    return None
