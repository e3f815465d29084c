"""Messages that are commands to the bot: ``/new``, ``/stop``, ``/help``, and the words of the bot file."""

import re
from typing import Literal

from imbot.spec import Commands

Command = Literal["", "new", "stop", "help"]

_MENTIONS = re.compile(r"\A(@\S+\s+)+")


def command_of(text: str, commands: Commands) -> Command:
    """The command that a message is; empty for a question.

    The whole message must be the word. Mentions before it do not count: some clients leave that of the bot there.
    """
    said = _MENTIONS.sub("", text.strip(), count=1).casefold()
    names: tuple[Literal["new", "stop", "help"], ...] = ("new", "stop", "help")
    for name in names:
        if said in (word.casefold() for word in getattr(commands, name)):
            return name
    return ""
