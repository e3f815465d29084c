"""Planted mistakes: where each is found, and by which code."""

import pytest
from botfolder import bot, load, one, places, spec_of, write

from imbot.errors import Problem
from imbot.model import CardPhase
from imbot.spec import Folder, Secret

# -- what a valid file means


def test_the_smallest_file_gets_every_default(tmp_path):
    spec = spec_of(tmp_path, bot())
    assert (spec.name, spec.title, spec.type, spec.enabled) == ("a", "a", "dingtalk-stream", True)
    assert (spec.timeouts.connect_s, spec.timeouts.total_s) == (10.0, None)
    assert (spec.history.turns, spec.history.chars) == (10, 20000)
    assert (spec.conversation.group, spec.conversation.idle_s) == ("per_sender", 3600.0)
    assert (spec.throttle.pace, spec.throttle.interval_s, spec.throttle.max_updates) == ("adaptive", 1.0, 20)
    assert (spec.card.kind, spec.card.template_id, spec.card.mention_sender) == ("ai", "", False)
    assert spec.feedback.buttons == ()
    assert "/new" in spec.commands.new
    assert spec.texts.keys() == {"thinking", "error", "stopped", "not_found", "unsupported", "help", "new"}


def test_credentials_hold_the_identity_in_the_open_and_the_rest_as_secrets(tmp_path):
    spec = spec_of(tmp_path, bot("ding1"))
    assert spec.identity == "ding1"
    assert spec.credentials == {"client_id": "ding1", "client_secret": Secret("s3cr3t-value")}
    assert "s3cr3t" not in repr(spec)


def test_agent_settings_have_defaults_and_seconds_and_no_type(tmp_path):
    spec = spec_of(tmp_path, bot(more="  delay: 500ms\n"))
    assert spec.agent.type == "echo"
    assert spec.agent.settings["delay"] == 0.5
    assert "type" not in spec.agent.settings


@pytest.mark.parametrize(("text", "seconds"), [("1ms", 0.001), ("20s", 20.0), ("5m", 300.0), ("2h", 7200.0)])
def test_durations_become_seconds(tmp_path, text, seconds):
    assert spec_of(tmp_path, bot(more=f"timeouts: {{total: {text}}}\n")).timeouts.total_s == seconds


def test_a_whole_number_may_be_written_with_a_point(tmp_path):
    turns = spec_of(tmp_path, bot(more="history: {turns: 5.0}\n")).history.turns
    assert (turns, type(turns)) == (5, int)


def test_the_marks_place_values_of_the_file(tmp_path):
    spec = spec_of(tmp_path, bot())
    assert (spec.marks.values["/agent/type"].line, spec.marks.values["/agent/type"].column) == (5, 9)
    assert spec.agent.marks is spec.card.marks is spec.marks
    assert spec.path == spec.agent.path == str(tmp_path / "bots/a.yaml")


def test_feedback_buttons_keep_their_order(tmp_path):
    more = "feedback: {buttons: [{label: 好, rating: up}, {label: 差, rating: down}], thanks: 谢谢}\n"
    feedback = spec_of(tmp_path, bot(more=more)).feedback
    assert [(button.label, button.rating) for button in feedback.buttons] == [("好", "up"), ("差", "down")]
    assert feedback.thanks == "谢谢"


def test_layouts_come_from_the_file_and_from_files(tmp_path):
    layouts = {
        "cards/final.yaml": 'msgContent: |\n  {{ answer }}\n  {% include "cards/foot.j2" %}\n',
        "cards/foot.j2": "{% from 'cards/macros.j2' import line %}",
        "cards/macros.j2": "{% macro line() %}--{% endmacro %}",
        "cards/unused.j2": "nobody asks",
    }
    more = 'card: {templates: {final: {file: cards/final.yaml}, error: {msgContent: "{{ error }}"}}}\n'
    (file,) = load(write(tmp_path / "bots", {"a.yaml": bot(more=more), **layouts}))
    card = file.spec.card
    final, error = card.templates[CardPhase.FINAL], card.templates[CardPhase.ERROR]
    assert final.value["msgContent"].startswith("{{ answer }}\n")
    assert (final.path, final.pointer) == (str(tmp_path / "bots/cards/final.yaml"), "")
    assert final.marks.texts["/msgContent"].line == 2
    assert (error.path, error.pointer) == (file.path, "/card/templates/error")
    assert list(card.files) == ["cards/foot.j2", "cards/macros.j2"]
    assert card.files["cards/macros.j2"].text == layouts["cards/macros.j2"]


