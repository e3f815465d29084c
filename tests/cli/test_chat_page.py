"""What the chat page of ``dev`` is told about bots, from what the supervisor knows."""

import json
from dataclasses import replace

import pytest
from botfolder import write

from imbot.cli.chat_page import FAILURES, QUESTIONS, ChatPage, starters
from imbot.config.loader import Loader
from imbot.errors import Problem, Span
from imbot.log import redactor
from imbot.reload.rollout import Pending
from imbot.reload.status import BotStatus, Rejected
from imbot.usage.agent_failures import LEAST_ANSWERS
from imbot.usage.counters import Counters

ECHO = "credentials: {client_id: app, client_secret: x}\nagent: {type: echo}\n"
FAQ = "credentials: {client_id: app, client_secret: x}\nagent: {type: faq, knowledge: k}\n"


class Known:
    """A supervisor that knows this."""

    def __init__(self, *rows, **specs):
        self.rows, self._specs = list(rows), specs
        self.counters = Counters()

    def status(self):
        return self.rows

    def specs(self):
        return self._specs


class Shown:
    """A simulator that keeps what it is to show."""

    def __init__(self):
        self.bots, self.times, self.removed = None, 0, []

    def show_bots(self, bots):
        self.bots, self.times = json.loads(json.dumps(bots)), self.times + 1

    def remove_app(self, app):
        self.removed.append(app)


def loaded(tmp_path, text, **files):
    folder = write(
        tmp_path / "bots", {"a.yaml": text} | {f"k/{name}.md": text for name, text in files.items()}
    )
    (file,) = Loader(folder).load().files
    return file


def row(file, **known):
    rejected = Rejected(file.name or "a", 0.0, file.problems) if file.problems else None
    return BotStatus(file.name or "a", file.path, rejected=rejected, **known)


def told(*rows, **specs):
    shown = Shown()
    ChatPage(shown, Known(*rows, **specs)).update()
    return shown.bots


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("credentials: {client_id: <<NO_ID>>, client_secret: <<NO_SECRET>>}\nagent: {type: echo}\n",
         "waiting", "placeholder.unset"),
        (ECHO.replace("echo", "ehco"), "rejected", "schema.enum"),
        ("agent: {type: ehco}\ncredentials: {client_id: <<NO_ID>>, client_secret: x}\n", "rejected", "schema.enum"),
        ("agent: {type: echo\n", "rejected", "yaml.syntax"),
    ],
)  # fmt: skip
def test_a_bot_without_a_valid_file_stands_there_with_its_problems(tmp_path, text, state, code):
    (bot,) = told(row(loaded(tmp_path, text)))

    assert (bot["name"], bot["app"], bot["state"]) == ("a", None, state)
    assert code in [problem["code"] for problem in bot["problems"]]
    for problem in bot["problems"]:
        assert problem["line"] >= 1
        assert problem["source"] is None or "".join(problem["source"][part] for part in ("before", "marked"))


def test_a_bot_that_runs_while_its_file_is_broken_tells_since_when_its_version_runs(tmp_path):
    spec = loaded(tmp_path, ECHO).spec
    broken = loaded(tmp_path, ECHO.replace("echo", "ehco"))
    known, shown = Known(row(broken, generation=1, state="connected"), a=spec), Shown()
    page = ChatPage(shown, known)
    page.update()
    first = shown.bots[0]

    assert (first["app"], first["state"], len(first["problems"])) == ("app", "running", 1)
    page.update()
    assert shown.times == 1, "nothing has changed"
    known.rows = [replace(known.rows[0], generation=2, rejected=None)]
    page.update()
    assert shown.bots[0]["since"] >= first["since"]
    assert shown.bots[0]["problems"] == []


def test_a_version_out_of_the_store_is_as_old_as_it_is(tmp_path):
    file = loaded(tmp_path, ECHO)

    assert told(row(file, accepted_at=1_700_000_000.5), a=file.spec)[0]["since"] == 1_700_000_000_500


