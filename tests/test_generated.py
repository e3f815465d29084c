"""What is generated is fresh, and ``make generated`` makes it so."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import generated  # noqa: E402  a script beside the package, not in it


@pytest.mark.parametrize(("name", "words"), generated.FILES.items())
def test_a_generated_file_is_fresh(name, words):
    fresh = (ROOT / name).read_text(encoding="utf-8") == generated.printed(words)

    assert fresh, f"{name} is not what `imbot {' '.join(words)}` prints: `make generated` writes it anew"


def test_what_is_stale_is_written_and_said(tmp_path):
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    right = {tmp_path / name: generated.printed(words) for name, words in generated.FILES.items()}
    for path, text in right.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "docs/keys.md").write_text("stale")
    (tmp_path / "schemas/defaults.schema.json").unlink()

    said = subprocess.run(
        [sys.executable, "tools/generated.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert said.splitlines() == [
        "unchanged  schemas/imbot.schema.json",
        "changed    schemas/defaults.schema.json",
        "unchanged  schemas/inheriting.schema.json",
        "changed    docs/keys.md",
        "unchanged  docs/codes.md",
    ]
    assert {path: path.read_text(encoding="utf-8") for path in right} == right


def test_make_generated_runs_it():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(r"^generated:.*\n\t@\$\(BIN\)/python tools/generated\.py$", makefile, re.MULTILINE)
