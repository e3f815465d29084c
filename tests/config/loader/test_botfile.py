"""Planted mistakes: where each is found, and by which code."""

import pytest
from botfolder import bot, load, one, places, write

from imbot.errors import Problem

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
        ("history:\n", (6, 1, "schema.type")),
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
        (
            "credentials: {client_id: x, client_secret: y}\nagent: {type: faq, knowledge: kb}\n",
            [(2, 31, "file.missing")],
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
    from imbot.config.loader import botfile

    def source(part, real=botfile.source):
        return real(part) | ({"x-callbacks": False} if part == "cards/standard" else {})

    monkeypatch.setattr(botfile, "source", source)
    more = "card: {kind: KIND}\nfeedback: {buttons: [{label: x, rating: y}]}\n"
    file = one(tmp_path, bot(more=more.replace("KIND", "standard")))
    assert places(file.problems) == [(7, 21, "card.no-callback")]
    assert file.spec is not None
    assert one(tmp_path, bot(more=more.replace("KIND", "ai"))).problems == ()
    for kind in ("standard", "markdown"):
        file = one(tmp_path, bot(more=f"card:\n  kind: {kind}\n  actions: [stop]\n"))
        assert places(file.problems) == [(8, 12, "card.no-callback")]


def test_a_template_id_where_the_kind_has_none_is_a_problem(tmp_path, monkeypatch):
    from imbot.config.loader import botfile

    def source(part, real=botfile.source):
        return real(part) | ({"x-own-template": False} if part == "cards/markdown" else {})

    monkeypatch.setattr(botfile, "source", source)
    file = one(tmp_path, bot(more="card: {kind: markdown, template_id: x, content_key: y}\n"))
    assert places(file.problems) == [(6, 37, "card.template-id")]
