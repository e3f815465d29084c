"""Words that are orders to the bot: ``/new``, ``/stop``, ``/help`` and what a bot file adds."""

from typing import Literal

from imbot.spec import Commands

Command = Literal["", "new", "stop", "help"]


def command_of(text: str, commands: Commands) -> Command:
    """Which order a message is; empty when it is a question. Only the whole message counts."""
    said = text.strip().casefold()
    names: tuple[Literal["new", "stop", "help"], ...] = ("new", "stop", "help")
    for name in names:
        if said in (word.casefold() for word in getattr(commands, name)):
            return name
    return ""
