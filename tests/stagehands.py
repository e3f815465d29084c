"""Test files and the bots beside them, written for one test and played."""

from pathlib import Path

from imbot.testing.casefile import read_cases
from imbot.testing.running import run

ECHO = """\
credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}
agent: {type: echo}
feedback:
  buttons:
    - {label: 👍, rating: good}
    - {label: 👎, rating: bad}
  thanks: 谢谢
"""


def folder(tmp_path, test, bot=ECHO, **more):
    """A bots folder with one bot and its test file; the test file's path."""
    bots = tmp_path / "bots"
    files = {"a.yaml": bot, "a.test.yaml": test, **{f"{name}.yaml": text for name, text in more.items()}}
    for name, text in files.items():
        path = bots / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return bots / "a.test.yaml"


def case(steps, head=""):
    """A test file of one case with these steps, as YAML text that begins at column 1."""
    inner = "\n".join(f"      {line}" if line else "" for line in steps.strip("\n").split("\n"))
    return f"{head}cases:\n  - name: it\n    steps:\n{inner}\n"


def played(tmp_path, steps, head="", **options):
    """The result of one case."""
    bot = options.pop("bot", ECHO)
    done = run([folder(tmp_path, case(steps, head), bot)], **options)
    assert done.problems == ()
    (result,) = done.results
    return result


def told(result):
    """What is not as expected: the place in the test file and the words."""
    return [(miss.at.partition("/steps/")[2], miss.message) for miss in result.misses]


def problems(path: Path):
    """What is wrong with a test file: line, column, code."""
    return [(each.line, each.column, each.code) for each in run([path]).problems]


def read(tmp_path, test):
    return read_cases(folder(tmp_path, test))
