"""``imbot init``: a small working folder to start from."""

import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from imbot.cli.common import relative_path
from imbot.config import schema

# the agent's type -> the example that has it, and the files that this one uses
_BOTS = {"faq": ("support", ("cards/*", "knowledge/*.md")), "openai": ("assistant", ())}
_AGENTS = {
    "faq": "a folder of Markdown files, without a model",
    "openai": "an AI agent that you already have, behind an OpenAI-compatible endpoint",
}
# the end of a variable's name -> what it is, and a value to be replaced where the bot file has no default
_VARIABLES = {
    "CLIENT_ID": ("The Client ID of the app, from the DingTalk open platform", "your-client-id"),
    "CLIENT_SECRET": ("Its Client Secret", "your-client-secret"),
    "LLM_BASE_URL": (
        "The address of the agent, such as http://127.0.0.1:11434/v1 for Ollama",
        "https://your-agent.example/v1",
    ),
    "LLM_API_KEY": ("Its key; any word where it needs none", ""),
    "LLM_MODEL": ("The model, by the name that the agent knows it by", ""),
    "HOTLINE": ("The telephone number on the card", ""),
}

_README = """\
# My bots

    imbot test      # prove what they do, in a second
    imbot dev       # try them in a chat page with a simulator of DingTalk
    imbot check     # find mistakes before anyone else does; needs .env
    imbot run       # connect them to DingTalk; needs the app's credentials in .env

"""
_ABOUT = {
    ".env.example": "lists the variables that the bot files use: copy it to `.env` and write your values there.",
    "bots/{bot}.yaml": "is a bot; copy it to make another one.",
    "bots/knowledge": "is what it knows: in its Markdown files a heading is a question, its section the answer.",
    "bots/cards/{bot}.yaml": "is how its final card looks.",
    "bots/{bot}.test.yaml": "says what it must do; add a case for what must never break again.",
}


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option(
    "--agent",
    type=click.Choice([*_BOTS]),
    help="What answers.  [default: asks on a terminal, otherwise faq]",
)
def command(folder: Path | None, agent: str | None) -> None:
    """Write a small working folder: a bot with its test, and the schemas for editors.

    Writes into FOLDER, which is made where there is none; without FOLDER into the current folder. Files that
    exist are left as they are.

    The bot's agent is `faq`: a folder of Markdown files, with a card; or `openai`: an AI agent that you
    already have, behind an OpenAI-compatible endpoint.
    """
    if folder is None:
        folder = Path()
        click.echo(f"Writing into the current folder, {folder.absolute()}")
    agent = agent or _chosen()
    files = dict(_files(agent))
    for name, text in files.items():
        _write(folder / name, text)
    click.echo("\n".join(_next_steps(folder, agent, files[".env.example"])))


def _chosen() -> str:
    """The agent that a person chooses; the default where nobody can be asked."""
    default, *_ = _BOTS
    if not sys.stdin.isatty():
        return default
    click.echo("What answers?")
    for name, about in _AGENTS.items():
        click.echo(f"  {name:7} {about}")
    chosen: str = click.prompt("Agent", type=click.Choice([*_BOTS]), default=default)
    return chosen


def _write(path: Path, text: str) -> None:
    if path.exists():
        click.echo(f"  kept     {relative_path(path)}")
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{relative_path(path)} cannot be written: {error.strerror}") from None
    click.echo(f"  written  {relative_path(path)}")


def _next_steps(folder: Path, agent: str, variables: str) -> Iterator[str]:
    """What to do now: commands without comments, as not every shell knows those in a line that is typed."""
    kept = _assigned((folder / ".env.example").read_text(encoding="utf-8", errors="replace"))
    if lacking := [line for name, line in _assigned(variables).items() if name not in kept]:
        yield "\n.env.example was kept as it is. Add the variables of the new bot to it:\n"
        yield from (f"    {line}" for line in lacking)
    yield "\nNext:\n"
    if folder.absolute() != Path.cwd():
        yield f"    cd {shlex.quote(relative_path(folder))}"
    yield "    imbot test"
    if agent == "openai":
        if not (folder / ".env").exists():
            yield "    cp .env.example .env"
        yield "\nWrite the agent's address, key and model into .env. Then:\n"
        yield "    imbot check"
    yield "    imbot dev"


def _assigned(text: str) -> Mapping[str, str]:
    """The lines of a file of variables that set one, by its name."""
    lines = (line.strip() for line in text.splitlines())
    return {line.partition("=")[0].strip(): line for line in lines if "=" in line and line[:1] != "#"}


def _files(agent: str) -> Iterator[tuple[str, str]]:
    """The names of the files, from the folder's, and their texts."""
    examples = _examples()
    bot, beside = _BOTS[agent]
    patterns = (f"{bot}.yaml", *beside, f"snapshots/{bot}.*", f"{bot}.test.yaml")
    bots = {
        f"bots/{path.relative_to(examples).as_posix()}": path.read_text(encoding="utf-8")
        for pattern in patterns
        for path in sorted(examples.glob(pattern))
    }
    yield from bots.items()
    yield "schemas/imbot.schema.json", json.dumps(schema.bundle(), ensure_ascii=False, indent=2) + "\n"
    test_schema = schema.folder() / "test.schema.json"
    yield f"schemas/{test_schema.name}", test_schema.read_text(encoding="utf-8")
    yield ".env.example", _variables(bots[f"bots/{bot}.yaml"])
    yield ".gitignore", ".env\n.imbot/\n"
    about = {path.format(bot=bot): text for path, text in _ABOUT.items()}
    written = {".env.example", *bots, *(str(Path(name).parent) for name in bots)}
    yield "README.md", _README + "".join(f"- `{path}` {about[path]}\n" for path in about if path in written)


def _variables(bot: str) -> str:
    """What ``.env.example`` holds: every variable that the bot file reads, with a value to replace."""
    from imbot.config.placeholders import Placeholder, parse_placeholders

    lines = ["# Copy to .env, write your values there, and never commit .env."]
    for found in parse_placeholders(bot):
        if isinstance(found, Placeholder) and found.source == "env":
            about, example = next(row for end, row in _VARIABLES.items() if found.name.endswith(end))
            lines += ["", f"# {about}", f"{found.name}={found.default or example}"]
    return "\n".join(lines) + "\n"


def _examples() -> Path:
    """The shipped examples: inside the package when installed, at the repository's top otherwise."""
    package = Path(__file__).parents[1]
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "bots"
