"""What bots of a folder share: whom a mistake in it hurts, where it is told, and what is read again."""

from pathlib import Path

import pytest
from botfolder import bot, load, write

from imbot.config import loader
from imbot.config.loader import Loader
from imbot.config.loader.snapshot import Snapshot
from imbot.reload.diff import changes
from imbot.spec import Secret

DEFAULTS = "_defaults.yaml"


def credentials(client_id):
    return f"credentials: {{client_id: {client_id}, client_secret: s3cr3t-value}}\n"


def loaded(tmp_path, defaults, environ=None, /, **bots):
    """The result for a folder of bots with these texts below their credentials, by name."""
    files = {f"{name}.yaml": credentials(name) + text for name, text in bots.items()}
    folder = write(tmp_path / "bots", {DEFAULTS: defaults, **files})
    return Loader(folder, environ=environ or {}).load()


def told(result):
    """Every problem of a folder, once: file, line, column, code."""
    return [(Path(each.path).name, each.line, each.column, each.code) for each in result.problems]


def running(result):
    return [spec.name for spec in result.specs]


# -- what a bot gets


def test_bots_get_what_is_shared_and_keep_what_is_theirs(tmp_path):
    shared = "agent: {type: echo, prefix: 'hi '}\ntitle: Common\nthrottle: {max_updates: 7, interval: 3s}\n"
    a, b = loaded(tmp_path, shared, a="title: Own\nthrottle: {interval: 5s}\n", b="").specs

    assert (a.name, a.title, a.agent.settings["prefix"]) == ("a", "Own", "hi ")
    assert (a.throttle.max_updates, a.throttle.interval_s) == (7, 5)
    assert (b.name, b.title, b.throttle.interval_s) == ("b", "Common", 3)


def test_a_spec_is_what_it_would_be_with_everything_in_one_file(tmp_path):
    split = loaded(tmp_path / "x", "agent: {type: echo}\ncard: {vars: {a: 1}}\n", a="card: {vars: {b: 2}}\n")
    whole = loaded(tmp_path / "y", "title: a\n", a="agent: {type: echo}\ncard: {vars: {a: 1, b: 2}}\n")

    assert split.specs[0].fingerprint == whole.specs[0].fingerprint


def test_placeholders_and_secrets_work_as_in_a_bot_file(tmp_path):
    shared = (
        "agent: {type: openai, base_url: '<<URL>>', model: '<<M:-m>>', api_key: '<<file:key>>'}\n"
        "history: {turns: <<TURNS>>}\n"
    )
    write(tmp_path / "bots", {"key": "k-1\n"})
    (spec,) = loaded(tmp_path, shared, {"URL": "http://h/v1", "TURNS": "3"}, a="").specs

    assert spec.agent.settings["api_key"] == Secret("k-1")
    assert spec.history.turns == 3
    assert "k-1" not in repr(spec)


def test_files_are_named_from_the_bots_folder_on(tmp_path):
    shared = "agent: {type: faq, knowledge: k}\ncard: {templates: {final: {file: cards/f.yaml}}}\n"
    write(tmp_path / "bots", {"k/a.md": "# q\n\na\n", "cards/f.yaml": 'msgContent: "{{ answer }}"\n'})
    result = loaded(tmp_path, shared, a="", b="agent: {type: echo}\n")

    assert running(result) == ["a", "b"]
    assert {"k", "cards/f.yaml"} <= {
        str(Path(each).relative_to(tmp_path / "bots")) for each in result.specs[0].sources
    }


def test_what_a_bot_overrides_with_another_type_is_no_unknown_key(tmp_path):
    shared = (
        "agent: {type: openai, base_url: 'http://h/v1', model: m, api_key: '<<KEY:-none>>'}\n"
        "card: {vars: {x: 1}, templates: {final: {msgContent: '{{ answer }}'}}}\n"
    )
    result = loaded(tmp_path, shared, a="agent: {type: echo}\ncard: {kind: markdown}\n", b="")

    assert result.problems == ()
    a, b = result.specs
    assert "api_key" not in a.agent.settings, "a key of one server is never sent to another"
    assert (a.card.kind, dict(a.card.vars), dict(a.card.templates)) == ("markdown", {"x": 1}, {})
    assert len(b.card.templates) == 1


