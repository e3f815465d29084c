"""A start finds some files broken: what was accepted before answers until they are mended."""

import asyncio
import subprocess
import sys
import time

import pytest
from run_command import Run, imbot

from imbot.errors import ConfigError


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("BOT_SECRET", "s3cret-of-the-environment")


def plain(flow, name, app=None, extra=""):
    """A bot whose secret lies in the environment."""
    text = f"credentials: {{client_id: {app or 'app-' + name}, client_secret: <<BOT_SECRET>>}}\n"
    return flow.write(f"{name}.yaml", text + "agent: {type: echo, delay: 5ms}\n" + extra)


def database(flow):
    """Every byte of the store, its log included."""
    return b"".join(each.read_bytes() for each in sorted(flow.folder.parent.rglob("*.db*")))


def codes(row):
    return [problem.code for problem in row.rejected.problems] if row.rejected else []


APP = "credentials: {client_id: app-faq, client_secret: x}\nagent: {type: echo}\n"
BREAKS = {
    "syntax": ("{broken: [", "yaml."),
    "schema": ("agent: {type: echo, dely: 1s}\n", "schema."),
    "empty": ("", "yaml."),
    "unset variable": (
        "credentials: {client_id: app-faq, client_secret: <<NEVER_SET>>}\nagent: {type: echo}\n",
        "placeholder.unset",
    ),
    "missing layout": (
        APP + "card: {templates: {final: {file: cards/none.yaml}}}\n",
        "file.missing",
    ),
    "broken template": (
        APP + 'card: {templates: {final: {msgContent: "{{ nope }}"}}}\n',
        "template.",
    ),
}


@pytest.mark.parametrize("how", BREAKS)
async def test_r66_a_bot_with_a_broken_file_starts_as_it_was_last_accepted(flow, how):
    text, code = BREAKS[how]
    path = plain(flow, "faq", extra="title: Before\n")
    async with flow.up():
        fingerprint = flow.row("faq").fingerprint
    path.write_text(text)
    began = time.time()
    async with flow.up():
        row = await flow.until(lambda: (row := flow.row("faq")) and row.state == "connected" and row)
        assert all(each.startswith(code) for each in codes(row))
        assert row.rejected.since >= began > row.accepted_at
        assert row.fingerprint == fingerprint
        await flow.ask("app-faq", "still there?")
        assert path.read_text() == text

        plain(flow, "faq", extra="title: After\n")
        await flow.until(lambda: not flow.row("faq").rejected)
        row = flow.row("faq")
        assert (row.connections, row.generation, row.accepted_at) == (1, 2, None)
        assert row.fingerprint != fingerprint


async def test_r49_a_template_that_is_gone_is_still_there_in_what_was_accepted(flow):
    layout = flow.write("cards/final.yaml", "msgContent: \"{% include 'cards/foot.j2' %}\"\n")
    flow.write("cards/foot.j2", "signed: {{ answer }}")
    plain(flow, "faq", extra="card: {templates: {final: {file: cards/final.yaml}}}\n")
    async with flow.up():
        pass
    layout.unlink()
    (flow.folder / "cards/foot.j2").unlink()
    async with flow.up():
        row = flow.row("faq")
        (problem,) = row.rejected.problems
        assert (problem.code, problem.path) == ("file.missing", str(flow.folder / "faq.yaml"))
        await flow.until(lambda: flow.row("faq").state == "connected")
        card = await flow.ask("app-faq", "hello")
        assert "signed: " in str(card.data)

        layout.write_text('msgContent: "{{ answer }}"\n')
        await flow.until(lambda: not flow.row("faq").rejected)
        assert flow.row("faq").connections == 1


async def test_r66_a_file_that_is_healed_as_it_was_changes_nothing(flow):
    path = plain(flow, "faq")
    text = path.read_text()
    async with flow.up():
        pass
    path.write_text("{")
    async with flow.up():
        await flow.until(lambda: flow.row("faq").state == "connected")
        path.write_text(text)
        await flow.until(lambda: not flow.row("faq").rejected)
        row = flow.row("faq")
        assert (row.connections, row.generation, row.accepted_at) == (1, 1, None)


async def test_r66_the_generation_survives_many_restarts_and_is_the_last_accepted_one(flow):
    path = plain(flow, "faq", extra="title: One\n")
    async with flow.up():
        plain(flow, "faq", extra="title: Two\n")
        await flow.until(lambda: flow.row("faq").generation == 2)
        fingerprint = flow.row("faq").fingerprint
        path.write_text("{")
        await flow.until(lambda: flow.row("faq").rejected)
    for _ in range(3):
        async with flow.up():
            assert flow.row("faq").fingerprint == fingerprint


