import pytest

from imbot.check.lints import lint
from imbot.check.lints.keys import deprecated_keys
from imbot.config.loader import Loader
from imbot.config.loader.defaults import Defaults
from imbot.config.yamlfile import read_yaml
from imbot.problems.sources import Sources


def found(tmp_path, text):
    folder = tmp_path / "bots"
    folder.mkdir()
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    (file,) = Loader(folder, no_env=True).load().files
    return [problem for problem in lint(file, Sources(), Defaults()) if problem.code == "secret.literal"]


def credentials(secret):
    return f"credentials:\n  client_id: a\n  client_secret: {secret}\nagent: {{type: echo}}\n"


def agent(more):
    return f"credentials: {{client_id: a, client_secret: <<S>>}}\nagent:\n  type: openai\n  base_url: http://h/v1\n  model: m\n  {more}\n"


def test_a_secret_in_plain_text_is_found_at_its_place(tmp_path):
    (problem,) = found(tmp_path, credentials("hunter2"))

    assert (problem.line, problem.column, problem.end_column) == (3, 18, 25)
    assert (problem.severity, problem.pointer) == ("warning", "/credentials/client_secret")
    assert "<<CLIENT_SECRET>>" in problem.hint
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("secret", ["<<S>>", "<<file:secret.txt>>", "<<S:?set it>>", "<<S:->>", "none", '""'])
def test_what_comes_from_elsewhere_or_is_none_is_let_pass(tmp_path, secret):
    assert found(tmp_path, credentials(secret)) == []


def test_a_secret_as_a_default_is_found_there(tmp_path):
    (problem,) = found(tmp_path, agent("api_key: <<KEY:-sk-12345>>"))

    assert (problem.line, problem.column) == (6, 12)


def test_a_default_that_is_no_secret_is_let_pass(tmp_path):
    assert found(tmp_path, agent("api_key: <<KEY:-none>>")) == []


@pytest.mark.parametrize(
    ("header", "count"),
    [
        ("Authorization: Bearer abc", 1),
        ("X-Anything: Bearer abc", 1),
        ("api-key: abc", 1),
        ("X-Team: helpdesk", 0),
        ("Authorization: Bearer <<KEY>>", 0),
    ],
)
def test_of_headers_only_those_that_hold_a_secret_are_meant(tmp_path, header, count):
    assert len(found(tmp_path, agent(f"headers: {{{header}}}"))) == count


def test_a_deprecated_key_names_its_successor():
    schema = {
        "properties": {
            "throttle": {
                "properties": {
                    "every": {"type": "string", "deprecated": True, "x-replaced-by": "throttle.interval"}
                }
            }
        }
    }
    file = read_yaml(b"throttle:\n  every: 2s\n", "a.yaml")

    (problem,) = deprecated_keys(file, schema)

    assert (problem.line, problem.column, problem.end_column) == (2, 3, 8)
    assert (problem.code, problem.severity) == ("schema.deprecated", "warning")
    assert problem.hint == "use `throttle.interval` instead"
