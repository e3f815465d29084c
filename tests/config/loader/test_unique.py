from pathlib import Path

import pytest
from botfolder import bot, write

from imbot.config.loader import Loader


def state(result):
    """Per file: what became of it."""
    return {Path(file.path).name: file.spec.name if file.spec else None for file in result.files}


def test_at_the_first_load_the_first_path_has_the_name(tmp_path):
    files = {"b.yaml": bot("id1", "name: same\n"), "a.yaml": bot("id2", "name: same\n")}
    result = Loader(write(tmp_path, files), environ={}).load()
    assert state(result) == {"a.yaml": "same", "b.yaml": None}
    (problem,) = result.problems
    assert (problem.path, problem.line, problem.column, problem.code) == (
        str(tmp_path / "b.yaml"), 6, 7, "name.taken",
    )  # fmt: skip
    assert f"{tmp_path / 'a.yaml'}:6:7" in problem.message


def test_a_client_id_that_is_made_up_of_the_name_is_no_mistake_of_its_own(tmp_path):
    files = {name: bot("<<UNSET>>", "name: same\n") for name in ("a.yaml", "b.yaml")}
    result = Loader(write(tmp_path, files), environ={}, invent=True).load()
    assert state(result) == {"a.yaml": "same", "b.yaml": None}
    assert [problem.code for problem in result.problems] == ["name.taken"]


def test_a_client_id_that_is_made_up_takes_no_other_bots(tmp_path):
    files = {"a.yaml": bot("dev-b"), "b.yaml": bot("<<UNSET>>")}
    result = Loader(write(tmp_path, files), environ={}, invent=True).load()
    assert [problem.code for problem in result.problems] == ["identity.taken"]


def test_who_had_the_name_keeps_it_and_the_next_takes_over(tmp_path):
    loading = Loader(write(tmp_path, {"b.yaml": bot("id1", "name: same\n")}), environ={})
    loading.load()
    write(tmp_path, {"a.yaml": bot("id2", "name: same\n")})
    assert state(loading.load()) == {"a.yaml": None, "b.yaml": "same"}
    (tmp_path / "b.yaml").unlink()
    assert state(loading.load()) == {"a.yaml": "same"}


def test_a_broken_file_keeps_what_its_bot_goes_on_with(tmp_path):
    loading = Loader(write(tmp_path, {"b.yaml": bot("id1", "name: same\n")}), environ={})
    loading.load()
    write(tmp_path, {"b.yaml": "broken: [", "a.yaml": bot("id2", "name: same\n"), "c.yaml": bot("id1")})
    for _ in range(2):
        result = loading.load()
        assert state(result) == {"a.yaml": None, "b.yaml": None, "c.yaml": None}
        assert {"name.taken", "identity.taken"} <= {problem.code for problem in result.problems}
    write(tmp_path, {"b.yaml": bot("id3", "name: other\n")})
    assert state(loading.load()) == {"a.yaml": "same", "b.yaml": "other", "c.yaml": "c"}


def test_one_app_has_one_bot(tmp_path):
    files = {"a.yaml": bot("ding1"), "b.yaml": bot("<<ID>>")}
    result = Loader(write(tmp_path, files), environ={"ID": "ding1"}).load()
    assert state(result) == {"a.yaml": "a", "b.yaml": None}
    (problem,) = result.problems
    assert (problem.line, problem.column, problem.code) == (2, 14, "identity.taken")
    assert problem.pointer == "/credentials/client_id"
    assert f"{tmp_path / 'a.yaml'}:2:14" in problem.message


def test_a_bot_that_is_not_enabled_holds_no_app(tmp_path):
    files = {"a.yaml": bot("ding1", "enabled: false\n"), "b.yaml": bot("ding1")}
    assert state(Loader(write(tmp_path, files), environ={}).load()) == {"a.yaml": "a", "b.yaml": "b"}


def test_swapped_apps_and_names_are_no_conflict(tmp_path):
    loading = Loader(write(tmp_path, {"a.yaml": bot("id1"), "b.yaml": bot("id2")}), environ={})
    loading.load()
    write(tmp_path, {"a.yaml": bot("id2", "name: b\n"), "b.yaml": bot("id1", "name: a\n")})
    assert state(loading.load()) == {"a.yaml": "b", "b.yaml": "a"}


def test_who_stays_as_it_was_wins_over_who_changed(tmp_path):
    loading = Loader(write(tmp_path, {"a.yaml": bot("id1"), "b.yaml": bot("id2")}), environ={})
    loading.load()
    write(tmp_path, {"a.yaml": bot("id1", "name: b\n")})
    assert state(loading.load()) == {"a.yaml": None, "b.yaml": "b"}


def test_a_renamed_file_with_its_name_inside_means_the_same(tmp_path):
    loading = Loader(write(tmp_path, {"a.yaml": bot(more="name: one\n")}), environ={})
    (before,) = loading.load().specs
    (tmp_path / "a.yaml").rename(tmp_path / "z.yaml")
    (after,) = loading.load().specs
    assert (after.name, after.fingerprint) == ("one", before.fingerprint)
    assert after.path == str(tmp_path / "z.yaml")


@pytest.mark.parametrize("names", [("Bot.yaml", "bot.yaml"), ("HR.yaml", "hr.yml"), ("A.yaml", "a.yaml")])
def test_names_that_differ_only_in_their_case_are_one_name(tmp_path, names):
    first, second = sorted(names)
    folder = write(tmp_path, {first: bot("ding1"), second: bot("ding2")})
    if len(list(folder.iterdir())) == 1:
        pytest.skip("one file on this file system")

    (problem,) = Loader(folder, environ={}).load().problems

    assert (Path(problem.path).name, problem.code) == (second, "name.taken")


def test_a_bot_may_change_the_case_of_its_name(tmp_path):
    loading = Loader(write(tmp_path, {"a.yaml": bot("ding1")}), environ={})
    loading.load()
    (tmp_path / "a.yaml").unlink()
    write(tmp_path, {"A.yaml": bot("ding1")})

    assert state(loading.load()) == {"A.yaml": "A"}
