"""What Tab completes, and that nothing heavy is loaded for it."""

import os
import subprocess
import sys

import pytest
from botfolder import bot, write

from imbot.cli import COMMANDS
from imbot.config import reference
from imbot.problems import codes

HEAVY = {
    "yaml", "jinja2", "jsonschema", "jsonschema_rs", "aiohttp", "asyncio", "sqlite3", "watchfiles", "dingtalk_stream"
}  # fmt: skip
PROGRAM = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
PROGRAM += "from imbot.cli import main; main(prog_name='imbot')"


@pytest.fixture
def here(tmp_path):
    write(
        tmp_path / "bots",
        {
            "support.yaml": bot(),
            "sales.yml": bot("2", "title: name\n"),
            "hr.yaml": "# who?\nname: 'staff'  # as people call it\n" + bot("3"),
            "service.yaml": "agent: [\nname: [1]\n",
            "support.test.yaml": "cases: []\n",
            "_defaults.yaml": "{}\n",
            "cards/s.yaml": "{}\n",
            "sub.yaml/x": "",
        },
    )
    write(tmp_path / "other", {"second.yaml": bot()})
    return tmp_path


def completed(here, line, shell="bash"):
    """What the shell is offered for the last word of the line, and what was loaded for it."""
    words = line.split(" ")
    told = {"_IMBOT_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        told["COMP_CWORD"] = words[-1]
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        program, cwd=here, env=os.environ | told, capture_output=True, text=True, check=True
    )
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("imbot doctor s", ["sales", "service", "staff", "support"]),
        ("imbot preview su", ["support"]),
        ("imbot doctor other s", ["second"]),
        ("imbot doctor --bots other s", ["second"]),
        ("imbot preview nowhere s", []),
        ("imbot feedback --bot st", ["staff"]),
        ("imbot feedback other --bot s", ["second"]),
        ("imbot feedback --bots other --bot s", ["second"]),
        ("imbot init --agent ", ["faq", "openai"]),
        ("imbot explain schema.e", ["schema.enum"]),
        ("imbot explain agent.openai.mo", ["agent.openai.model"]),
        ("imbot explain card.ai.msgT", ["card.ai.msgTitle"]),
        ("imbot preview support --phase st", ["stopped", "streaming"]),
        ("imbot layouts ", ["ai", "markdown", "standard"]),
        ("imbot layouts m", ["markdown"]),
        ("imbot doc", ["doctor"]),
        ("imbot doctor --no", ["--no-agent"]),
    ],
)
def test_names_codes_and_keys_are_completed_without_loading_what_is_heavy(here, line, found):
    said, loaded = completed(here, line)

    offered = [each.partition(",") for each in said.splitlines()]
    assert sorted(value for kind, _, value in offered if kind == "plain") == found
    assert HEAVY & loaded == set()


@pytest.mark.parametrize("line", ["imbot doctor zzz", "imbot preview bots/", "imbot check b", "imbot run b"])
def test_where_no_name_fits_the_shell_completes_files(here, line):
    assert completed(here, line)[0].partition(",")[0] in ("file", "dir")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_offered_the_bots_and_the_commands(here, shell):
    assert "support" in completed(here, "imbot doctor sup", shell)[0]
    commands, loaded = completed(here, "imbot ", shell)
    assert all(name in commands for name in COMMANDS)
    assert not [name for name in loaded if name.startswith("imbot.cli.")], "no command was imported"


def test_in_bash_itself(here):
    script = (
        'eval "$(_IMBOT_COMPLETE=bash_source imbot)"; COMP_WORDS=(imbot doctor su); COMP_CWORD=2; '
        '_imbot_completion imbot; echo "${COMPREPLY[@]}"'
    )
    path = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", script], cwd=here, env=path, capture_output=True, text=True)
    assert done.stdout == "support\n"


def test_every_code_and_every_key_is_completed(here):
    said, _ = completed(here, "imbot explain ")
    offered = {line.partition(",")[2] for line in said.splitlines()}
    assert offered == {*codes.pages(), *reference.entries()}
