"""Other validators understand the schema: `check-jsonschema`, and the standard's own schema of schemas."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from imbot.config import schema

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "schemas/imbot.schema.json"
EXAMPLES = sorted(path for path in (ROOT / "bots").glob("*.yaml") if not path.name.endswith(".test.yaml"))
BREAKS = {
    "an unknown key": {"titel": "x"},
    "a wrong type": {"enabled": "maybe"},
    "a wrong word": {"throttle": {"pace": "fast"}},
    "a wrong duration": {"timeouts": {"total": "soon"}},
    "an agent that is none": {"agent": {"type": "nobody"}},
    "a key of another agent": {"agent": {"type": "echo", "model": "m"}},
    "a layout of another kind": {"card": {"kind": "markdown", "templates": {"final": {"msgContent": "x"}}}},
    "no credentials": {"credentials": {}},
}


@pytest.fixture(scope="session")
def check_jsonschema():
    if not importlib.util.find_spec("check_jsonschema"):
        assert os.environ.get("IMBOT_REQUIRE_PEERS") != "1", "check-jsonschema is not installed"
        pytest.skip("needs check-jsonschema: pip install check-jsonschema")

    def judge(*paths):
        command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), *map(str, paths)]
        return subprocess.run(command, capture_output=True, text=True)

    return judge


def test_check_jsonschema_accepts_the_examples(check_jsonschema):
    judged = check_jsonschema(*EXAMPLES)
    assert judged.returncode == 0, judged.stdout


def test_check_jsonschema_refuses_every_broken_example(check_jsonschema, tmp_path):
    base = yaml.safe_load(EXAMPLES[0].read_text(encoding="utf-8"))
    for name, change in BREAKS.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(base | change), encoding="utf-8")
    judged = check_jsonschema(*tmp_path.iterdir())
    assert judged.returncode == 1
    assert [name for name in BREAKS if f"{name}.yaml" not in judged.stdout] == []


def test_the_schema_is_valid_under_the_standard_and_refers_to_nothing_outside():
    Draft202012Validator.check_schema(schema.bundle())
    text = SCHEMA.read_text(encoding="utf-8")
    assert schema.bundle()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert text.count('"$ref": "') == text.count('"$ref": "#/$defs/')
