from dataclasses import replace

from fakes import spec

from imbot.config.loader import BotFile, LoadResult
from imbot.errors import Problem
from imbot.reload.plan import lost, plan, with_changes, without_conflicts

BROKEN = Problem("bots/a.yaml", 1, 1, 1, 1, "", "yaml.syntax", "error", "broken")


def file(spec_):
    return BotFile(spec_.path, spec_.name, spec_, ())


def broken(path="bots/a.yaml", name=None):
    return BotFile(path, name, None, (BROKEN,))


def actions(running, files):
    return {step.name: step.action for step in plan(running, files)}


def test_each_bot_gets_the_least_action_that_makes_it_right():
    same, changed, moved, gone, new = (spec(name) for name in ("same", "changed", "moved", "gone", "new"))
    running = {s.name: s for s in (same, changed, moved, gone)}
    files = [
        file(same),
        file(replace(changed, fingerprint="other")),
        file(replace(moved, identity="other", fingerprint="other")),
        file(new),
    ]

    assert actions(running, files) == {
        "same": "unchanged",
        "changed": "update",
        "moved": "replace",
        "new": "start",
        "gone": "stop",
    }


def test_a_broken_file_keeps_its_bot_by_path_when_the_name_is_unreadable():
    a = spec("custom", path="bots/a.yaml")
    assert actions({"custom": a}, [broken()]) == {"custom": "rejected"}


def test_a_broken_file_keeps_its_bot_by_name_when_it_was_renamed():
    a = spec("a", path="bots/old.yaml")
    assert actions({"a": a}, [broken("bots/new.yaml", "a")]) == {"a": "rejected"}


def test_a_broken_file_that_never_ran_is_rejected():
    assert actions({}, [broken()]) == {"bots/a.yaml": "rejected"}


def test_a_disabled_bot_is_stopped_and_never_started():
    a = spec("a")
    off = replace(a, enabled=False)
    assert actions({"a": a}, [file(off)]) == {"a": "stop"}
    assert actions({}, [file(off)]) == {}


def test_a_moved_file_is_unchanged():
    a = spec("a", path="bots/old.yaml")
    (step,) = plan({"a": a}, [file(replace(a, path="bots/new.yaml"))])
    assert (step.action, step.path) == ("unchanged", "bots/new.yaml")


def test_bots_may_swap_their_apps():
    a, b = spec("a"), spec("b")
    steps = plan(
        {"a": a, "b": b},
        [file(replace(a, identity=b.identity)), file(replace(b, identity=a.identity))],
    )
    assert [s.action for s in without_conflicts(steps, {"a": a, "b": b})] == ["replace", "replace"]


def test_an_app_is_not_taken_from_a_bot_that_stays_as_it_is():
    a, b, c = spec("a"), spec("b"), spec("c")
    running = {"a": a, "b": b, "c": c}
    steps = plan(running, [
        broken("bots/a.yaml", "a"),
        file(replace(b, identity=a.identity)),
        file(replace(c, identity=b.identity)),  # only possible once b has moved
    ])  # fmt: skip

    steps = without_conflicts(steps, running)

    assert [s.action for s in steps] == ["rejected"] * 3
    assert steps[1].problems[0].code == "identity.held"
    assert "'b'" in steps[2].problems[0].message


def test_a_step_tells_which_keys_changed_also_when_it_is_rejected():
    a = spec("a")
    (step,) = plan({"a": a}, [file(replace(a, title="New", fingerprint="other"))])
    step = with_changes(step, a)

    assert [(change.key, change.after) for change in step.changes] == [("title", "New")]
    assert step.rejected([BROKEN]).changes == step.changes
    assert with_changes(plan({}, [file(a)])[0], None).changes == ()


# -- bots whose files vanished

ALL = {name: spec(name) for name in "abcdef"}


def missed(names, *, there="", held="", missing=False, running=ALL, others=()):
    """Who is held, of the bots ``names``, when the files of ``there`` are what is left."""
    running = {name: running[name] for name in names}
    files = (*(file(running[name]) for name in there), *others)
    return "".join(sorted(lost(running, LoadResult(files, missing=missing), frozenset(held))))


def test_a_bot_or_two_that_lose_their_files_stop():
    assert missed("abc", there="c") == ""
    assert missed("ab") == ""
    assert missed("abcdef", there="def") == "", "three, but not more than half"


def test_three_and_more_than_half_at_once_are_held():
    assert missed("abc") == "abc"
    assert missed("abcde", there="de") == "abc"


def test_without_a_folder_everybody_is_held():
    assert missed("a", missing=True) == "a"
    assert missed("") == ""


def test_who_is_held_stays_so_until_its_own_file_is_back():
    assert missed("abcdef", there="bcdef", held="abcd") == "a"
    assert missed("abc", held="ab") == "ab", "one that is removed later is counted by itself"
    assert missed("abcdef", held="abc") == "abcdef", "three more vanish, which is all the rest"


def test_files_that_are_only_renamed_or_broken_have_not_vanished():
    moved = [file(replace(ALL[name], name=f"new-{name}", path=f"bots/new-{name}.yaml")) for name in "abc"]
    assert missed("abc", others=moved) == ""
    named = [broken(f"bots/other-{name}.yaml", name) for name in "abc"]
    assert missed("abc", others=named) == ""
    assert missed("abc", others=[broken(f"bots/{name}.yaml") for name in "abc"]) == ""
    off = [file(replace(ALL[name], enabled=False)) for name in "abc"]
    assert missed("abc", others=off) == ""


def test_a_held_bot_goes_on_unchanged_and_the_others_stop():
    steps = plan({name: ALL[name] for name in "ab"}, [], frozenset("a"))
    assert [(step.action, step.name, step.held) for step in steps] == [
        ("unchanged", "a", True), ("stop", "b", False)
    ]  # fmt: skip


def test_a_held_bot_keeps_its_app():
    wants = file(replace(ALL["b"], name="b", identity=ALL["a"].identity))
    steps = without_conflicts(plan({"a": ALL["a"]}, [wants], frozenset("a")), {"a": ALL["a"]})
    assert [(step.name, step.action) for step in steps] == [("b", "rejected"), ("a", "unchanged")]


def test_an_app_is_free_that_its_bot_leaves_though_another_file_wants_its_name_in_vain():
    running = {name: ALL[name] for name in "ac"}
    leaves = replace(ALL["a"], identity="elsewhere", fingerprint="other")
    follows = replace(ALL["c"], identity=ALL["a"].identity, fingerprint="other")
    files = [file(leaves), broken("bots/b.yaml", "a"), file(follows)]
    steps = without_conflicts(plan(running, files), running)
    assert [step.action for step in steps] == ["replace", "rejected", "replace"]
