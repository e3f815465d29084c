from imbot.agents.settings import reveal, setting_error
from imbot.errors import Marks, Span
from imbot.spec import AgentSpec, Secret, secrets_in


def test_a_problem_stands_where_the_setting_does():
    spec = AgentSpec("faq", {}, "bots/a.yaml", Marks(values={"/agent/knowledge": Span(4, 14, 4, 20)}))
    (problem,) = setting_error(spec, "knowledge", "empty", code="agent.knowledge", hint="fill it").problems
    assert str(problem) == "bots/a.yaml:4:14: empty (fill it) [agent.knowledge]"
    assert (problem.end_line, problem.end_column, problem.pointer) == (4, 20, "/agent/knowledge")


def test_a_problem_of_an_inherited_setting_stands_at_the_agent():
    spec = AgentSpec("faq", {}, "bots/a.yaml", Marks(values={"/agent": Span(3, 1, 5, 1)}))
    assert setting_error(spec, "knowledge", "empty", code="x").problems[0].line == 3
    assert setting_error(AgentSpec("faq", {}), "knowledge", "empty", code="x").problems[0].line == 1


def test_secrets_are_found_however_deep():
    value = {"a": Secret("sk-12345"), "b": [{"c": Secret("token")}, "x"], "d": Secret("2"), "e": 1}
    assert reveal(value) == {"a": "sk-12345", "b": [{"c": "token"}, "x"], "d": "2", "e": 1}
    assert sorted(secrets_in(value)) == ["2", "sk-12345", "token"]
