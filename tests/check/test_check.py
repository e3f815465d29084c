"""What one check comes to: files, folders, lints and comments together."""

import os
from pathlib import Path

import pytest
from botfolder import write

from imbot.check.check import NoBotFileError, check
from imbot.problems.sources import Sources
from imbot.problems.text import render

LAYOUT = 'msgContent: "{{ answer }}"\n'


def bot(client_id="app", more="", secret="<<SECRET>>"):
    return f"credentials: {{client_id: {client_id}, client_secret: {secret}}}\nagent: {{type: echo}}\n{more}"


def checked(*paths, no_env=True):
    report = check(paths, Sources(), no_env=no_env)
    codes = [(Path(problem.path).name, problem.line, problem.code) for problem in report.problems]
    return codes, [bot.name for bot in report.bots], report.files


def test_several_paths_make_one_report(tmp_path):
    one = write(tmp_path / "one", {"a.yaml": bot("a"), "b.yaml": "nonsense"})
    two = write(tmp_path / "two", {"c.yaml": bot("a")})

    assert checked(one / "a.yaml", two) == ([], ["a", "c"], 2)
    assert checked(one, two) == ([("b.yaml", 1, "yaml.shape")], ["a", "c"], 3)


def test_a_path_named_twice_is_checked_once(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a"), "b.yaml": bot("b")})
    monkeypatch.chdir(tmp_path)

    assert checked(folder / "a.yaml", folder, Path("bots/b.yaml"), Path("bots")) == ([], ["a", "b"], 2)


def test_a_single_file_is_judged_among_its_neighbours(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot(), "b.yaml": bot()})

    assert checked(folder / "b.yaml") == ([("b.yaml", 1, "identity.taken")], [], 1)
    assert checked(folder / "a.yaml") == ([], ["a"], 1)


@pytest.mark.parametrize("name", ["cards/final.yaml.j2", "_other.yaml", "a.txt"])
def test_what_is_no_bot_file_is_refused(tmp_path, name):
    folder = write(tmp_path / "bots", {"a.yaml": bot(), name: "x: y\n"})

    with pytest.raises(NoBotFileError, match="is not a bot file"):
        check([folder / name], Sources())


def test_an_unset_variable_is_let_pass_without_an_environment(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot(secret="<<IMBOT_TEST_UNSET>>")})

    assert checked(folder, no_env=False) == ([("a.yaml", 1, "placeholder.unset")], [], 1)
    assert checked(folder) == ([], ["a"], 1)


def test_a_card_that_does_not_draw_makes_no_bot(tmp_path):
    more = "card: {templates: {final: {file: cards/final.yaml}}}\n"
    folder = write(tmp_path / "bots", {"a.yaml": bot("a", more), "b.yaml": bot("b", more)})
    write(folder, {"cards/final.yaml": 'msgContent: "{{ anwser }}"\n', "cards/old.yaml": LAYOUT})

    codes, bots, _ = checked(folder)

    # once for both bots, and no guess about old.yaml while a file is broken
    assert (codes, bots) == ([("final.yaml", 1, "template.undefined")], [])


def test_unused_templates_are_told_of_whole_folders_only(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot(), "cards/old.yaml": LAYOUT})

    assert checked(folder) == ([("old.yaml", 1, "file.unused")], ["a"], 1)
    assert checked(folder / "a.yaml") == ([], ["a"], 1)


def test_a_wrong_value_gets_no_doubts_besides(tmp_path):
    more = "agent: {type: openai, base_url: http://h/v1, model: m, api_key: with space}\n"
    folder = write(tmp_path / "bots", {"a.yaml": bot().replace("agent: {type: echo}\n", more)})

    assert checked(folder)[0] == [("a.yaml", 2, "schema.pattern")]


