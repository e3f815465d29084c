import json
from contextlib import aclosing
from pathlib import Path

import pytest

from imbot.agents import prepare_agent
from imbot.errors import Marks, Span
from imbot.model import Alive, Message, Sender
from imbot.spec import AgentSpec, Folder, TextFile, Timeouts

SCHEMAS = Path(__file__).parents[2] / "schemas" / "agents"
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text):
    number = text.rstrip("msh")
    return int(number) * UNITS[text[len(number) :]]


def defaults(type_name):
    """What the loader fills in."""
    properties = json.loads((SCHEMAS / f"{type_name}.schema.json").read_text())["properties"]
    return {
        key: seconds(schema["default"]) if schema.get("format") == "duration" else schema["default"]
        for key, schema in properties.items()
        if "default" in schema
    }


@pytest.fixture
def timeouts():
    return Timeouts(connect_s=5.0, first_event_s=10.0, idle_s=10.0, total_s=None, queued_s=600)


@pytest.fixture
def make_spec():
    def make(type_name, **settings):
        marks = Marks(values={f"/agent/{key}": Span(7, 3, 7, 9) for key in settings})
        return AgentSpec(type_name, {**defaults(type_name), **settings}, "bots/a.yaml", marks)

    return make


@pytest.fixture
def make_agent(make_spec, timeouts):
    def make(type_name, **settings):
        return prepare_agent(make_spec(type_name, **settings), timeouts)

    return make


@pytest.fixture
def ask():
    async def ask(agent, text, history=(), sender="manager4220"):
        message = Message("m1", "c1", "single", Sender(sender, "小明"), text, 1.7e9)
        events = []
        async with aclosing(agent.reply(message, history)) as answer:
            try:
                async for event in answer:
                    if not isinstance(event, Alive):  # which ``guarded`` keeps from everybody else
                        events.append(event)  # noqa: PERF401 - what came before an error is kept
            except Exception as error:
                error.events = events
                raise
        return events

    return ask


@pytest.fixture
def knowledge():
    """The folder beside the tests, as the loader reads it."""
    root = Path(__file__).parent / "knowledge"
    files = sorted(root.rglob("*.md"))
    return Folder(
        "knowledge",
        tuple(
            TextFile(f"knowledge/{file.relative_to(root).as_posix()}", file.read_text("utf-8"))
            for file in files
        ),
    )