async def test_other_bots_start_as_their_files_say(flow):
    plain(flow, "a")
    plain(flow, "b")
    async with flow.up():
        pass
    flow.write("a.yaml", "{")
    plain(flow, "b", extra="title: New\n")
    plain(flow, "c")
    async with flow.up():
        rows = {row.name: bool(row.rejected) for row in flow.supervisor.status()}
        assert rows == {"a": True, "b": False, "c": False}
        assert flow.supervisor.specs()["b"].title == "New"


async def test_a_newcomer_cannot_take_the_app_of_a_bot_whose_file_is_broken(flow):
    plain(flow, "zoe", app="app-zoe")
    async with flow.up():
        pass
    flow.write("zoe.yaml", "{")
    plain(flow, "abe", app="app-zoe")
    async with flow.up():
        assert flow.row("zoe").generation == 1
        assert codes(flow.row("abe")) == ["identity.taken"]
        plain(flow, "zoe", app="app-other")
        await flow.until(lambda: not flow.row("zoe").rejected and not flow.row("abe").rejected)


async def test_a_bot_whose_file_is_gone_is_not_revived_and_forgotten(flow):
    plain(flow, "a")
    path = plain(flow, "b")
    async with flow.up():
        pass
    path.unlink()
    async with flow.up():
        assert flow.row("b") is None
    path.write_text("{")
    async with flow.up():
        row = next(row for row in flow.supervisor.status() if row.path == str(path))
        assert (row.state, row.generation) == ("down", 0)


async def test_a_bot_whose_file_is_removed_while_it_runs_is_forgotten(flow):
    plain(flow, "a")
    path = plain(flow, "b")
    async with flow.up():
        path.unlink()
        await flow.until(lambda: flow.row("b") is None or flow.row("b").state == "draining")
        await flow.followed()  # in another reload: the first has come to its end
    path.write_text("{")
    async with flow.up():
        assert [row.generation for row in flow.supervisor.status() if row.path == str(path)] == [0]


async def test_an_empty_folder_forgets_nobody(flow):
    texts = {path: path.read_text() for path in (plain(flow, "a"), plain(flow, "b"))}
    async with flow.up():
        pass
    for path in texts:
        path.unlink()
    async with flow.up():
        assert flow.supervisor.status() == []
    for path, text in texts.items():
        path.write_text(text[:-1] + "{")
    async with flow.up():
        assert [row.generation for row in flow.supervisor.status()] == [1, 1]


async def test_a_bot_that_was_disabled_stays_so(flow):
    plain(flow, "a")
    path = plain(flow, "b")
    async with flow.up():
        plain(flow, "b", extra="enabled: false\n")
        await flow.until(lambda: flow.row("b") is None or flow.row("b").state == "draining")
        await flow.followed()  # in another reload: the first has come to its end
    path.write_text("{")
    async with flow.up():
        assert [row.generation for row in flow.supervisor.status() if row.path == str(path)] == [0]


async def test_broken_defaults_take_nobody_down(flow):
    plain(flow, "a")
    path = flow.write("_defaults.yaml", "texts: {thinking: One moment}\n")
    async with flow.up():
        pass
    path.write_text("texts: {thinkin: x}\n")
    async with flow.up():
        row = flow.row("a")
        assert (row.generation, row.rejected.problems[0].path) == (1, str(path))
        assert flow.supervisor.specs()["a"].texts["thinking"] == "One moment"


async def test_a_bot_goes_on_although_a_valid_file_now_wants_what_it_has(flow):
    plain(flow, "abe", app="app-one")
    plain(flow, "zoe", app="app-two")
    async with flow.up():
        pass
    flow.write("zoe.yaml", "{")
    plain(flow, "abe", app="app-two")
    async with flow.up():
        specs = flow.supervisor.specs()
        assert {name: spec.identity for name, spec in specs.items()} == {"abe": "app-one", "zoe": "app-two"}
        assert codes(flow.row("abe")) == ["identity.taken"]


# -- secrets


async def test_a_literal_secret_reaches_no_file_and_is_taken_from_todays(flow):
    path = flow.write(
        "faq.yaml",
        "# client_secret: s3cret-of-yesterday\n"
        "credentials:\n  client_id: app-faq\n  client_secret: s3cret-in-the-file\n"
        "agent:\n  type: echo\n  delay: 5ms\n",
    )
    async with flow.up():
        written = await flow.until(lambda: b"app-faq" in (found := database(flow)) and found)
    written += database(flow)
    for never in (b"s3cret-in-the-file", b"s3cret-of-yesterday", b"s3cret-of-the-environment"):
        assert never not in written
    path.write_text(path.read_text() + "title: 'open\n")
    async with flow.up():
        await flow.until(lambda: flow.row("faq").state == "connected")
        assert codes(flow.row("faq")) != []
        await flow.ask("app-faq", "hello")