def test_comments_silence_warnings_of_every_origin(tmp_path):
    text = (
        "credentials:\n"
        "  client_id: a\n"
        "  # imbot: ignore secret.literal\n"
        "  client_secret: hunter2\n"
        "agent: {type: echo}\n"
        'title: "<< X >>"  # imbot: ignore placeholder.near-miss\n'
        "throttle: {pace: fixed, interval: 50ms}  # imbot: ignore throttle.quota\n"
        "card: {kind: markdown}\n"
        "feedback:\n"
        "  buttons: [{label: a, rating: b}]  # imbot: ignore card.no-callback\n"
    )
    files = {
        "a.yaml": text,
        "cards/old.yaml": f"# imbot: ignore file.unused\n{LAYOUT}",
        "cards/old.j2": "{# imbot: ignore file.unused #}",
    }
    folder = write(tmp_path / "bots", files)

    assert checked(folder) == ([], ["a"], 1)


def test_a_comment_is_called_idle_only_where_all_is_known(tmp_path):
    idle = "title: x  # imbot: ignore throttle.quota\n"
    used = {"cards/a.yaml": f"{LAYOUT}# imbot: ignore file.unused\n"}
    more = "card: {templates: {final: {file: cards/a.yaml}}}\n"
    folder = write(tmp_path / "bots", {"a.yaml": bot("a", idle), "b.yaml": bot("b", more), **used})

    assert checked(folder)[0] == [("a.yaml", 3, "ignore.unused"), ("a.yaml", 2, "ignore.unused")]
    assert checked(folder / "b.yaml")[0] == []

    write(folder, {"a.yaml": bot("a", f"{idle}typo: 1\n")})
    assert checked(folder)[0] == [("a.yaml", 4, "schema.unknown-key")]


