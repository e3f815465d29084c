import os
import subprocess
import sys
from pathlib import Path

import pytest
from botfolder import bot, load, one, places, write

from imbot.config import loader
from imbot.config.loader import FolderMissingError, Loader, bot_files
from imbot.errors import ConfigError
from imbot.spec import Secret


@pytest.fixture
def work(monkeypatch):
    """The names of the files that were really worked on, in order."""
    done = []

    def read_bot(path, *rest, real=loader.read_bot):
        done.append(path.name)
        return real(path, *rest)

    monkeypatch.setattr(loader, "read_bot", read_bot)
    return done


def specs(result):
    return {spec.name: spec for spec in result.specs}


def state(result):
    """Per file: what became of it."""
    return {Path(file.path).name: file.spec.name if file.spec else None for file in result.files}


# -- which files


def test_yaml_files_directly_in_the_folder_are_bots(tmp_path):
    names = ["a.yaml", "b.yml", "_defaults.yaml", ".hidden.yaml", "a.test.yaml", "a.yaml~", "a.json", "4913"]
    folder = write(tmp_path, dict.fromkeys([*names, "cards/final.yaml", "d.yaml/x"], ""))
    # a folder in the place of a bot file is a broken bot, not none
    assert [path.name for path in bot_files(folder)] == ["a.yaml", "b.yml", "d.yaml"]


def test_a_mounted_folder_has_each_bot_once(tmp_path):
    write(tmp_path / "bots/..ts1", {"a.yaml": bot(), "cards/f.yaml": "msgContent: x"})
    link(tmp_path / "bots/..data", "..ts1")
    link(tmp_path / "bots/a.yaml", "..data/a.yaml")
    link(tmp_path / "bots/cards", "..data/cards")
    (file,) = load(tmp_path / "bots")
    assert (file.name, file.problems) == ("a", ())


def link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(tmp_path):
    with pytest.raises(ConfigError) as caught:
        Loader(tmp_path / "bots").load()
    assert [problem.code for problem in caught.value.problems] == ["folder.unreadable"]
    assert load(write(tmp_path / "bots", {})) == ()


def test_only_loads_the_named_files(tmp_path):
    folder = write(tmp_path, {"a.yaml": bot(), "b.yaml": bot("ding1")})
    result = Loader(folder, environ={}).load([folder / "b.yaml"])
    assert state(result) == {"b.yaml": "b"}


def test_paths_are_shown_as_the_folder_was_given(tmp_path, monkeypatch):
    write(tmp_path / "bots", {"a.yaml": bot(more="titel: x\n")})
    monkeypatch.chdir(tmp_path)
    assert load(Path("bots"))[0].problems[0].path == "bots/a.yaml"


# -- files that cannot be read


def test_a_link_to_nothing_is_a_broken_bot(tmp_path):
    folder = write(tmp_path / "bots", {})
    link(folder / "a.yaml", "gone.yaml")
    (file,) = load(folder)
    assert places(file.problems) == [(1, 1, "file.unreadable")]


def test_a_link_to_itself_is_a_broken_bot(tmp_path):
    folder = write(tmp_path / "bots", {})
    link(folder / "a.yaml", "a.yaml")
    assert places(load(folder)[0].problems) == [(1, 1, "file.unreadable")]


def test_a_file_without_permission_is_a_broken_bot_and_heals(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot()})
    loading = Loader(folder, environ={})
    with monkeypatch.context() as patched:
        patched.setattr(
            os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
        )
        (file,) = loading.load().files
        assert places(file.problems) == [(1, 1, "file.unreadable")]
        assert "Permission denied" in file.problems[0].message
    assert state(loading.load()) == {"a.yaml": "a"}


def test_a_file_that_vanishes_meanwhile_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "bot_files", lambda folder: [folder / "a.yaml", folder / "b.yaml"])
    assert [file.name for file in load(write(tmp_path, {"b.yaml": bot()}))] == ["b"]


def test_a_huge_file_is_refused_unread(tmp_path):
    file = one(tmp_path, "#" * 1_100_000)
    assert places(file.problems) == [(1, 1, "file.too-large")]
    assert "1,048,576" in file.problems[0].message


