"""An agent and a card kind are added by the book: by the steps that CONTRIBUTING lists, and by nothing else.

The steps are taken in a copy of the repository, with the files of `adding/`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[1]


class Copy:
    """A copy of the repository, and a piece that is to be added to it."""

    def __init__(self, folder, piece):
        self.folder = folder
        self.piece = ROOT / "tests/adding" / piece
        self.left = {
            path.relative_to(self.piece).as_posix()
            for place in ("imbot", "schemas")
            for path in self.piece.glob(f"{place}/**/*.*")
        }
        for name in ("imbot", "schemas", "docs", "tools", "tests"):
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*")
            )  # half written
        for name in ("pyproject.toml", "Makefile"):
            shutil.copy(ROOT / name, folder)

    def take(self, step):
        """Do what a step says."""
        for form, do in FORMS.items():
            if said := re.fullmatch(form, step):
                return do(self, **said.groupdict())
        raise AssertionError(f"CONTRIBUTING says {step!r}, in a form that is not known here")

    def add_file(self, path):
        assert not (self.folder / path).exists()
        shutil.copy(self.piece / path, self.folder / path)
        self.left.remove(path)

    def add_folder(self, path):
        assert not (self.folder / path).exists()
        shutil.copytree(self.piece / path, self.folder / path)
        self.left = {left for left in self.left if not left.startswith(path)}

    def add_item(self, table, path, item):
        """Add an item at the end of a mapping in a module, or of a list in a schema."""
        text = (self.folder / path).read_text(encoding="utf-8")
        whole = rf'(\b{table}"?\s*[:=]\s*[{{\[][^}}\]]*?),?(\s*[}}\]])'
        text, count = re.subn(whole, rf"\1, {item}\2", text)
        assert count == 1, f"{path} has {count} tables {table}"
        (self.folder / path).write_text(text, encoding="utf-8")

    def make_generated(self):
        self.python("tools/generated.py")

    def works(self, *tests):
        """Commands know what was added, and tests that judge all pieces of its sort have nothing to say."""
        bot = self.piece / "bots/bot.yaml"
        self.imbot("check", "--strict", str(bot))
        assert "✓" in self.imbot("test", str(bot.parent))
        schema, before = (
            (root / "schemas/imbot.schema.json").read_text("utf-8") for root in (self.folder, ROOT)
        )
        assert schema == self.imbot("schema")
        assert accepts(schema, bot)
        assert not accepts(before, bot)
        self.python("-m", "pytest", *tests)

    def imbot(self, *words):
        return self.python("-m", "imbot", *words)

    def python(self, *words, code=0):
        """What a program of the copy says; it must succeed."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environ |= {"PYTHONPATH": str(self.folder), "CLIENT_ID": "id", "CLIENT_SECRET": "s3cr3t-of-the-app"}
        environ["TINY_HUB"] = str(self.folder / "hub.json")
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=environ, capture_output=True, text=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


FORMS = {
    r"`(?P<path>\S+/)`: .+\.": Copy.add_folder,
    r"`(?P<path>\S+[^/])`: .+\.": Copy.add_file,
    r"(?:A row|Its name) at the end of `(?P<table>\S+)` in `(?P<path>\S+)`: `(?P<item>.+)`": Copy.add_item,
    r"`make generated`": Copy.make_generated,
}


def steps(heading, names):
    """The steps that CONTRIBUTING lists below a heading, with these names in the place of its own."""
    book = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {heading}\n(.*?)^#", book, re.MULTILINE | re.DOTALL)
    for placeholder, name in names.items():
        section = section.replace(f"<{placeholder}>", name)
    return [" ".join(step.split()) for step in re.split(r"^\d\. ", section, flags=re.MULTILINE)[1:]]


def accepts(schema, bot):
    return Draft202012Validator(json.loads(schema)).is_valid(yaml.safe_load(bot.read_bytes()))


def test_an_agent_is_added_by_the_book(tmp_path):
    copy = Copy(tmp_path, "agent")

    for step in steps("An agent", {"type": "parrot", "Class": "ParrotAgent"}):
        copy.take(step)

    assert not copy.left, "no step adds these files of the piece"
    copy.works("tests/agents/test_schemas.py")


def test_a_card_kind_is_added_by_the_book(tmp_path):
    copy = Copy(tmp_path, "kind")
    platform = {"platform": "dingtalk", "platform type": "dingtalk-stream"}

    for step in steps("A card kind", {"kind": "note", "Class": "NoteKind", **platform}):
        copy.take(step)

    assert not copy.left, "no step adds these files of the piece"
    copy.works("tests/platforms/test_types.py")


def test_a_platform_type_is_added_by_the_book_and_holds_a_conversation_over_a_crash(tmp_path):
    copy = Copy(tmp_path, "platform")

    for step in steps("A platform type", {"type": "tiny", "kind": "slip"}):
        copy.take(step)

    assert not copy.left, "no step adds these files of the piece"
    copy.works("tests/platforms/test_types.py")
    program = str(copy.piece / "conversation.py")
    copy.python(
        program, str(tmp_path / "home"), "talk", code=9
    )  # it dies between making a card and showing it
    copy.python(program, str(tmp_path / "home"), "recover")