async def test_without_its_secret_the_generation_cannot_run_and_that_is_said(flow, caplog):
    path = flow.write(
        "faq.yaml",
        "credentials: {client_id: app-faq, client_secret: s3cret-in-the-file}\nagent: {type: echo}\n",
    )
    async with flow.up():
        pass
    path.write_text("agent: {type: echo}\n")
    async with flow.up():
        (row,) = flow.supervisor.status()
        assert (row.state, row.generation, codes(row)) == ("down", 0, ["schema.missing"])
        assert "`credentials.client_secret` cannot be read" in row.error
    assert "s3cret" not in caplog.text


async def test_a_generation_whose_variable_is_unset_cannot_run_and_that_is_said(flow, monkeypatch):
    path = plain(flow, "faq")
    async with flow.up():
        pass
    monkeypatch.delenv("BOT_SECRET")
    path.write_text("{")
    async with flow.up():
        (row,) = flow.supervisor.status()
        assert (row.state, row.generation) == ("down", 0)
        assert "variable BOT_SECRET is not set" in row.error
        monkeypatch.setenv("BOT_SECRET", "s3cret-of-the-environment")
        plain(flow, "faq")
        await flow.until(lambda: flow.row("faq") and flow.row("faq").state == "connected")
        assert flow.row("faq").error == ""


async def test_a_generation_that_cannot_be_prepared_any_more_costs_nobody_else(flow, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    code = tmp_path / "answering_for_a_while.py"
    code.write_text("async def reply(message, history):\n    yield 'hello'\n")
    path = flow.write(
        "gone.yaml",
        "credentials: {client_id: app-gone, client_secret: <<BOT_SECRET>>}\n"
        "agent: {type: python, target: 'answering_for_a_while:reply'}\n",
    )
    plain(flow, "faq")
    async with flow.up():
        assert flow.row("gone").generation == 1
    for each in (path, flow.folder / "faq.yaml"):
        each.write_text("{")
    code.unlink()
    monkeypatch.delitem(sys.modules, "answering_for_a_while")
    async with flow.up():
        rows = {row.path: row for row in flow.supervisor.status()}
        assert rows[str(path)].generation == 0
        assert "cannot run either: " in rows[str(path)].error
        assert flow.row("faq").generation == 1


async def test_todays_environment_is_used(flow, monkeypatch):
    path = plain(flow, "faq")
    async with flow.up():
        pass
    monkeypatch.setenv("BOT_SECRET", "s3cret-that-is-new")
    path.write_text("{")
    async with flow.up():
        assert flow.supervisor.specs()["faq"].credentials["client_secret"].reveal() == "s3cret-that-is-new"


# -- policies


async def test_skip_starts_without_the_bot_and_keeps_its_generation(flow):
    plain(flow, "a")
    path = plain(flow, "b")
    async with flow.up():
        pass
    path.write_text("{")
    async with flow.up(on_broken="skip"):
        assert {row.path: row.generation for row in flow.supervisor.status()}[str(path)] == 0
    async with flow.up():
        assert [row.generation for row in flow.supervisor.status()] == [1, 1]


async def test_fail_names_every_problem_and_starts_nothing(flow):
    plain(flow, "a")
    flow.write("b.yaml", "{")
    flow.write("c.yaml", BREAKS["broken template"][0])
    with pytest.raises(ConfigError) as caught:
        async with flow.up(on_broken="fail"):
            pass
    assert {problem.path for problem in caught.value.problems} == {
        str(flow.folder / name) for name in ("b.yaml", "c.yaml")
    }
    assert flow.sim.world.tokens == {}


# -- the command


async def test_r66_run_answers_with_what_was_accepted_and_says_so(flow):
    path = plain(flow, "faq")
    async with Run(flow) as first:
        await first.status(lambda bot: bot["state"] == "running")
        await flow.until(lambda: b"app-faq" in database(flow))
        first.process.kill()
    text = path.read_text() + "agent: {\n"
    path.write_text(text)
    async with Run(flow) as second:
        bot = await second.status(lambda bot: bot["state"] == "running" and bot["rejected"])
        assert bot["rejected"]["problems"]
        assert bot["accepted_at"] < bot["rejected"]["since"]
        command, where = imbot(flow, "status", "bots")
        look = {"capture_output": True, "text": True, "check": True}
        shown = (await asyncio.to_thread(subprocess.run, command, **where, **look)).stdout
        assert "runs, from the store" in shown
        await flow.ask("app-faq", "hello")
        assert path.read_text() == text
        plain(flow, "faq", extra="title: Mended\n")
        bot = await second.status(lambda bot: not bot["rejected"])
        assert (bot["connections"], bot["generation"], bot["accepted_at"]) == (1, 2, None)
    assert "the version accepted at" in second.log
    assert second.process.returncode == 0


async def test_run_ends_with_1_where_it_shall_fail(flow):
    plain(flow, "faq", extra="dely: 1\n")
    async with Run(flow, "--on-broken", "fail") as process:
        await asyncio.wait_for(process.process.wait(), 20)
    assert process.process.returncode == 1
    assert "faq.yaml:3:1" in process.log
