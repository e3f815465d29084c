import pytest
from botfolder import bot, one

DEEP = """\
credentials:
  client_id: a
  client_secret: b
agent:
  type: openai
  base_url: http://x
  model: m
throttle:
  pace: fixed
  interval: 2s
"""


def told(tmp_path, text):
    return [(problem.line, problem.message, problem.hint) for problem in one(tmp_path, text).problems]


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("throttle:\n", "", "`pace`, `interval` belong under `throttle`", "write `throttle:` above"),
        (
            "  pace: fixed\n  interval",
            "pace: fixed\ninterval",
            "belong under `throttle`",
            "indent them below",
        ),
        ("agent:\n", "", "`type`, `base_url`, `model` belong under `agent`", "write `agent:` above"),
        ("  type: openai\n  base_url", "  base_url", "`type` is missing", "add type: openai"),
        ("throttle:", "  throttle:", "`throttle` belongs at the top level", "indentation"),
        ("  interval: 2s", "interval: 2s", "`interval` belongs under `throttle`", "move it there"),
        ("  client_secret: b", "client_secret: b", "`client_secret` belongs under `credentials`", "move it"),
        (
            "client_secret",
            "password",
            "unknown key `password`",
            "did you mean `client_secret`? It is missing",
        ),
        (
            "type: openai",
            "type: echo",
            "`base_url`, `model` are not keys of agent type `echo`",
            "type `openai` has them",
        ),
    ],
)
def test_a_slip_of_indentation_is_one_problem(tmp_path, old, new, message, hint):
    assert old in DEEP
    ((_, found, cure),) = told(tmp_path, DEEP.replace(old, new, 1))
    assert message in found
    assert hint in cure


def test_an_agent_whose_type_slipped_out_is_one_problem(tmp_path):
    ((line, message, _),) = told(
        tmp_path, "credentials: {client_id: a, client_secret: b}\nagent:\ntype: echo\n"
    )
    assert (line, message) == (3, "`type` belongs under `agent`")


def test_keys_of_a_layout_without_a_phase_are_one_problem(tmp_path):
    ((_, message, hint),) = told(tmp_path, bot(more="card: {templates: {msgTitle: x, msgContent: y}}\n"))
    assert message == "`msgTitle`, `msgContent` belong in a layout"
    assert "`final:`" in hint


def test_two_mistakes_stay_two_problems(tmp_path):
    found = told(tmp_path, bot(more="titel: x\nthrottle: {chunkz: 1, unheard_of: 2}\n"))
    assert [message for _, message, _ in found] == [
        "unknown key `titel`",
        "unknown key `chunkz`",
        "unknown key `unheard_of`",
    ]


def test_what_only_looks_like_a_slip_is_judged_as_it_stands(tmp_path):
    ((_, message, _),) = told(tmp_path, bot(more="type: echo\n"))
    assert message.startswith("`type` must be one of")
