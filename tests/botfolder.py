"""A folder of bot files for tests of the loader: written from a mapping, loaded without an environment."""

from collections.abc import Mapping
from pathlib import Path

from imbot.config.loader import BotFile, Loader
from imbot.errors import Problem
from imbot.spec import BotSpec

ECHO = """\
credentials:
  client_id: {id}
  client_secret: s3cr3t-value
agent:
  type: echo
"""


def bot(client_id: str = "ding1", more: str = "") -> str:
    """The smallest bot file, with more keys below it."""
    return ECHO.format(id=client_id) + more


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by their path below a folder; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def load(folder: Path, environ: Mapping[str, str] | None = None, **options: bool) -> tuple[BotFile, ...]:
    """Load a folder once; nothing but ``environ`` is set."""
    return Loader(folder, environ=environ or {}, **options).load().files


def one(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None, **options: bool) -> BotFile:
    """Load one bot file, ``a.yaml``."""
    (found,) = load(write(tmp_path / "bots", {"a.yaml": text}), environ, **options)
    return found


def spec_of(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None, **options: bool) -> BotSpec:
    """The spec of one bot file, which must have no problem."""
    found = one(tmp_path, text, environ, **options)
    assert found.problems == ()
    assert found.spec is not None
    return found.spec


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int, str]]:
    """Line, column and code of each problem."""
    return [(problem.line, problem.column, problem.code) for problem in problems]
