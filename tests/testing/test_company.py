import pytest
from stagehands import ECHO, case, folder, problems

from imbot.errors import ConfigError
from imbot.testing.casefile import read_cases
from imbot.testing.company import Company

NETWORK = (
    "credentials: {client_id: a, client_secret: <<S>>}\nagent: {type: openai, base_url: <<U>>, model: m}\n"
)


def player(path):
    return Company().player(read_cases(path))


def test_a_bot_goes_by_its_name_or_its_file(tmp_path):
    path = folder(tmp_path, case("- say: hi", "bot: 客服\n"), "name: 客服\n" + ECHO)
    assert player(path).spec.name == "客服"
    path = folder(tmp_path, case("- say: hi"), "name: 客服\n" + ECHO)
    assert player(path).spec.name == "客服"


def test_a_bot_that_is_not_there_is_a_problem_where_it_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        player(folder(tmp_path, case("- say: hi", "bot: b\n"), aa=ECHO.replace("ID", "OTHER")))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.code) == (1, 6, "test.bot")
    assert problem.hint == "bots here: a, aa"


def test_a_file_that_names_no_bot_is_told_how(tmp_path):
    path = folder(tmp_path, case("- say: hi"), support=ECHO)
    (path.parent / "a.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        player(path)
    assert caught.value.problems[0].hint == "name one with `bot:`; bots here: support"


def test_a_broken_bot_is_a_problem_of_its_own_file_once(tmp_path):
    path = folder(tmp_path, case("- say: hi"), ECHO + "tittle: x\n")
    (path.parent / "b.test.yaml").write_text(case("- say: hi", "bot: a\n"))
    assert problems(path) == [(8, 1, "schema.unknown-key")]


def test_a_card_that_does_not_draw_is_a_problem_of_the_bot(tmp_path):
    bot = ECHO + 'card: {templates: {final: {msgContent: "{{ anser }}"}}}\n'
    assert problems(folder(tmp_path, case("- say: hi"), bot)) == [(8, 44, "template.undefined")]


def test_an_agent_on_the_network_needs_a_script(tmp_path):
    path = folder(tmp_path, case("- say: /help\n- say: hi\n- say: ho"), NETWORK)
    assert problems(path) == [(5, 14, "test.network")]


def test_each_case_without_a_script_is_told_where_others_have_one(tmp_path):
    test = """\
cases:
  - {name: a, agent: [x], steps: [{say: hi}]}
  - {name: b, steps: [{say: hi}, {say: hi}]}
  - {name: c, steps: [{say: hi, agent: [x]}, {say: hi}]}
"""
    assert problems(folder(tmp_path, test, NETWORK)) == [(3, 29, "test.network"), (4, 52, "test.network")]


def test_a_scripted_agent_is_not_prepared(tmp_path):
    bot = "credentials: {client_id: a, client_secret: <<S>>}\nagent: {type: faq, knowledge: knowledge}\n"
    path = folder(tmp_path, case("- say: hi", "agent: [x]\n"), bot)
    (path.parent / "knowledge").mkdir()  # empty: the agent would have nothing to say
    assert player(path).agent is None
    assert problems(path) == []


def test_only_what_the_file_sets_is_set(tmp_path, monkeypatch):
    monkeypatch.setenv("WORD", "from the machine")
    bot = ECHO + "card: {vars: {word: <<WORD:-default>>}}\n"
    assert player(folder(tmp_path, case("- say: hi"), bot)).spec.card.vars["word"] == "default"
    path = folder(tmp_path, case("- say: hi", "env: {WORD: from the file}\n"), bot)
    assert player(path).spec.card.vars["word"] == "from the file"


def test_bots_are_prepared_once(tmp_path):
    path = folder(tmp_path, case("- say: hi"))
    company = Company()
    assert company.player(read_cases(path)).card is company.player(read_cases(path)).card
