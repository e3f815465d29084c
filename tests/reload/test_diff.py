from dataclasses import replace

import pytest
from fakes import spec

from imbot.config.loader.fingerprint import fingerprint
from imbot.model import CardPhase
from imbot.reload.diff import LONGEST, Change, changes
from imbot.spec import (
    AgentSpec,
    CardSpec,
    FeedbackButton,
    FeedbackSpec,
    Folder,
    Layout,
    Secret,
    TextFile,
    Timeouts,
)

A = spec("a")


def agent(**settings):
    return replace(A, agent=AgentSpec("openai", settings))


def card(**parts):
    return replace(A, card=CardSpec("ai", **parts))


def final(text):
    return card(templates={CardPhase.FINAL: Layout({"msgContent": text, "msgTitle": "t"})})


def knowledge(**texts):
    files = tuple(TextFile(f"bots/k/{name}.md", text) for name, text in texts.items())
    return agent(knowledge=Folder("bots/k", files))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (A, replace(A, title="New"), [Change("title", "A", "New")]),
        (agent(model="m"), agent(model="n"), [Change("agent.model", "m", "n")]),
        (agent(), agent(top={"p": 1}), [Change("agent.top.p", None, 1)]),
        (agent(stop=["x"]), agent(stop=[]), [Change("agent.stop", ["x"], [])]),
        (
            replace(A, timeouts=Timeouts(10, 60, 60, None, 600)),
            replace(A, timeouts=Timeouts(10, 60, 5, None, 600)),
            [Change("timeouts.idle", 60, 5)],
        ),
        (
            replace(A, feedback=FeedbackSpec()),
            replace(A, feedback=FeedbackSpec((FeedbackButton("Good", "good"),))),
            [Change("feedback.buttons", [], [{"label": "Good", "rating": "good"}])],
        ),
        (final("a"), final("b"), [Change("card.templates.final.msgContent", "a", "b")]),
        (final("a"), final("b" * (LONGEST + 1)), [Change("card.templates.final.msgContent", told=False)]),
        (
            card(files={"x.j2": TextFile("bots/x.j2", "a")}),
            card(files={"x.j2": TextFile("bots/x.j2", "b")}),
            [Change("card.files.x.j2", told=False)],
        ),
        (
            knowledge(same="s", old="o", edited="1"),
            knowledge(same="s", new="n", edited="2"),
            [Change(f"agent.knowledge/{name}.md", told=False) for name in ("edited", "new", "old")],
        ),
    ],
)
def test_a_change_is_named_as_in_the_file(before, after, expected):
    assert list(changes(before, after)) == expected
    assert fingerprint(replace(before, fingerprint="")) != fingerprint(replace(after, fingerprint=""))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (
            A,
            replace(A, credentials={**A.credentials, "client_secret": Secret("new")}),
            "credentials.client_secret",
        ),
        (agent(api_key="plain"), agent(api_key=Secret("new")), "agent.api_key"),
        (agent(keys=["plain"]), agent(keys=[Secret("new")]), "agent.keys"),
        (card(vars={"token": Secret("old")}), card(), "card.vars.token"),
    ],
)
def test_a_secret_is_named_and_not_told(before, after, key):
    (change,) = changes(before, after)

    assert (change.key, change.told, change.before, change.after) == (key, False, None, None)


def test_what_means_the_same_is_no_change():
    moved = replace(A, path="elsewhere.yaml", sources=("x",), identity="derived", fingerprint="other")
    assert changes(A, moved) == ()
    here = agent(instructions=TextFile("a.md", "text"))
    there = agent(instructions=TextFile("b.md", "text"))
    assert changes(here, there) == ()


@pytest.mark.parametrize("after", [1.0, True, [1.0], {"x": 1.0}, [True]])
def test_values_that_only_python_calls_equal_are_a_change(after):
    before = [1] if isinstance(after, list) else {"x": 1} if isinstance(after, dict) else 1
    one, other = (replace(A, card=CardSpec("ai", vars={"v": value})) for value in (before, after))

    assert fingerprint(one) != fingerprint(other)
    assert [each.key.partition("vars.v")[1] for each in changes(one, other)] == ["vars.v"]
    assert changes(one, one) == ()
