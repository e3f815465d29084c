"""What the documents show is true: bot files load, commands exist, programs run."""

import asyncio
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
import yaml

from imbot.behaviour import prepare
from imbot.cli import main
from imbot.config.loader import Loader
from imbot.config.schema import source
from imbot.testing.running import run

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
TEST_FILE = re.compile(r"^cases:", re.MULTILINE)
SHELL = ("curl", ".", "cd", "cp")  # commands of the reader's own shell
REST = {
    "credentials": "credentials: {client_id: a, client_secret: <<S>>}\n",
    "agent": "agent: {type: echo}\n",
}


def blocks(language):
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(rf"```{language}\n(.*?)```", text, re.DOTALL):
            line = text[: found.start()].count("\n") + 1
            yield pytest.param(found.group(1), id=f"{page.name}:{line}")


def commands():
    for block in blocks("sh"):
        for line in block.values[0].splitlines():
            words = shlex.split(line.partition(" > ")[0], comments=True)
            while words and "=" in words[0] and not words[0].startswith("-"):
                words.pop(0)
            if words and words[0] not in SHELL:
                yield pytest.param(words, id=f"{block.id}:{' '.join(words)}")


def bot_files():
    return [block for block in blocks("yaml") if not TEST_FILE.search(block.values[0])]


def case_files():
    return [block for block in blocks("yaml") if TEST_FILE.search(block.values[0])]


@pytest.mark.parametrize("text", bot_files())
def test_every_bot_file_shown_loads_and_draws(text, tmp_path):
    for key, rest in REST.items():
        if not re.search(rf"^{key}:", text, re.MULTILINE):
            text += rest
    shared = [block.values[0] for block in bot_files() if "/defaults.schema.json" in block.values[0]]
    folder = tmp_path / "bots"
    (folder / "knowledge").mkdir(parents=True)
    (folder / "knowledge/a.md").write_text("# Question?\n\nAnswer.\n")
    (folder / "cards").mkdir()
    (folder / "cards/streaming.yaml").write_text('msgContent: "{{ answer }}"\n')
    (folder / "shown.yaml").write_text(text, encoding="utf-8")
    if "/inheriting.schema.json" in text:
        (folder / "_defaults.yaml").write_text(shared[0], encoding="utf-8")

    (file,) = Loader(folder, no_env=True).load().files

    assert [str(problem) for problem in file.problems] == []
    prepare(file.spec)


@pytest.mark.parametrize("text", case_files())
def test_every_test_file_shown_passes(text, tmp_path):
    folder = shutil.copytree(ROOT / "bots", tmp_path / "bots")
    shown = folder / "shown.test.yaml"
    shown.write_text(text, encoding="utf-8")

    done = run([shown], update=True)

    assert [str(problem) for problem in done.problems] == []
    assert [miss for result in done.results for miss in result.misses] == []


@pytest.mark.parametrize("words", [*commands()])
def test_every_command_shown_exists_with_its_options(words):
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text()
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in words[1:])
        return
    assert words[0] == "imbot"
    with click.Context(main) as context:
        _, command, rest = main.resolve_command(context, words[1:])
        if not isinstance(command, click.Group):
            _, left, _ = command.make_parser(click.Context(command)).parse_args(rest)
            assert left == [], "every word is an option or an argument"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_page_is_one_click_away(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((?:docs/)?([\w-]+\.md)\)", text))
    assert {page.name for page in ROOT.glob("docs/*.md")} <= linked


def test_both_languages_show_the_same_commands_and_files():
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )

    def shown(text):
        code = "\n".join(re.findall(r"```\w+\n(.*?)```", text, re.DOTALL))
        return re.sub(r" *#.*", "", code), sorted(re.findall(r"\]\(docs/([\w-]+\.md)\)", text))

    assert shown(english)[0] == shown(chinese)[0]
    assert set(shown(english)[1]) == set(shown(chinese)[1])


def anchors(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        there = page.parent / target if target else page
        assert there.is_file(), target
        assert not anchor or anchor.lower() in anchors(there), f"{target}#{anchor}"


@pytest.mark.parametrize("command", main.list_commands(click.Context(main)))
def test_every_command_is_in_a_page(command):
    pages = [page for page in PAGES if page.name not in ("CHANGELOG.md", "CONTRIBUTING.md")]
    assert any(f"imbot {command}" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("key", source("bot")["properties"])
def test_every_key_is_in_the_overview(key):
    assert re.search(rf"^\|.*`{key}`", (ROOT / "docs/bot-file.md").read_text(encoding="utf-8"), re.MULTILINE)


def table(heading):
    """The rows of the first table below a heading of the bot file's page, each a list of cells."""
    text = (
        (ROOT / "docs/bot-file.md")
        .read_text(encoding="utf-8")
        .partition(f"# {heading}\n")[2]
        .partition("\n#")[0]
    )
    return [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("| `")
    ]


def test_every_default_in_the_overview_is_that_of_the_schema():
    properties = source("bot")["properties"]
    named = {
        (key.strip("`"), part): value
        for key, default, _ in table("Keys")
        if ": " in default
        for part, value in yaml.safe_load(f"{{{default.strip('`')}}}").items()
    }

    assert len(named) > 15
    assert named == {(key, part): properties[key]["properties"][part]["default"] for key, part in named}


def test_every_variable_that_is_named_can_be_used_in_every_phase(tmp_path):
    names = re.findall(
        r"[a-z_]+(?:\.[a-z_]+)*", " ".join(cells[0] for cells in table("What a template may use"))
    )
    layout = {"msgContent": " ".join(f"{{{{ {name} }}}}" for name in names)}
    phases = ("thinking", "streaming", "final", "error", "stopped")
    card = yaml.safe_dump({"card": {"templates": {phase: dict(layout) for phase in phases}}})
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots/a.yaml").write_text(REST["credentials"] + REST["agent"] + card)

    (file,) = Loader(tmp_path / "bots", no_env=True).load().files

    assert len(names) > 20
    assert [str(problem) for problem in file.problems] == []
    prepare(file.spec)


@pytest.mark.parametrize("code", [*blocks("python")])
def test_every_program_shown_runs(code):
    space = {}
    exec(compile(code, "docs", "exec"), space)
    for name, value in space.items():
        if name.startswith("test_"):
            asyncio.run(value())