def test_a_broken_file_does_not_hurt_another(tmp_path):
    result = Loader(write(tmp_path, {"a.yaml": "a: [", "b.yaml": bot()}), environ={}).load()
    assert state(result) == {"a.yaml": None, "b.yaml": "b"}
    assert [problem.path for problem in result.problems] == [str(tmp_path / "a.yaml")]


# -- what is worked on again


def test_one_edit_costs_the_work_of_one_file(tmp_path, work):
    folder = write(tmp_path, {f"b{number}.yaml": bot(f"ding{number}") for number in range(5)})
    loading = Loader(folder, environ={})
    first = loading.load()
    assert len(work) == 5
    assert loading.load() == first
    assert len(work) == 5
    write(folder, {"b3.yaml": bot("ding3", "title: 新\n")})
    assert specs(loading.load())["b3"].title == "新"
    assert work[5:] == ["b3.yaml"]


def test_a_touched_file_costs_nothing(tmp_path, work):
    folder = write(tmp_path, {"a.yaml": bot()})
    loading = Loader(folder, environ={})
    loading.load()
    os.utime(folder / "a.yaml", (1, 1))
    loading.load()
    assert work == ["a.yaml"]


@pytest.mark.parametrize("edited", ["cards/foot.j2", "cards/macros.j2"])
def test_an_edited_partial_is_work_for_its_users_only(tmp_path, work, edited):
    direct = "texts: {help: '{% include \"cards/macros.j2\" %}'}\n"
    nested = "card: {templates: {final: {file: cards/final.yaml}}}\n"
    files = {
        "a.yaml": bot("id1", nested),
        "b.yaml": bot("id2", direct),
        "c.yaml": bot("id3"),
        "cards/final.yaml": "msgContent: \"{% include 'cards/foot.j2' %}\"\n",
        "cards/foot.j2": '{%- import "cards/macros.j2" as m %}',
        "cards/macros.j2": "x",
    }
    loading = Loader(write(tmp_path, files), environ={})
    before = specs(loading.load())
    write(tmp_path, {edited: "y"})
    del work[:]
    after = specs(loading.load())
    users = {"cards/foot.j2": ["a"], "cards/macros.j2": ["a", "b"]}[edited]
    assert work == [f"{name}.yaml" for name in users]
    assert [name for name in after if after[name].fingerprint != before[name].fingerprint] == users


def test_a_file_that_appears_is_noticed(tmp_path):
    more = "card: {templates: {final: {file: cards/f.yaml}}}\n"
    loading = Loader(write(tmp_path, {"a.yaml": bot(more=more)}), environ={})
    (file,) = loading.load().files
    assert places(file.problems) == [(6, 34, "file.missing")]
    assert str(tmp_path / "cards/f.yaml") in file.sources
    write(tmp_path, {"cards/f.yaml": "msgContent: x"})
    assert state(loading.load()) == {"a.yaml": "a"}


def test_a_new_knowledge_file_is_noticed(tmp_path):
    text = "credentials: {client_id: x, client_secret: y}\nagent: {type: faq, knowledge: kb}\n"
    loading = Loader(write(tmp_path, {"a.yaml": text, "kb/a.md": "# A"}), environ={})
    before = specs(loading.load())["a"]
    write(tmp_path, {"kb/b.md": "# B"})
    after = specs(loading.load())["a"]
    assert len(after.agent.settings["knowledge"].files) == 2
    assert after.fingerprint != before.fingerprint


def test_a_changed_variable_is_work_for_its_users_only(tmp_path, work):
    environ = {"A": "id1", "B": "id2"}
    folder = write(tmp_path, {"a.yaml": bot("<<A>>"), "b.yaml": bot("<<B>>"), "c.yaml": bot("id3")})
    loading = Loader(folder, environ=environ)
    loading.load()
    environ["B"] = "id4"
    assert specs(loading.load())["b"].identity == "id4"
    assert work[3:] == ["b.yaml"]