def test_either_ending_will_do(tmp_path):
    folder = write(tmp_path, {"_defaults.yml": "agent: {type: echo}\n", "a.yaml": credentials("a")})
    (file,) = load(folder)
    assert file.spec


def test_both_endings_are_refused(tmp_path):
    files = {DEFAULTS: "title: a\n", "_defaults.yml": "title: b\n", "a.yaml": bot()}
    (file,) = load(write(tmp_path, files))
    assert [(Path(each.path).name, each.code) for each in file.problems] == [
        ("_defaults.yml", "defaults.two")
    ]


# -- what is wrong


@pytest.mark.parametrize(
    ("shared", "place"),
    [
        ("throttle: {pace: fxied}\n", (2, 18, "schema.enum")),
        ("throttle: {pacee: fixed}\n", (2, 12, "schema.unknown-key")),
        ("throtle: {pace: fixed}\n", (2, 1, "schema.unknown-key")),
        ("title: a <<WHO>>\n", (2, 10, "placeholder.unset")),
        ("history: {turns: <<TEXT>>}\n", (2, 18, "placeholder.type")),
        ("texts: {help: 'a <<TEXT>>'}\n", (2, 18, "placeholder.in-template")),
        ("card: {templates: {final: {file: no.yaml}}}\n", (2, 34, "file.missing")),
        ("card: {templates: {final: {msgContnt: x}}}\n", (2, 28, "schema.unknown-key")),
        ("feedback: {buttons: [{label: x}]}\n", (2, 22, "schema.missing")),
        ("history:\n", (2, 1, "schema.type")),
        ("pace: fixed\n", (2, 1, "schema.misplaced-key")),
        ("pace: fixed\nchunks: 3\n", (2, 1, "schema.misplaced-key")),
        ("version: 9\n", (2, 10, "version.newer")),
        ("title: [\n", (3, 1, "yaml.syntax")),
        ("title: a\ntitle: b\n", (3, 1, "yaml.duplicate-key")),
    ],
)
def test_what_is_wrong_is_told_once_with_the_bots_it_hurts(tmp_path, shared, place):
    result = loaded(tmp_path, f"agent: {{type: echo}}\n{shared}", {"TEXT": "x"}, a="", b="", c="")

    assert running(result) == []
    assert len(told(result)) == 1
    if place[2] != "yaml.syntax":
        assert told(result) == [(DEFAULTS, *place)]
    assert result.problems[0].path.endswith(DEFAULTS)
    assert result.problems[0].hint.endswith("inherited by a, b, c")
    assert [file.name for file in result.files] == ["a", "b", "c"], "so their bots are found"


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        ("throttle: {pace: fxied}\n", "throttle: {pace: fixed}\n"),
        ("title: a <<WHO>>\n", "title: a\n"),
        ("agent: {type: echo, prefixx: a}\n", "agent: {type: faq, knowledge: k}\n"),
        ("card: {templates: {final: {file: no.yaml}}}\n", "card: {kind: markdown}\n"),
        ("card: {templates: {final: {file: no.yaml}}}\n", "card: {templates: {final: {msgContent: x}}}\n"),
        ("commands: {new: [3]}\n", "commands: {new: [x]}\n"),
    ],
)
def test_a_bot_that_overrides_what_is_wrong_is_not_hurt(tmp_path, shared, own):
    write(tmp_path / "bots", {"k/a.md": "# q\n\na\n"})
    agent = "" if "agent" in own else "agent: {type: echo}\n"
    other = "" if "agent" in shared else "agent: {type: echo}\n"
    result = loaded(tmp_path, shared, a=agent + own, b=other)

    assert running(result) == ["a"]
    (found,) = result.problems
    assert found.path.endswith(DEFAULTS)
    assert found.hint.endswith("inherited by b")


def test_a_wrong_value_of_the_bots_own_is_told_in_its_own_file_too(tmp_path):
    wrong = "throttle: {pace: fxied}\n"
    result = loaded(tmp_path, wrong, a="agent: {type: echo}\n" + wrong, b="agent: {type: echo}\n")

    assert told(result) == [(DEFAULTS, 1, 18, "schema.enum"), ("a.yaml", 3, 18, "schema.enum")]
    assert "inherited by b" in result.problems[0].hint
    assert " a" not in result.problems[0].hint.rpartition("inherited by")[2]


