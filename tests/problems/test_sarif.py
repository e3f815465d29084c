import json

import pytest
from jsonschema import Draft202012Validator

from imbot.errors import Problem
from imbot.problems import Report
from imbot.problems.codes import pages
from imbot.problems.sarif import render

# The part of SARIF 2.1.0 that is used here, closed, so that what is not in the standard is noticed.
TEXT = {"type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": {"type": "string", "minLength": 1}}}  # fmt: skip
LEVEL = {"enum": ["none", "note", "warning", "error"]}
COUNT = {"type": "integer", "minimum": 1}


def closed(required=(), **properties):
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


RULE = closed(
    ["id"], id={"type": "string"}, shortDescription=TEXT, fullDescription=TEXT, help=TEXT,
    defaultConfiguration=closed(level=LEVEL),
)  # fmt: skip
LOCATION = closed(
    physicalLocation=closed(
        artifactLocation=closed(uri={"type": "string", "format": "uri-reference"}),
        region=closed(startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT),
    ),
    logicalLocations={"type": "array", "items": closed(fullyQualifiedName={"type": "string"})},
)
RESULT = closed(
    ["message"], ruleId={"type": "string"}, ruleIndex={"type": "integer", "minimum": -1}, level=LEVEL, message=TEXT,
    locations={"type": "array", "items": LOCATION},
)  # fmt: skip
DRIVER = closed(["name"], name={"type": "string"}, version={"type": "string"}, rules={"type": "array", "items": RULE, "uniqueItems": True})  # fmt: skip
RUN = closed(
    ["tool"], tool=closed(["driver"], driver=DRIVER), results={"type": "array", "items": RESULT},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)  # fmt: skip
LOG = closed(["version", "runs"], **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}})  # fmt: skip


def problem(path="bots/a b.yaml", code="schema.type", pointer="/agent", severity="error"):
    return Problem(path, 3, 5, 3, 9, pointer, code, severity, "wrong", "do it right")


def log(*problems):
    got = json.loads(render(Report(problems, (), 1)).encode())
    Draft202012Validator(LOG).validate(got)
    return got["runs"][0]


def test_a_problem_is_a_result_with_its_rule():
    run = log(problem(code="schema.type"), problem(code="file.unused", severity="warning"), problem())

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["file.unused", "schema.type"]
    assert [(each["ruleId"], each["ruleIndex"], each["level"]) for each in run["results"]] == [
        ("schema.type", 1, "error"),
        ("file.unused", 0, "warning"),
        ("schema.type", 1, "error"),
    ]
    assert run["results"][0]["message"]["text"] == "wrong\ndo it right"
    assert run["tool"]["driver"]["rules"][1]["fullDescription"]["text"] == pages()["schema.type"].text


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("bots/a b.yaml", "bots/a%20b.yaml"),
        ("/x/客.yaml", "file:///x/%E5%AE%A2.yaml"),
        ("a\udcff.yaml", "a%FF.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
    ],
)
def test_a_path_becomes_a_uri(path, uri):
    location = log(problem(path))["results"][0]["locations"][0]["physicalLocation"]

    assert location["artifactLocation"]["uri"] == uri
    assert location["region"] == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}


def test_columns_count_characters_and_the_pointer_is_kept():
    run = log(problem(), problem(pointer=""))

    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"][0]["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "/agent"}]
    assert "logicalLocations" not in run["results"][1]["locations"][0]


def test_no_problem_is_a_run_without_results():
    assert log()["results"] == []


@pytest.mark.parametrize("code", ["schema.unknown-key", "schema.key"])
def test_a_key_that_may_be_a_secret_by_a_slip_is_not_told_whole(code):
    (result,) = log(problem(code=code, pointer="/agent/api_key J5k"))["results"]

    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "/agent/api_key…"}]