def test_a_repointed_mount_gives_the_new_content(tmp_path):
    for number in (1, 2):
        text = bot(more=f"title: t{number}\ncard: {{templates: {{final: {{file: cards/f.yaml}}}}}}\n")
        write(tmp_path / f"bots/..ts{number}", {"a.yaml": text, "cards/f.yaml": f"msgContent: c{number}"})
    link(tmp_path / "bots/..data", "..ts1")
    link(tmp_path / "bots/a.yaml", "..data/a.yaml")
    link(tmp_path / "bots/cards", "..data/cards")
    loading = Loader(tmp_path / "bots", environ={})
    loading.load()
    for number in (2, 1, 2):
        link(tmp_path / "bots/..data", f"..ts{number}")
        (spec,) = loading.load().specs
        (layout,) = spec.card.templates.values()
        assert (spec.title, layout.value) == (f"t{number}", {"msgContent": f"c{number}"})


def test_a_link_that_begins_to_leave_the_folder_is_noticed(tmp_path):
    more = "card: {templates: {final: {file: f.yaml}}}\n"
    folder = write(tmp_path / "bots", {"a.yaml": bot(more=more), "real.yaml.txt": "msgContent: x"})
    write(tmp_path, {"outside.yaml": "msgContent: x"})
    link(folder / "f.yaml", "real.yaml.txt")
    loading = Loader(folder, environ={})
    assert state(loading.load())["a.yaml"] == "a"
    link(folder / "f.yaml", "../outside.yaml")
    (problem,) = loading.load().files[0].problems
    assert (problem.line, problem.code) == (6, "file.outside")


# -- the environment


def test_the_process_environment_wins_over_the_file_beside_the_folder(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot("<<IMBOT_A>>", "title: <<IMBOT_B>>\n")})
    write(tmp_path, {".env": 'IMBOT_A=from-file\nIMBOT_B="a ${IMBOT_A} $x"\nIMBOT_EMPTY\n'})
    monkeypatch.setenv("IMBOT_A", "from-process")
    loading = Loader(folder)
    (spec,) = loading.load().specs
    assert (spec.identity, spec.title) == ("from-process", "a ${IMBOT_A} $x")
    write(tmp_path, {".env": "IMBOT_B=new\n"})
    assert loading.load().specs[0].title == "new"


def test_an_env_file_that_cannot_be_read_stops_the_load(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot()})
    write(tmp_path, {".env": b"A=\xff\xfe"})
    with pytest.raises(ConfigError) as caught:
        Loader(folder).load()
    assert [problem.code for problem in caught.value.problems] == ["env.unreadable"]


@pytest.mark.parametrize(
    ("text", "line"),
    [('A=1\nB="open\n', 2), ("A=1\n\n\nC D=2\n", 4), ("A='x' y\n", 1), ("A=1\r\n=2", 2)],
)
def test_a_broken_line_of_the_env_file_stops_the_load_and_is_not_shown(tmp_path, text, line):
    folder = write(tmp_path / "bots", {"a.yaml": bot()})
    write(tmp_path, {".env": text})
    with pytest.raises(ConfigError) as caught:
        Loader(folder).load()
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.path) == ("env.line", line, str(tmp_path / ".env"))
    assert "open" not in str(problem).replace(problem.path, "")


# -- while files move


class Moving:
    """What the loader is told about files: which are not to be believed, before or after they are read."""

    def __init__(self, *paths, after=False):
        self._paths = {str(path) for path in paths}
        self._after = after

    def __call__(self, path):
        if self._after and path in self._paths:
            self._after = False
            return True
        return path not in self._paths


@pytest.mark.parametrize("after", [False, True])
def test_who_uses_a_file_that_moves_is_as_it_was_and_the_others_follow(tmp_path, after):
    layout = write(tmp_path / "bots/cards", {"f.yaml": "msgContent: one\n"}) / "f.yaml"
    uses = bot("a", "card: {templates: {final: {file: cards/f.yaml}}}\n")
    folder = write(tmp_path / "bots", {"a.yaml": uses, "b.yaml": bot("b")})
    loading = Loader(folder)
    before = specs(loading.load())
    write(folder, {"cards/f.yaml": "msgContent: [", "b.yaml": bot("b", "title: New\n")})
    result = loading.load(believed=Moving(layout, after=after))

    assert specs(result)["a"] is before["a"]
    assert specs(result)["b"].title == "New"
    assert str(layout) in result.sources
    assert specs(loading.load()).keys() == {"b"}, "when it has come to rest, it is believed"