def test_what_is_wrong_in_a_file_the_defaults_name_is_told_once_in_that_file(tmp_path):
    write(tmp_path / "bots", {"cards/f.yaml": "msgContent: x\nmsgTitel: y\n"})
    shared = "agent: {type: echo}\ncard: {templates: {final: {file: cards/f.yaml}}}\n"
    result = loaded(tmp_path, shared, a="", b="")

    assert told(result) == [("f.yaml", 2, 1, "schema.unknown-key")]


def test_what_a_bot_lacks_is_told_in_the_bot(tmp_path):
    shared = "agent: {type: openai, base_url: 'http://h/v1'}\n"
    result = loaded(tmp_path, shared, a="", b="agent: {model: m}\n", c="agent: {}\n")

    assert told(result) == [("a.yaml", 1, 1, "schema.missing"), ("c.yaml", 2, 1, "schema.missing")]
    assert running(result) == ["b"]


@pytest.mark.parametrize("shared", ["agent: {base_url: 'http://h/v1'}\n", "agent: {}\n"])
def test_an_agent_that_is_shared_says_of_which_type_it_is(tmp_path, shared):
    result = loaded(tmp_path, shared, a="agent: {type: echo}\n", b="")

    assert told(result) == [(DEFAULTS, 1, 1, "schema.missing")]
    assert running(result) == ["a"]


def test_credentials_and_names_are_not_shared(tmp_path):
    shared = "agent: {type: echo}\ncredentials: {client_id: x}\nname: n\n"
    result = loaded(tmp_path, shared, a="", b="name: own\n")

    assert told(result) == [(DEFAULTS, 2, 1, "defaults.own"), (DEFAULTS, 3, 1, "defaults.own")]
    assert running(result) == ["own"], "a would have inherited a name"
    assert [file.name for file in result.files] == ["a", "own"]


def test_nothing_of_the_bot_is_missing_while_the_defaults_cannot_be_read(tmp_path):
    result = loaded(tmp_path, "agent: [\n", a="throttle: {pace: fxied}\n", b="")

    assert [place[3] for place in told(result)] == ["yaml.syntax", "schema.enum"]
    assert running(result) == []


def test_an_empty_file_is_a_mistake_as_it_may_be_half_written(tmp_path):
    result = loaded(tmp_path, "", a="agent: {type: echo}\n")

    assert running(result) == []
    assert [name for name, *_ in told(result)] == [DEFAULTS]


def test_a_link_to_nothing_is_a_mistake_until_it_goes(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot()})
    (folder / DEFAULTS).symlink_to("nowhere")
    loader = Loader(folder, environ={})

    assert [each.code for each in loader.load().problems] == ["file.unreadable"]
    (folder / DEFAULTS).unlink()
    assert loader.load().problems == ()


def test_a_folder_in_its_place_is_a_mistake(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot(), f"{DEFAULTS}/x": ""})
    assert [each.code for each in Loader(folder, environ={}).load().problems] == ["file.unreadable"]


def test_many_bots_are_counted_not_listed(tmp_path):
    bots = {f"b{i:03}": "" for i in range(25)}
    (found,) = loaded(tmp_path, "agent: {type: ecko}\n", **bots).problems
    assert found.hint.endswith("b008, b009 and 15 more")


def test_no_problem_shows_a_secret(tmp_path):
    shared = "agent: {type: openai, base_url: 'http://h/v1', model: m, api_key: [s3cret-key]}\n"
    result = loaded(tmp_path, shared, a="", b="")
    assert result.problems
    assert "s3cret-key" not in repr(result)


def test_it_is_no_bot_and_its_tests_are_none_either(tmp_path):
    result = loaded(tmp_path, "agent: {type: echo}\n", a="")
    assert [Path(file.path).name for file in result.files] == ["a.yaml"]


# -- what is read again


