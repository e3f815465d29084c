"""The distribution has a name of its own: `imbot` on the package index belongs to somebody else."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

import imbot

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
READ = ("imbot", "schemas", "bots", "docs", "benchmarks", ".ci")
KINDS = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".js", ".html", ".css", ""}
STRANGER = re.compile(
    r"""\b(?:install|add|uvx|pipx run)\s(?:[^\n`;|&#]*?[\s'"])?['"]?imbot(?![\w.-])"""  # pip install 'imbot[x]'
    r"""|\bimbot\[[\w, -]+\]"""  # imbot[x], wherever it stands
    r"""|\bimbot\s*(?:[=~<>!]=|>)\s*\d"""  # imbot>=1
    r"""|additional_dependencies:.*[\s'"\[]imbot(?![\w.-])"""
)


def texts():
    """Everything that people read, or that prints what they read."""
    beside = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".git")]
    inside = [path for folder in READ for path in (ROOT / folder).rglob("*")]
    found = [path for path in [*beside, *inside] if path.is_file() and path.suffix in KINDS]
    return [path for path in found if path.name != "results.json"]  # figures, in one long line


def test_nothing_tells_anybody_to_install_the_stranger():
    told = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in texts()
        for found in STRANGER.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]

    assert told == []


@pytest.mark.parametrize(
    "text",
    [
        "pip install imbot",
        "pip3 install --upgrade 'imbot[postgres]'",
        "python -m pip install -q imbot==0.2",
        "uv pip install imbot",
        "pipx run imbot check",
        "uvx imbot check",
        "needs the extra imbot[redis]",
        "imbot>=0.1",
        "additional_dependencies: [imbot]",
    ],
)
def test_a_text_that_does_is_found(text):
    assert STRANGER.search(text)


@pytest.mark.parametrize(
    "text", [f"pip install {PROJECT['name']}", "pip install redis; imbot run", "imbot run"]
)
def test_what_installs_something_else_is_not_found(text):
    assert not STRANGER.search(text)


def test_what_is_installed_is_ours_with_its_command():
    found = distribution(PROJECT["name"])

    assert PROJECT["name"] != "imbot"
    assert found.version == imbot.__version__
    assert [entry.value for entry in found.entry_points if entry.name == "imbot"] == ["imbot.cli:main"]