def test_a_folder_or_environment_that_cannot_be_read_is_a_problem(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot()})
    write(tmp_path, {".env": "A=客".encode("utf-16")})

    assert checked(folder)[0] == [(".env", 1, "env.unreadable")]

    (tmp_path / ".env").unlink()
    monkeypatch.setattr(
        os, "scandir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    assert checked(folder)[0] == [("bots", 1, "folder.unreadable")]


def test_a_file_name_that_is_no_text_is_no_trouble(tmp_path):
    folder = write(tmp_path / "bots", {})
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/\xff.yaml")).write_text(bot())
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")

    codes, _, files = checked(folder)

    assert ([code for *_, code in codes], files) == (["name.file"], 1)


def test_a_key_that_became_a_secret_by_a_slip_is_hidden_everywhere(tmp_path):
    text = "credentials: {client_id: a, client_secret hunter2/abc}\nagent: {type: echo}\n"
    folder = write(tmp_path / "bots", {"a.yaml": text})

    report = check([folder], Sources())

    assert report.problems
    assert "hunter2" not in repr(report)
    assert "hunter2" not in render(report, Sources())


# -- shared defaults

DEFAULTS = "agent: {type: openai, base_url: 'http://h/v1', model: m}\n"
CREDENTIALS = "credentials: {{client_id: {}, client_secret: <<SECRET:-none>>}}\n"


def with_defaults(tmp_path, shared, **bots):
    files = {f"{name}.yaml": CREDENTIALS.format(name) + text for name, text in bots.items()}
    return write(tmp_path / "bots", {"_defaults.yaml": DEFAULTS + shared, **files})


def test_what_templates_of_the_defaults_would_not_draw_is_told_once_with_its_bots(tmp_path):
    folder = with_defaults(tmp_path, "texts:\n  error: |\n    x\n    {{ nope }}\n", a="", b="")

    (found,) = check([folder], Sources(), no_env=True).problems

    assert (Path(found.path).name, found.line, found.column) == ("_defaults.yaml", 5, 8)
    assert found.hint.endswith("inherited by a, b")


def test_layouts_and_settings_of_the_defaults_are_told_there(tmp_path):
    layout = "card: {templates: {final: {msgContent: '{{ nope }}'}}}\n"
    folder = with_defaults(tmp_path, layout, a="agent: {body: {stream: true}}\n", b="agent: {type: echo}\n")

    assert checked(folder)[0] == [("_defaults.yaml", 2, "template.undefined"), ("a.yaml", 2, "agent.body")]


def test_the_defaults_are_checked_alone_with_what_every_bot_makes_of_them(tmp_path):
    folder = with_defaults(tmp_path, "texts: {error: '{{ nope }}'}\n", a="", b="titel: x\n")

    assert checked(folder / "_defaults.yaml") == ([("_defaults.yaml", 2, "template.undefined")], [], 2)
    both = [("_defaults.yaml", 2, "template.undefined"), ("b.yaml", 2, "schema.unknown-key")]
    assert checked(folder / "b.yaml")[0] == both


def test_defaults_without_a_bot_are_checked_too(tmp_path):
    folder = with_defaults(tmp_path, "throttle: {pace: fxied}\n")

    assert checked(folder) == ([("_defaults.yaml", 2, "schema.enum")], [], 0)
    assert checked(folder / "_defaults.yaml") == ([("_defaults.yaml", 2, "schema.enum")], [], 0)


def test_doubts_about_the_defaults_are_told_once_and_silenced_there(tmp_path):
    shared = "throttle: {pace: fixed, interval: 10ms}\nhistory: {turns: 3}\n"
    folder = with_defaults(tmp_path, shared, a="", b="")
    once = ("_defaults.yaml", 2, "throttle.quota")
    assert checked(folder)[0] == [once]

    write(folder, {"_defaults.yaml": DEFAULTS + "# imbot: ignore throttle.quota\n" + shared})
    assert checked(folder)[0] == []


def test_a_secret_written_into_either_file_is_a_doubt(tmp_path):
    folder = with_defaults(tmp_path, "", a="agent: {headers: {api-key: abc-123456}}\n")
    text = DEFAULTS.replace("model", "api_key: abc-654321, model")
    write(folder, {"_defaults.yaml": text})

    assert checked(folder)[0] == [("_defaults.yaml", 1, "secret.literal"), ("a.yaml", 2, "secret.literal")]


def test_a_template_that_only_the_defaults_name_is_used(tmp_path):
    shared = "card: {templates: {final: {file: cards/f.yaml}}}\n"
    folder = with_defaults(tmp_path, shared, a="card: {kind: markdown}\n")
    write(folder, {"cards/f.yaml": "msgContent: '{{ answer }}'\n", "cards/old.yaml": "msgContent: x\n"})

    assert checked(folder)[0] == [("old.yaml", 1, "file.unused")]


def test_an_idle_comment_in_the_defaults_is_told(tmp_path):
    folder = with_defaults(tmp_path, "title: x  # imbot: ignore throttle.quota\n", a="")
    assert checked(folder)[0] == [("_defaults.yaml", 2, "ignore.unused")]


def test_a_setting_that_the_agent_refuses_is_told_in_the_defaults(tmp_path):
    folder = with_defaults(tmp_path, "", a="", b="")
    write(folder, {"_defaults.yaml": "agent: {type: openai, model: m, base_url: 'http://h:port/v1'}\n"})

    report = check([folder], Sources(), no_env=True)

    assert [(Path(each.path).name, each.line, each.column) for each in report.problems] == [
        ("_defaults.yaml", 1, 43)
    ]
    assert report.problems[0].hint.endswith("inherited by a, b")


@pytest.mark.parametrize("name", ["", "_defaults.yaml", "a.yaml"])
def test_a_mistake_in_the_defaults_is_told_once_however_it_is_asked_for(tmp_path, name):
    folder = with_defaults(tmp_path, "throttle: {pace: fxied}\n", **dict.fromkeys("abc", ""))

    (found,) = check([folder / name], Sources(), no_env=True).problems

    assert found.hint.endswith("inherited by a, b, c")


CASE = "cases: [{name: answers, steps: [{say: hello}]}]\n"


def test_test_files_are_looked_at_with_their_folder(tmp_path):
    folder = write(
        tmp_path / "bots",
        {"a.yaml": bot(), "a.test.yaml": CASE, "b.test.yaml": CASE, "c.test.yaml": "cases: 1\n"},
    )

    assert checked(folder) == ([("b.test.yaml", 1, "test.bot"), ("c.test.yaml", 1, "schema.type")], ["a"], 1)


def test_a_test_file_may_be_named(tmp_path):
    more = {"b.test.yaml": "bot: helper\n" + CASE, "c.test.yaml": "bot: d\n" + CASE}
    folder = write(tmp_path / "bots", {"a.yaml": bot(more="name: helper\n"), **more})

    assert checked(folder / "b.test.yaml") == ([], [], 0)
    assert checked(folder / "c.test.yaml") == ([("c.test.yaml", 1, "test.bot")], [], 0)


def test_a_test_file_may_use_a_bot_that_is_broken(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot(more="throttle: 1\n"), "a.test.yaml": CASE})

    assert checked(folder) == ([("a.yaml", 3, "schema.type")], [], 1)


