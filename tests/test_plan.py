from dataclasses import replace

from fakes import spec

from imbot.errors import Problem
from imbot.loader import BotFile
from imbot.plan import plan, without_conflicts

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

    assert [(change.key, change.after) for change in step.changes] == [("title", "New")]
    assert step.rejected([BROKEN]).changes == step.changes
    assert plan({"a": a}, [file(a)])[0].changes == ()
