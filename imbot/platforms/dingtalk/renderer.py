"""The ``Renderer`` of DingTalk's cards: web pages draw them with the scripts of the simulator's page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imbot.model import CardPhase, CardView
from imbot.platforms.dingtalk.calls import content_key, template_id

PAGE = Path(__file__).parent / "simulator" / "page"

# How the page names the states of a card.
_STATES = {
    CardPhase.THINKING: "processing",
    CardPhase.STREAMING: "inputting",
    CardPhase.FINAL: "finished",
    CardPhase.STOPPED: "finished",
    CardPhase.ERROR: "failed",
}


def page_card(view: CardView) -> Mapping[str, Any] | None:
    """A card as ``card.js`` takes it; None for a view that is a message and no card."""
    if not view.native:
        return None
    streamed = content_key(view)
    return {
        "template": template_id(view),
        "data": view.data,
        "private": {},
        "state": _STATES[view.phase]
        if streamed
        else "finished",  # a card that cannot stream is never unfinished
        "streamed": streamed or None,
        "callback": True,
    }
