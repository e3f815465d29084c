"""A DingTalk for one machine: gateway, card and message APIs, and a chat page to look at them."""

from imbot.platforms.dingtalk.simulator.server import Simulator
from imbot.platforms.dingtalk.simulator.settings import Settings

__all__ = ["Settings", "Simulator"]