@pytest.fixture
def work(monkeypatch):
    """The names of the files that were worked on, in order."""
    done = []

    def read_bot(path, *rest, real=loader.read_bot):
        done.append(path.name)
        return real(path, *rest)

    def read_defaults(folder, *rest, real=loader.read_defaults):
        done.append(DEFAULTS)
        return real(folder, *rest)

    monkeypatch.setattr(loader, "read_bot", read_bot)
    monkeypatch.setattr(loader, "read_defaults", read_defaults)
    return done


def test_the_defaults_are_worked_on_once_and_only_when_they_change(tmp_path, work):
    bots = {f"{name}.yaml": credentials(name) for name in "abc"}
    folder = write(tmp_path, {DEFAULTS: "agent: {type: echo}\n", **bots})
    loader = Loader(folder, environ={})
    loader.load()
    assert sorted(work) == [DEFAULTS, "a.yaml", "b.yaml", "c.yaml"]

    work.clear()
    write(folder, {"b.yaml": credentials("b") + "title: x\n"})
    loader.load()
    assert work == ["b.yaml"]

    work.clear()
    write(folder, {DEFAULTS: "agent: {type: echo}\ntitle: x\n"})
    loader.load()
    assert sorted(work) == [DEFAULTS, "a.yaml", "b.yaml", "c.yaml"]

    work.clear()
    loader.load()
    assert work == []


def test_only_what_means_something_else_changes(tmp_path):
    folder = write(
        tmp_path,
        {
            DEFAULTS: "agent: {type: echo}\ntitle: x\n",
            "a.yaml": credentials("a"),
            "b.yaml": credentials("b") + "title: own\n",
        },
    )
    loader = Loader(folder, environ={})
    before = {spec.name: spec for spec in loader.load().specs}
    write(folder, {DEFAULTS: "# moved\nagent: {type: echo}\ntitle: y\n"})
    after = {spec.name: spec for spec in loader.load().specs}

    assert before["b"].fingerprint == after["b"].fingerprint
    assert [change.key for change in changes(before["a"], after["a"])] == ["title"]


def test_a_file_that_appears_and_goes_is_noticed(tmp_path):
    folder = write(tmp_path, {"a.yaml": credentials("a")})
    loader = Loader(folder, environ={})
    assert [each.code for each in loader.load().problems] == ["schema.missing"]
    write(folder, {DEFAULTS: "agent: {type: echo}\n"})
    assert running(loader.load()) == ["a"]
    (folder / DEFAULTS).unlink()
    assert [each.code for each in loader.load().problems] == ["schema.missing"]


def test_a_variable_that_the_defaults_use_is_followed(tmp_path):
    environ = {}
    folder = write(tmp_path, {DEFAULTS: "agent: {type: echo}\ntitle: <<T>>\n", "a.yaml": credentials("a")})
    loader = Loader(folder, environ=environ)
    assert running(loader.load()) == []
    environ["T"] = "x"
    result = loader.load()
    assert (running(result), result.problems) == (["a"], ())


def test_all_bots_see_one_state_of_the_defaults(tmp_path, monkeypatch):
    bots = {f"{name}.yaml": credentials(name) for name in "ab"}
    folder = write(tmp_path, {DEFAULTS: "agent: {type: echo}\ntitle: old\n", **bots})

    def look(self, what, name, real=Snapshot.look):
        found = real(self, what, name)
        if name.endswith("a.yaml"):
            write(folder, {DEFAULTS: "agent: {type: echo}\ntitle: new\n"})
        return found

    monkeypatch.setattr(Snapshot, "look", look)
    loader = Loader(folder, environ={})
    assert [spec.title for spec in loader.load().specs] == ["old", "old"]
    assert [spec.title for spec in loader.load().specs] == ["new", "new"]


def test_while_the_defaults_move_only_what_is_new_waits(tmp_path):
    folder = write(tmp_path, {DEFAULTS: "agent: {type: echo}\ntitle: old\n", "a.yaml": credentials("a")})
    loader = Loader(folder, environ={})
    loader.load()
    write(folder, {DEFAULTS: "agent: {type: echo}\ntitle: ne", "b.yaml": credentials("b")})

    result = loader.load(believed=lambda path: not path.endswith(DEFAULTS))
    assert [spec.title for spec in result.specs] == ["old"]
    assert result.awaited == {str(folder / DEFAULTS)}

    write(folder, {DEFAULTS: "agent: {type: echo}\ntitle: new\n"})
    assert [spec.title for spec in loader.load().specs] == ["new", "new"]