def test_the_texts_may_include_files_too(tmp_path):
    files = {"a.yaml": bot(more="texts: {help: \"{% include 'help.j2' %}\"}\n"), "help.j2": "Ask."}
    (file,) = load(write(tmp_path / "bots", files))
    assert file.spec.card.files["help.j2"].text == "Ask."


def test_a_knowledge_folder_is_read_with_what_lies_deeper(tmp_path):
    agent = "credentials: {client_id: x, client_secret: y}\nagent: {type: faq, knowledge: kb/}\n"
    knowledge = {
        "kb/b.md": "# B\nb",
        "kb/a/a.md": "# A\na",
        "kb/no.txt": "",
        "kb/.draft.md": "",
        "kb/..data/b.md": "",
    }
    (file,) = load(write(tmp_path / "bots", {"a.yaml": agent, **knowledge}))
    folder = file.spec.agent.settings["knowledge"]
    assert isinstance(folder, Folder)
    assert [each.path for each in folder.files] == [
        str(tmp_path / "bots/kb" / name) for name in ("a/a.md", "b.md")
    ]
    assert str(tmp_path / "bots/kb/b.md") in file.sources


def test_own_templates_have_keys_nobody_knows(tmp_path):
    more = "card: {template_id: t1.schema, content_key: text, templates: {final: {text: x, rows: [1]}}}\n"
    card = spec_of(tmp_path, bot(more=more)).card
    assert (card.template_id, card.content_key) == ("t1.schema", "text")
    assert card.templates[CardPhase.FINAL].value == {"text": "x", "rows": [1]}


def test_a_file_that_is_not_enabled_is_still_judged(tmp_path):
    assert one(tmp_path, bot(more="enabled: false\nthrottle: {pace: x}\n")).spec is None
    assert spec_of(tmp_path, bot(more="enabled: false\n")).enabled is False