def test_a_new_bot_waits_for_all_it_uses_to_come_to_rest(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a"), "knowledge/x.md": "# x\n"})
    loading = Loader(folder)
    loading.load()
    faq = bot("b").replace("type: echo", "type: faq\n  knowledge: knowledge")
    write(folder, {"b.yaml": faq})
    for moving in ("b.yaml", "knowledge", "knowledge/x.md"):
        result = loading.load(believed=Moving(folder / moving))
        assert (state(result), result.awaited) == ({"a.yaml": "a"}, {str(folder / moving)})
    assert state(loading.load()) == {"a.yaml": "a", "b.yaml": "b"}


def test_a_file_that_went_a_moment_ago_may_come_back(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a"), "b.yaml": bot("b")})
    loading = Loader(folder)
    before = specs(loading.load())
    (folder / "a.yaml").unlink()
    assert specs(loading.load(believed=Moving(folder / "a.yaml"))) == before
    assert state(loading.load()) == {"b.yaml": "b"}


@pytest.mark.parametrize("text", ["", "IMBOT_T='ol"])
def test_an_env_file_that_moves_is_as_it_was(tmp_path, text):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a", "title: <<IMBOT_T>>\n")})
    write(tmp_path, {".env": "IMBOT_T=old\n"})
    loading = Loader(folder)
    loading.load()
    write(tmp_path, {".env": text})
    (spec,) = loading.load(believed=Moving(tmp_path / ".env", after=True)).specs
    assert spec.title == "old"


def test_what_did_not_move_is_not_even_read(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a"), "b.yaml": bot("b", "title: <<IMBOT_T:-old>>\n")})
    loading = Loader(folder)
    before = specs(loading.load())
    write(folder, {"a.yaml": bot("a", "title: New\n"), "b.yaml": "agent: ["})
    assert specs(loading.load(moved=frozenset())) == before
    assert specs(loading.load(moved={str(folder / "a.yaml")}))["a"].title == "New"
    write(folder, {"b.yaml": bot("b", "title: <<IMBOT_T:-old>>\n")})
    monkeypatch.setenv("IMBOT_T", "new")
    assert specs(loading.load(moved=frozenset()))["b"].title == "new", "a variable is not a file"


def test_after_a_load_that_broke_off_everything_is_read(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a")})
    loading = Loader(folder)
    loading.load()
    write(folder, {"a.yaml": bot("a", "title: New\n"), "../.env": "A='"})
    with pytest.raises(ConfigError):
        loading.load(moved={str(folder / "a.yaml"), str(tmp_path / ".env")})
    write(folder, {"../.env": ""})
    assert specs(loading.load(moved={str(tmp_path / ".env")}))["a"].title == "New"


def test_a_bot_that_had_to_wait_is_read_when_what_it_waits_for_is_at_rest(tmp_path):
    folder = write(tmp_path / "bots", {"a.yaml": bot("a")})
    loading = Loader(folder)
    loading.load()
    layout = write(folder / "cards", {"new.yaml": "msgContent: [half"}) / "new.yaml"
    write(folder, {"a.yaml": bot("a", "title: New\ncard: {templates: {final: {file: cards/new.yaml}}}\n")})
    held_back = loading.load(believed=Moving(layout), moved={str(folder / "a.yaml")})
    assert specs(held_back)["a"].title == "a"
    assert specs(loading.load(believed=Moving(layout), moved=frozenset()))["a"].title == "a"
    layout.write_text("msgContent: whole\n")
    assert specs(loading.load(moved={str(layout)}))["a"].title == "New"


def test_a_missing_folder_is_told_apart_from_one_that_cannot_be_read(tmp_path):
    with pytest.raises(FolderMissingError, match="there is no folder"):
        Loader(tmp_path / "bots").load()
    write(tmp_path, {"bots": "a file"})
    with pytest.raises(ConfigError) as caught:
        Loader(tmp_path / "bots").load()
    assert not isinstance(caught.value, FolderMissingError)


UNSET = """\
credentials:
  client_id: <<A>>
  client_secret: <<B:?ask Li>>
  robot_code: <<C>>
agent:
  type: openai
  base_url: <<D>>
  api_key: <<file:none>>
  model: <<E>>
  max_tokens: <<F>>
enabled: <<G>>
title: <<H>>
"""


def test_unset_credentials_are_made_up_where_asked(tmp_path):
    text = UNSET.partition("agent:")[0] + "agent: {type: echo}\n"
    file = one(tmp_path, text, invent=True)
    assert file.problems == ()
    made_up = {"client_id": "dev-a", "client_secret": Secret("dev"), "robot_code": "dev-a"}
    assert file.spec.credentials == made_up
    assert [code for *_, code in places(one(tmp_path, UNSET, invent=True).problems)] == [
        "placeholder.unset"
    ] * 6
    assert one(tmp_path, text, {"A": "set"}, invent=True).spec.identity == "set"


def test_unset_placeholders_count_as_set_where_asked(tmp_path):
    file = one(tmp_path, UNSET, no_env=True)
    assert file.problems == ()
    assert file.spec.identity == "<<A>>"
    other = write(tmp_path / "bots", {"b.yaml": UNSET})
    assert [code for file in load(other, no_env=True) for *_, code in places(file.problems)] == [
        "identity.taken"
    ]


# -- the whole


def test_a_result_has_its_files_by_path_and_each_problem_once(tmp_path):
    more = "card: {templates: {final: {file: bad.txt}}}\n"
    files = {"b.yaml": bot("id1", more), "a.yaml": bot("id2", more), "bad.txt": "a: [", "c.yaml": bot("id3")}
    result = Loader(write(tmp_path, files), environ={}).load()
    assert [file.name for file in result.files] == ["a", "b", "c"]
    assert [problem.path for problem in result.problems] == [str(tmp_path / "bad.txt")]
    assert [spec.name for spec in result.specs] == ["c"]


def test_sources_name_every_file_that_was_used(tmp_path):
    more = "card: {templates: {final: {file: f.yaml}}}\n"
    files = {
        "a.yaml": bot(more=more).replace("s3cr3t-value", "<<file:../run/key>>"),
        "f.yaml": "msgContent: '{% include \"x.j2\" %}'",
        "x.j2": "",
    }
    write(tmp_path, {"run/key": "k\n"})
    (spec,) = Loader(write(tmp_path / "bots", files), environ={}).load().specs
    shown = {str(Path(source).relative_to(tmp_path)) for source in spec.sources}
    assert shown - {"bots/_defaults.yaml", "bots/_defaults.yml"} == {
        "bots/a.yaml",
        "bots/f.yaml",
        "bots/x.j2",
        "bots/../run/key",
    }


def test_a_hundred_files_load_and_load_again(tmp_path, work):
    files = {f"b{number:03}.yaml": bot(f"ding{number}", "title: <<T>>\n") for number in range(100)}
    loading = Loader(write(tmp_path, files), environ={"T": "x"})
    assert len(loading.load().specs) == 100
    assert len({spec.fingerprint for spec in loading.load().specs}) == 100
    assert len(work) == 100


def test_loading_needs_no_network_library(tmp_path):
    write(tmp_path / "bots", {"a.yaml": bot()})
    code = (
        "import sys; from pathlib import Path; from imbot.config.loader import Loader;"
        "assert Loader(Path('bots'), environ={}).load().specs;"
        "assert not {'aiohttp', 'jinja2', 'dingtalk_stream', 'requests', 'watchfiles'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_the_example_bots_are_without_problem():
    folder = Path(__file__).parents[3] / "bots"
    assert [file.problems for file in load(folder, no_env=True)] == [()] * len(bot_files(folder))