# -- in company


def test_what_was_kept_of_a_bot_holds_what_it_inherited(tmp_path):
    result = loaded(tmp_path, "agent: {type: echo}\ntitle: kept\n", a="")
    path = tmp_path / "bots/a.yaml"
    kept = {Path(name): content for name, content in result.read[str(path)].items()}
    write(tmp_path / "bots", {DEFAULTS: "agent: [\n"})

    today = Loader(tmp_path / "bots", environ={})
    (then,) = today.load_kept({path: kept}).specs

    assert (then.title, then.fingerprint) == ("kept", result.specs[0].fingerprint)
    assert running(today.load()) == []


def test_a_key_that_needs_another_is_told_at_the_key_unless_a_bot_brings_it(tmp_path):
    shared = "agent: {type: echo}\ncard: {template_id: t}\n"
    result = loaded(tmp_path, shared, a="", b="card: {content_key: c}\n", c="card: {kind: markdown}\n")

    assert told(result) == [(DEFAULTS, 2, 8, "schema.needs")]
    assert result.problems[0].hint.endswith("inherited by a")
    assert running(result) == ["b", "c"]


def test_defaults_that_only_one_bot_cannot_use_are_told_with_that_bot(tmp_path):
    shared = "agent: {type: echo}\nfeedback: {buttons: [{label: x, rating: x}]}\n"
    result = loaded(tmp_path, shared, a="", b="card: {kind: markdown}\n")

    (found,) = result.problems
    assert (found.code, found.severity) == ("card.no-callback", "warning")
    assert found.path.endswith(DEFAULTS)
    assert found.hint.endswith("inherited by b")
    assert running(result) == ["a", "b"]


def test_all_bots_that_share_a_name_are_named(tmp_path):
    result = loaded(tmp_path, "agent: {type: ecko}\n", a="name: n\n", b="name: n\nagent: {type: echo}\n")

    assert result.problems[0].hint.endswith("inherited by n")


@pytest.mark.parametrize("only", ["a", "b"])
def test_one_file_alone_inherits_too(tmp_path, only):
    folder = write(
        tmp_path,
        {DEFAULTS: "agent: {type: echo}\n", "a.yaml": credentials("a"), "b.yaml": credentials("b")},
    )
    result = Loader(folder, environ={}).load([folder / f"{only}.yaml"])
    assert running(result) == [only]


def test_a_mounted_file_is_followed_through_its_links(tmp_path):
    bots = tmp_path / "bots"
    write(bots / "..1", {DEFAULTS: "agent: {type: echo}\ntitle: old\n", "a.yaml": credentials("a")})
    write(bots / "..2", {DEFAULTS: "agent: {type: echo}\ntitle: new\n", "a.yaml": credentials("a")})
    (bots / "..data").symlink_to("..1")
    for name in (DEFAULTS, "a.yaml"):
        (bots / name).symlink_to(f"..data/{name}")
    loader = Loader(bots, environ={})
    assert [spec.title for spec in loader.load().specs] == ["old"]

    (bots / "..tmp").symlink_to("..2")
    (bots / "..tmp").rename(bots / "..data")
    assert [spec.title for spec in loader.load().specs] == ["new"]


# -- what is told of a secret


def test_a_problem_says_no_secret_of_the_file_it_is_about_and_hurts_as_ever(tmp_path):
    slip = "agent: {type: openai, base_url: 'http://x', model: m, api_key: first,zX9f}\n"
    folder = write(
        tmp_path / "bots", {DEFAULTS: slip, "a.yaml": credentials("a"), "b.yaml": credentials("b")}
    )
    loader = Loader(folder, environ={})
    first = loader.load()
    write(
        folder, {"a.yaml": credentials("a") + "title: New\n"}
    )  # the defaults are known by now, and not read

    for result in (first, loader.load()):
        assert running(result) == []
        texts = [str(each) for file in (*result.files, result.defaults) for each in file.problems]
        assert len(texts) == 3
        assert all("unknown key `***`" in text and "zX9f" not in text for text in texts)