TYPO = "card: {templates: {final: {msgContent: '{{ anser }}'}}}\n"


@pytest.mark.parametrize(
    "other",
    ["throttle: {pase: fixed}\n", "titel: x\n", "timeouts: soon\n", "title: <<IMBOT_TEST_UNSET>>\n"],
)
def test_what_is_wrong_with_the_card_is_told_beside_what_is_wrong_elsewhere(tmp_path, other):
    folder = write(tmp_path / "bots", {"a.yaml": bot(more=TYPO + other, secret="x")})

    assert [code for _, _, code in checked(folder, no_env=False)[0]][:2][0] == "template.undefined"
    assert len(checked(folder, no_env=False)[0]) == 2


@pytest.mark.parametrize(
    "more",
    [
        "card: {templates: {final: {msgContent: '{{ vars.a }}'}}}\nvars: {a: 1}\n",
        "texts: {busy: '{{ vars.a }}'}\ncrad: {vars: {a: 1}}\n",
        "card: {vrs: {a: 1}, templates: {final: {msgContent: '{{ vars.a }}'}}}\n",
        "card: {vars: {a: <<IMBOT_TEST_UNSET>>}, templates: {final: {msgContent: '{{ vars.b }}'}}}\n",
        "card: {templates: {final: {msgContents: '{{ anser }}'}}}\n",
        "card: true\nfinal: {msgContent: '{{ answer }}'}\n",
    ],
)
def test_what_may_be_an_echo_is_not_told(tmp_path, more):
    folder = write(tmp_path / "bots", {"a.yaml": bot(more=more)})

    assert not [code for _, _, code in checked(folder, no_env=False)[0] if code.startswith("template.")]


KEPT = "# Written by `imbot test --update`: read the difference before you keep it.\nphase: final\n"
ASKING = "cases: [{name: a, steps: [{say: x, expect: {snapshot: hello}}]}]\n"
SNAPSHOTS = {
    "snapshots/bot.hello.yaml": KEPT,
    "snapshots/bot.old.yaml": KEPT,
    "snapshots/gone.hello.yaml": KEPT,
    "snapshots/notes.yaml": "mine: 1\n",
}


def test_a_snapshot_that_no_test_asks_for_is_told_with_its_folder(tmp_path):
    folder = write(tmp_path / "bots", {"bot.yaml": bot(), "bot.test.yaml": ASKING, **SNAPSHOTS})

    unused = [(name, 1, "test.unused-snapshot") for name in ("bot.old.yaml", "gone.hello.yaml")]
    assert checked(folder)[0] == unused
    assert checked(folder / "bot.yaml")[0] == checked(folder / "bot.test.yaml")[0] == []


def test_a_comment_keeps_a_snapshot(tmp_path):
    kept = {"snapshots/bot.old.yaml": "# imbot: ignore test.unused-snapshot\n" + KEPT}
    folder = write(tmp_path / "bots", {"bot.yaml": bot(), "bot.test.yaml": CASE, **kept})

    assert checked(folder)[0] == []


def test_no_snapshot_is_called_unused_while_a_test_file_is_broken(tmp_path):
    files = {"bot.yaml": bot(), "bot.test.yaml": "cases: 1\n", **SNAPSHOTS}

    assert checked(write(tmp_path / "bots", files))[0] == [("bot.test.yaml", 1, "schema.type")]