def test_what_else_is_wrong_is_told_without_secrets(tmp_path):
    file = loaded(tmp_path, ECHO)
    redactor.hide(["planted-in-an-error"])
    pending = Pending("a", file.path, 0.0, "refused: planted-in-an-error")
    (bot,) = told(
        row(file, error="401 for planted-in-an-error", pending=pending, held_since=1.0), a=file.spec
    )

    assert len(bot["trouble"]) == 3
    assert "planted" not in json.dumps(bot)
    assert told(BotStatus("new", "new.yaml", pending=pending))[0]["state"] == "pending"


def test_failed_answers_are_told_with_their_cure(tmp_path):
    file = loaded(tmp_path, ECHO)
    known, shown = Known(row(file), a=file.spec), Shown()
    page, failures = ChatPage(shown, known), known.counters.agent_failures
    failures.follow("a", file.spec.agent)
    for number in range(LEAST_ANSWERS + FAILURES):
        failures.failed(
            "a",
            file.spec.agent,
            "HTTP 401",
            "the key",
            "check `agent.api_key`",
            card=f"c{number}",
            message="m",
        )
    known.rows = [row(file, failing=failures.failing("a"))]
    page.update()
    (bot,) = shown.bots

    assert len(bot["failures"]) == FAILURES
    assert bot["failures"][-1] == {
        "card": f"c{LEAST_ANSWERS + FAILURES - 1}", "message": "m",
        "reason": "HTTP 401", "cure": "check `agent.api_key`",
    }  # fmt: skip
    assert bot["failing"]["answers"] == LEAST_ANSWERS + FAILURES
    assert bot["failing"]["cure"] == "check `agent.api_key`"


def test_a_folder_that_cannot_be_loaded_stands_there_beside_its_bots(tmp_path):
    file = loaded(tmp_path, ECHO)
    env = tmp_path / ".env"
    env.write_text("A=1\nSECRET planted-in-the-env\n", encoding="utf-8")
    wrong = [Problem.at(str(env), Span(2, 1, 2, 7), "env.syntax", "not NAME=value")]
    shown = Shown()
    page = ChatPage(shown, Known(row(file), a=file.spec), lambda: tuple(wrong))
    page.update()

    assert [(bot["name"], bot["state"]) for bot in shown.bots] == [("a", "running"), (str(env), "folder")]
    assert "planted" not in json.dumps(shown.bots)
    wrong.clear()
    page.update()
    assert [bot["name"] for bot in shown.bots] == ["a"]


def test_a_bot_that_ended_is_taken_off_the_page(tmp_path):
    file = loaded(tmp_path, ECHO)
    known, shown = Known(row(file), a=file.spec), Shown()
    page = ChatPage(shown, known)
    page.update()
    known.rows, known._specs = [row(file, state="draining")], {}
    page.update()

    assert (shown.bots, shown.removed) == ([], ["app"])


def test_an_app_that_went_to_another_bot_stays(tmp_path):
    file = loaded(tmp_path, ECHO)
    known, shown = Known(row(file), a=file.spec), Shown()
    page = ChatPage(shown, known)
    page.update()
    known.rows, known._specs = [replace(row(file), name="b")], {"b": replace(file.spec, name="b")}
    page.update()

    assert (shown.bots[0]["name"], shown.removed) == ("b", [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"x": "# T\n## One?\nyes\n## Two?\nyes\n", "y": "## Three?\nyes\n"}, ["One?", "Three?", "Two?"]),
        ({"x": "## One?\nyes\n", "y": "## One?\nno\n"}, ["One?"]),
        ({name: f"## {name}?\nyes\n" for name in "abcd"}, ["a?", "b?", "c?"]),
        ({"x": "## **Bold** one?\nyes\n"}, ["Bold one?"]),
    ],
)
def test_questions_to_begin_with_are_headings_of_the_knowledge(tmp_path, files, expected):
    found = list(starters(loaded(tmp_path, FAQ, **files).spec))

    assert found == expected
    assert len(found) <= QUESTIONS


def test_an_echo_is_asked_nothing_of_ours(tmp_path):
    assert list(starters(loaded(tmp_path, ECHO).spec)) == []