# -- planted mistakes: what is added after line 5, and where it is found


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("throttle: {pacee: fixed}\n", (6, 12, "schema.unknown-key")),
        ("throttle:\n  pace: fxied\n", (7, 9, "schema.enum")),
        ("throttle: {interval: 2}\n", (6, 22, "schema.type")),
        ("throttle: {interval: 2 sec}\n", (6, 22, "schema.pattern")),
        ("titel: 你好\n", (6, 1, "schema.unknown-key")),
        ("title: 0777\n", (6, 8, "schema.type")),
        ("history:\n", (6, 9, "schema.type")),
        ("name: 我 们\n", (6, 7, "schema.pattern")),
        ("name: <<N>>\n", (6, 7, "placeholder.not-here")),
        ("version: 2\n", (6, 10, "version.newer")),
        ("version: 2.0\n", (6, 10, "version.newer")),
        ("version: 0\n", (6, 10, "schema.range")),
        ("type: dingtalk\n", (6, 7, "schema.enum")),
        ("type: <<T>>\n", (6, 7, "placeholder.not-here")),
        ("card: {kind: <<K>>}\n", (6, 14, "placeholder.not-here")),
        ("card: {kind: carrd}\n", (6, 14, "schema.enum")),
        ("title: 我是 <<WHO>>\n", (6, 11, "placeholder.unset")),
        ('title: "\\u4f60 <<WHO>>"\n', (6, 16, "placeholder.unset")),
        ("texts:\n  help: |\n    行一\n    问 <<WHO>>\n", (9, 7, "placeholder.in-template")),
        ("<<KEY>>: 1\n", (6, 1, "placeholder.in-key")),
        ("card: {vars: {<<K>>: 1}}\n", (6, 15, "placeholder.in-key")),
        ("history: {turns: <<TEXT>>}\n", (6, 18, "placeholder.type")),
        ("history: <<TEXT>>\n", (6, 10, "placeholder.type")),
        ("title: <<file:key>>\n", (6, 8, "placeholder.shown")),
        ("title: <<file:nothing>>\n", (6, 8, "placeholder.unset")),
        ("card: {template_id: x}\n", (6, 8, "schema.needs")),
        ("card: {content_key: x}\n", (6, 8, "schema.needs")),
        ("card: {templates: {final: {msgContnt: x}}}\n", (6, 28, "schema.unknown-key")),
        ("card: {templates: {final: {msgContent: <<X>>}}}\n", (6, 40, "placeholder.in-template")),
        ("card: {templates: {final: cards/x.yaml}}\n", (6, 27, "schema.type")),
        ("card: {templates: {final: {file: cards/none.yaml}}}\n", (6, 34, "file.missing")),
        ("card: {templates: {final: {file: ../x.yaml}}}\n", (6, 34, "file.outside")),
        ("card: {templates: {final: {file: /etc/passwd}}}\n", (6, 34, "file.outside")),
        ("card: {templates: {final: {file: ~/x.yaml}}}\n", (6, 34, "file.outside")),
        ("card: {templates: {final: {file: <<X>>}}}\n", (6, 34, "placeholder.not-here")),
        ("card: {templates: {finale: {msgContent: x}}}\n", (6, 20, "schema.unknown-key")),
        ("feedback: {buttons: [{label: x}]}\n", (6, 22, "schema.missing")),
        (
            "feedback: {buttons: [{label: x, rating: y}, {label: z, rating: y}]}\n",
            (6, 64, "feedback.same-rating"),
        ),
        ("agent: {type: echo}\n", (6, 1, "yaml.duplicate-key")),
    ],
)
def test_a_planted_mistake_is_one_problem_at_its_place(tmp_path, more, expected):
    write(tmp_path / "bots", {"key": "from-a-file\n"})
    file = one(tmp_path, bot(more=more), {"TEXT": "s3cr3t-text"})
    assert places(file.problems) == [expected]
    assert file.spec is None
    assert "s3cr3t" not in str(file.problems)
    assert "from-a-file" not in str(file.problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("agent: {type: echo}\n", [(1, 1, "schema.missing")]),
        ("credentials: {client_id: x}\nagent: {type: echo}\n", [(1, 1, "schema.missing")]),
        ("title: x\nagent: {type: echo}\ncredentials:\n  client_id: x\n", [(3, 1, "schema.missing")]),
        (
            "credentials: {client_id: x, client_secret: y}\nagent: {type: opnai, base_url: 5}\n",
            [(2, 15, "schema.enum")],
        ),
        ("credentials: {client_id: x, client_secret: y}\nagent: echo\n", [(2, 8, "schema.type")]),
        (
            "credentials: {client_id: x, client_secret: y}\nagent: {type: echo, model: x}\n",
            [(2, 21, "schema.unknown-key")],
        ),
        ("", [(1, 1, "yaml.empty")]),
    ],
)
def test_a_planted_mistake_in_the_parts(tmp_path, text, expected):
    file = one(tmp_path, text)
    assert places(file.problems) == expected
    assert file.spec is None


def test_five_mistakes_are_reported_together(tmp_path):
    more = "titel: x\nthrottle: {pace: x, chunks: 0}\ncard: {templates: {final: {file: no.yaml}}}\ntitle: <<T>>\n"
    assert [code for *_, code in places(one(tmp_path, bot(more=more)).problems)] == [
        "schema.unknown-key",
        "schema.enum",
        "schema.range",
        "file.missing",
        "placeholder.unset",
    ]


def test_every_placeholder_of_a_text_is_reported(tmp_path):
    assert places(one(tmp_path, bot(more="title: <<A>> & <<B>>\n")).problems) == [
        (6, 8, "placeholder.unset"),
        (6, 16, "placeholder.unset"),
    ]


def test_a_near_miss_is_a_warning_and_no_error(tmp_path):
    file = one(tmp_path, bot(more="title: 我 << NAME >>\n"))
    assert places(file.problems) == [(6, 10, "placeholder.near-miss")]
    assert file.problems[0].severity == "warning"
    assert file.spec.title == "我 << NAME >>"


