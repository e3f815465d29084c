import pytest
from fakes import spec

from imbot import behaviour
from imbot.errors import ConfigError, Marks, Span
from imbot.spec import AgentSpec


def broken(*_):
    raise ZeroDivisionError("with a hunter2-secret")


@pytest.mark.parametrize("part", ["card", "agent"])
def test_invariant_1_a_defect_is_a_problem_of_its_own_file(part, monkeypatch, caplog):
    monkeypatch.setattr(behaviour, f"prepare_{part}", broken)
    place = Marks(keys={f"/{part}": Span(3, 1, 3, 5)})
    settings = {"prefix": "", "chunks": 1, "delay": 0.0}

    with pytest.raises(ConfigError) as caught:
        behaviour.prepare(spec(agent=AgentSpec("echo", settings), marks=place))

    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.code) == ("bots/bot.yaml", 3, "bot.defect")
    assert "hunter2" not in str(problem)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("zone", ["Asia/Beijing", "Mars", "../etc/passwd", "Asia"])
def test_a_time_zone_that_does_not_exist_is_a_problem(zone):
    with pytest.raises(ConfigError) as caught:
        behaviour.prepare(spec(agent=AgentSpec("echo", {}, time_zone=zone)))
    assert [(each.code, each.pointer) for each in caught.value.problems] == [("zone.unknown", "/time_zone")]
