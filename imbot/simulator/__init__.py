"""A DingTalk for one machine: gateway, card and message APIs, and a chat page to look at them."""

from imbot.simulator.server import Simulator
from imbot.simulator.settings import Settings

__all__ = ["Settings", "Simulator"]
