"""The commands, each in a module of its own that is imported when it is called."""

import importlib
from typing import Any

import click
from click.shell_completion import CompletionItem

from imbot import __version__

# name, which is also its module's -> its line in `imbot --help`; in the order people meet them
COMMANDS = {
    "init": "Write a small working folder: bot, card, knowledge, schema.",
    "dev": "Try bots without credentials: simulator, bots and a chat page.",
    "check": "Report every problem of every bot file.",
    "preview": "Show a bot's cards in a browser, in every phase.",
    "layouts": "Print the built-in layouts of cards, to copy and change.",
    "explain": "Explain a problem's code, or a key of the bot file.",
    "doctor": "Diagnose a bot: try it on the real platform, and say what to fix.",
    "test": "Run the test files beside the bots.",
    "run": "Run bots against the real platform.",
    "status": "Show what runs, and what was rejected and why.",
    "plan": "Show what a reload would change now.",
    "reload": "Apply the files now, and report.",
    "feedback": "Show the ratings people gave, with question and answer.",
    "unanswered": "Show the questions to which the agent knew no answer.",
    "forget": "Remove everything a person said.",
    "simulate": "Run the DingTalk simulator alone.",
    "schema": "Print the schema of bot files, for editors.",
}


class _Lazy(click.Group):
    """A group that imports a command's module only when the command runs or shows its help."""

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; what a command cannot do is told on one line, without secrets."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            from imbot.log import redactor
            from imbot.text.sanitize import printable

            error.message = printable(redactor.clean(error.message))  # type: ignore[misc]  # final for other classes
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"imbot.cli.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click does, without importing the commands."""
        found = [
            CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, with a "did you mean" for an unknown command."""
        if args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{guess}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="imbot")
def main() -> None:
    """Put an existing AI agent into an IM chat, from files."""