def test_a_newer_version_is_the_only_problem(tmp_path):
    assert places(one(tmp_path, "version: 7\nnew_key: 1\n").problems) == [(1, 10, "version.newer")]


def test_a_file_name_that_makes_no_bot_name_is_a_problem(tmp_path):
    (file,) = load(write(tmp_path / "bots", {"my bot.yaml": bot()}))
    assert places(file.problems) == [(1, 1, "name.file")]
    assert file.name is None
    (file,) = load(write(tmp_path / "bots", {"my bot.yaml": bot(more="name: my-bot\n")}))
    assert (file.name, file.problems) == ("my-bot", ())


def test_a_problem_has_the_end_and_the_pointer_of_its_place(tmp_path):
    (problem,) = one(tmp_path, bot(more="throttle: {pacee: fixed}\n")).problems
    assert problem == Problem(
        path=str(tmp_path / "bots/a.yaml"),
        line=6,
        column=12,
        end_line=6,
        end_column=17,
        pointer="/throttle/pacee",
        code="schema.unknown-key",
        severity="error",
        message="unknown key `pacee`",
        hint="did you mean `pace`?",
    )


def test_a_mistake_in_a_layout_file_is_placed_there(tmp_path):
    more = "card: {templates: {final: {file: cards/x.yaml}}}\n"
    layout = "msgContent: x\nmsgTitel: y\nmsgButtons: {{ buttons }}\n"
    (file,) = load(write(tmp_path / "bots", {"a.yaml": bot(more=more), "cards/x.yaml": layout}))
    assert {problem.path for problem in file.problems} == {str(tmp_path / "bots/cards/x.yaml")}
    assert [problem.line for problem in file.problems] == [3]
    write(tmp_path / "bots", {"cards/x.yaml": layout.replace("{{ buttons }}", "'{{ buttons }} <<X>>'")})
    (file,) = load(tmp_path / "bots")
    assert places(file.problems) == [(2, 1, "schema.unknown-key"), (3, 28, "placeholder.in-template")]


def test_a_placeholder_in_an_included_file_is_placed_there(tmp_path):
    files = {"a.yaml": bot(more="texts: {new: '{% include \"x.j2\" %}'}\n"), "x.j2": "eins\n你好 <<X>>"}
    (file,) = load(write(tmp_path / "bots", files))
    assert places(file.problems) == [(2, 4, "placeholder.in-template")]
    assert file.problems[0].path == str(tmp_path / "bots/x.j2")


def test_a_missing_file_is_compared_with_its_neighbours(tmp_path):
    more = "card: {templates: {final: {file: cards/finale.yaml}}}\n"
    (file,) = load(write(tmp_path / "bots", {"a.yaml": bot(more=more), "cards/final.yaml": "msgContent: x"}))
    assert file.problems[0].hint == "did you mean `cards/final.yaml`?"


def test_buttons_that_nobody_hears_are_a_warning(tmp_path, monkeypatch):
    from imbot import botfile

    def source(part, real=botfile.source):
        return real(part) | ({"x-callbacks": False} if part == "cards/standard" else {})

    monkeypatch.setattr(botfile, "source", source)
    more = "card: {kind: KIND}\nfeedback: {buttons: [{label: x, rating: y}]}\n"
    file = one(tmp_path, bot(more=more.replace("KIND", "standard")))
    assert places(file.problems) == [(7, 21, "card.no-callback")]
    assert file.spec is not None
    assert one(tmp_path, bot(more=more.replace("KIND", "ai"))).problems == ()


def test_a_template_id_where_the_kind_has_none_is_a_problem(tmp_path, monkeypatch):
    from imbot import botfile

    def source(part, real=botfile.source):
        return real(part) | ({"x-own-template": False} if part == "cards/markdown" else {})

    monkeypatch.setattr(botfile, "source", source)
    file = one(tmp_path, bot(more="card: {kind: markdown, template_id: x, content_key: y}\n"))
    assert places(file.problems) == [(6, 37, "card.template-id")]
