"""R-01 to R-20: what editors, tools, mounts and mistakes do to files, and what the bots make of it."""

import asyncio
import errno
import os
import shutil

import pytest
from configmap import ConfigMap

from imbot.config.loader import snapshot
from imbot.reload import watch as watching
from imbot.reload.reloader import Reloader
from imbot.reload.watch import Settle

QUICK = Settle(0.1, 5.0)
PATIENT = Settle(1.0, 10.0)  # for who writes in pieces: a busy machine makes any pause longer


@pytest.fixture
def reloader(monkeypatch):
    """The reloader of the flow that runs, once it does."""

    class Known:
        it = None

        @property
        def count(self):
            return sum(self.it.counts.values())

    known, make = Known(), Reloader.__init__

    def remembered(self, *args):
        known.it = self
        make(self, *args)

    monkeypatch.setattr(Reloader, "__init__", remembered)
    return known


@pytest.fixture
def told(caplog):
    """The lines of the log that hold a text."""
    caplog.set_level("INFO", "imbot")
    return lambda text: [line for line in caplog.messages if text in line]


def untouched(flow, *names):
    """Whether these bots are as they were at the start."""
    return [(flow.row(name).generation, flow.row(name).connections) for name in names] == [(1, 1)] * len(
        names
    )


def title(text):
    return f"title: {text}\n"


def shown(flow, name="a"):
    return flow.supervisor.specs()[name].title


# -- saves, editors and partial content


async def test_r01_a_slow_writer_is_applied_once_and_holds_nobody_back(flow, reloader, told):
    path, _ = flow.echo("a"), flow.echo("b")
    text = path.read_text() + title("New") + "# " + "x" * 200
    size = len(text) // 20 + 1
    async with flow.up(settle=PATIENT):
        before = reloader.count
        with path.open("w", encoding="utf-8") as file:

            async def write(part):
                file.write(part)
                file.flush()
                await asyncio.sleep(0.1)

            for chunk in range(20):
                await write(text[chunk * size : (chunk + 1) * size])
                if chunk == 3:
                    flow.echo("b", extra=title("Meanwhile"))
                if chunk == 12:
                    asked = asyncio.create_task(reloader.it.reload())
            while reloader.count == before:
                await write("x")
            assert (shown(flow, "a"), shown(flow, "b")) == ("a", "Meanwhile")
            assert not asked.done()
        outcome = await asked
        await flow.until(lambda: shown(flow) == "New")
        assert flow.row("a").generation == 2
        counts = dict(reloader.it.counts)

    assert outcome.result == "ok", "who asks for a reload gets one of whole files"
    assert counts.keys() == {"ok"}
    assert not told("rejected")


async def test_r02_truncated_then_written_is_one_update(flow, reloader, told):
    path = flow.echo("a")
    text = path.read_text() + title("New")
    async with flow.up(settle=PATIENT):
        before = reloader.count
        path.write_text("")
        await asyncio.sleep(0.25)
        path.write_text(text)
        await flow.until(lambda: reloader.count > before)
        assert (shown(flow), reloader.count - before, flow.row("a").connections) == ("New", 1, 1)
    assert not told("rejected")


async def test_r03_a_file_that_stays_empty_is_rejected_and_the_bot_goes_on(flow):
    path = flow.echo("a")
    async with flow.up(settle=QUICK):
        path.write_text("")
        await flow.until(lambda: flow.row("a").rejected)
        (problem,) = flow.row("a").rejected.problems
        assert (await flow.ask("app-a", "hello")).data["flowStatus"] == "3"
        assert untouched(flow, "a")
    assert "empty" in problem.message
    assert "delete" in problem.message + problem.hint


async def test_r04_each_atomic_save_is_applied_once_whatever_the_other_file_is_called(flow, reloader, told):
    path = flow.echo("a")
    text = path.read_text()
    async with flow.up(settle=QUICK):
        before = reloader.count
        for number, name in enumerate((".a.yaml.x7Fh", "a.yaml.tmp", "tmp9f3.yaml"), 1):
            other = flow.write(name, text + title(f"Save {number}"))
            other.rename(path)
            await flow.until(lambda number=number: reloader.count - before == number)
            assert shown(flow) == f"Save {number}"
        assert [row.name for row in flow.supervisor.status()] == ["a"]
    assert not told("tmp9f3")


async def test_r05_editor_litter_makes_no_reload(flow, reloader):
    flow.echo("a", extra="card: {templates: {final: {file: cards/final.yaml}}}\n")
    flow.write("cards/final.yaml", 'msgContent: "{{ answer }}"\n')
    litter = ["a.yaml~", ".a.yaml.swp", ".#a.yaml", "#a.yaml#", "4913", "a.yaml___jb_tmp___", "._a.yaml"]
    litter += [".DS_Store", "cards/.final.swp", "cards/final.yaml~"]
    async with flow.up(settle=QUICK):
        before = reloader.count
        for name in litter:
            flow.write(name, "agent: [")
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.4)
        for name in litter:
            (flow.folder / name).unlink()
        await asyncio.sleep(0.4)
        assert reloader.count == before


NO_OPS = {
    "touched": os.utime,
    "mode": lambda path: path.chmod(0o600),
    "comments and lines": lambda path: path.write_text("# hi\n\n" + path.read_text() + "\n\n# bye\n"),
    "order": lambda path: path.write_text(
        "title: T\nagent: {delay: 20ms, type: echo}\ncredentials: {client_secret: s3cret, client_id: app-a}\n"
    ),
    "quotes and anchors": lambda path: path.write_text(
        "credentials: {client_id: &x 'app-a', client_secret: \"s3cret\"}\n"
        "agent: {type: 'echo', delay: \"20ms\"}\ntitle: |-\n  T\n"
    ),
    "CRLF and a byte order mark": lambda path: path.write_bytes(
        b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    ),
}


async def test_r06_saves_that_change_no_meaning_touch_nothing(flow, reloader):
    path = flow.write(
        "a.yaml",
        "credentials: {client_id: app-a, client_secret: s3cret}\nagent: {type: echo, delay: 20ms}\ntitle: T\n",
    )
    async with flow.up(settle=QUICK):
        for what, change in NO_OPS.items():
            before = reloader.count
            change(path)
            await flow.until(lambda before=before: reloader.count > before)
            assert str(reloader.it.last) == "1 unchanged", what
        assert untouched(flow, "a")


# -- names, deletion, directories


async def test_r07_a_renamed_file_is_the_same_bot(flow):
    path = flow.echo("old", app="app-a", extra="name: a\n")
    async with flow.up(settle=QUICK):
        path.rename(flow.folder / "new.yaml")
        await flow.until(lambda: flow.row("a").path.endswith("new.yaml"))
        assert untouched(flow, "a")


async def test_r08_a_deleted_file_stops_its_bot_and_the_log_names_it(flow, told):
    path, _ = flow.echo("a"), flow.echo("b")
    async with flow.up(settle=QUICK):
        path.unlink()
        await flow.until(lambda: flow.row("a") is None and not flow.sim.connections("app-a"))
        assert untouched(flow, "b")
    assert told(f"a: stop ({path}")


async def test_r09_deleted_and_made_again_at_once_is_no_stop(flow, told):
    path = flow.echo("a")
    text = path.read_text()
    async with flow.up(settle=PATIENT):
        path.unlink()
        await asyncio.sleep(0.15)
        path.write_text(text)
        await flow.followed()
        assert untouched(flow, "a")
        path.unlink()
        await asyncio.sleep(0.15)
        path.write_text(text + title("New"))
        await flow.until(lambda: shown(flow) == "New")
        assert (flow.row("a").generation, flow.row("a").connections) == (2, 1)
    assert not told("a: stop")


async def test_r10_a_file_that_comes_and_goes_at_once_starts_nothing(flow, told):
    flow.echo("a")
    async with flow.up(settle=PATIENT):
        path = flow.echo("b")
        await asyncio.sleep(0.15)
        path.unlink()
        await flow.followed()
        assert flow.row("b") is None
        assert not flow.sim.connections("app-b")
    assert not told("b: ")


@pytest.fixture
def permissions(monkeypatch):
    """Read permission counts for root too, who may be running this."""
    read = snapshot.ON_DISK["content"]

    def allowed(path):
        if not path.stat().st_mode & 0o400:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(path)

    monkeypatch.setitem(snapshot.ON_DISK, "content", allowed)


@pytest.mark.usefixtures("permissions")
async def test_r11_a_file_that_may_not_be_read_is_named_and_followed_again_when_it_may(flow, told):
    path = flow.echo("a")
    async with flow.up(settle=QUICK):
        path.chmod(0)
        await flow.until(lambda: flow.row("a").rejected)
        (problem,) = flow.row("a").rejected.problems
        path.chmod(0o600)
        await flow.until(lambda: not flow.row("a").rejected)
        assert untouched(flow, "a")
    assert (problem.code, "Permission denied" in problem.message) == ("file.unreadable", True)
    assert len(told("accepted again")) == 1


@pytest.mark.parametrize("settle", [QUICK, PATIENT], ids=["seen to be gone", "soon back"])
async def test_r12_a_folder_removed_and_made_again_touches_nobody_and_is_followed_on(flow, told, settle):
    texts = {flow.echo(name): flow.echo(name).read_text() for name in "abc"}
    async with flow.up(settle=settle):
        shutil.rmtree(flow.folder)
        await asyncio.sleep(0.5)
        if settle is QUICK:
            await flow.until(lambda: flow.row("a").held_since)
        flow.folder.mkdir()
        for path, text in texts.items():
            path.write_text(text)
            await asyncio.sleep(0.4)
        flow.echo("a", extra=title("New"))
        await flow.until(lambda: shown(flow) == "New")
        await flow.until(lambda: not any(row.held_since for row in flow.supervisor.status()))
        assert untouched(flow, "b", "c")
        assert flow.row("a").connections == 1
        flow.echo("b", extra=title("Newer"))
        await flow.until(lambda: shown(flow, "b") == "Newer")
    assert not told(": stop")


@pytest.mark.parametrize("there", [False, True])
async def test_r13_a_start_without_files_waits_for_the_first(flow, reloader, there):
    if not there:
        flow.folder.rmdir()
    async with flow.up(settle=QUICK) as steps:
        assert (steps, reloader.it.last.result) == ([], "ok")
        flow.folder.mkdir(exist_ok=True)
        flow.echo("a")
        await flow.until(lambda: flow.row("a") and flow.row("a").state == "connected")
        flow.echo("a", extra=title("New"))
        await flow.until(lambda: shown(flow) == "New")


async def test_r13_bots_whose_folder_vanishes_are_held_until_it_is_back(flow, reloader, told):
    flow.echo("a")
    broken = flow.echo("b")
    async with flow.up(settle=QUICK):
        broken.write_text("agent: {")
        rejected = await flow.until(lambda: flow.row("b").rejected)
        flow.folder.rename(flow.folder.with_name("elsewhere"))
        since = await flow.until(lambda: flow.row("a").held_since)
        assert (await reloader.it.reload()).result == "rejected"
        assert (await flow.ask("app-a", "hello")).data["flowStatus"] == "3"
        assert (flow.row("a").held_since, flow.row("b").rejected) == (since, rejected)
        await flow.until(lambda: "there is no folder" in reloader.it.watching.trouble)
        flow.folder.with_name("elsewhere").rename(flow.folder)
        await flow.until(lambda: not flow.row("a").held_since)
        assert untouched(flow, "a", "b")
        assert flow.row("b").rejected.since == rejected.since
    assert len(told("held: ")) == 1
    assert len(told("no longer held")) == 1
    assert len(told("b: rejected")) == 1


async def test_r13_most_files_at_once_are_held_and_pruned_on_request(flow, reloader, told):
    paths = [flow.echo(name) for name in "abcde"]
    async with flow.up(settle=QUICK):
        for path in paths[:3]:
            path.unlink()
        await flow.until(lambda: [row.name for row in flow.supervisor.status() if row.held_since] == [*"abc"])
        flow.echo("a")
        await flow.until(lambda: not flow.row("a").held_since)
        plan = await reloader.it.plan()
        assert [step.name for step in plan.steps if step.held] == ["b", "c"], "those left stay held"
        assert untouched(flow, *"abcde")
        outcome = await reloader.it.reload(prune=True)
        assert str(outcome) == "2 stop, 3 unchanged"
        await flow.until(lambda: [row.name for row in flow.supervisor.status()] == ["a", "d", "e"])
    assert len(told("a, b, c: held: ")) == 1


# -- mounts, links, bulk changes, event delivery


async def test_r14_ten_config_map_updates_in_a_row(flow, reloader):
    volume = ConfigMap(flow.folder)
    bot = flow.echo("x", app="app-a").read_text()
    (flow.folder / "x.yaml").unlink()
    layout = "card: {templates: {final: {file: cards/final.yaml}}}\n"
    files = {
        "a.yaml": bot,
        "b.yaml": bot.replace("app-a", "app-b"),
        "c.yaml": bot.replace("app-a", "app-c") + layout,
        "cards/final.yaml": 'msgContent: "old {{ answer }}"\n',
    }
    volume.swap(files)
    async with flow.up(settle=QUICK):
        before = reloader.count
        for number in range(1, 11):
            volume.swap(files | {"a.yaml": bot + title(f"Version {number}")})
            await flow.until(lambda number=number: reloader.count - before == number)
            assert shown(flow) == f"Version {number}"
        assert (flow.row("a").generation, flow.row("a").connections) == (11, 1)
        assert untouched(flow, "b", "c")
        volume.swap(files | {"cards/final.yaml": 'msgContent: "new {{ answer }}"\n'})
        await flow.until(lambda: flow.row("c").generation == 2)
        assert len(flow.supervisor.status()) == 3


async def test_r15_a_link_pointed_elsewhere_is_followed(flow):
    text = flow.echo("x", app="app-a").read_text()
    (flow.folder / "x.yaml").unlink()
    flow.write("versions/one", text)
    flow.write("versions/two", text + title("Two"))
    link = flow.folder / "a.yaml"
    link.symlink_to("versions/one")
    async with flow.up(settle=QUICK):
        (flow.folder / "new").symlink_to("versions/two")
        (flow.folder / "new").rename(link)
        await flow.until(lambda: shown(flow) == "Two")
        link.unlink()
        link.symlink_to("versions/none")
        await flow.until(lambda: flow.row("a").rejected)
        flow.write("versions/none", text + title("Three"))
        await flow.until(lambda: shown(flow) == "Three")
        assert flow.row("a").connections == 1


def deaf(*failures):
    """Notifications that fail as told, and then never come."""
    left = list(failures)

    async def awatch(*_paths, **_options):
        if left and (failure := left.pop(0)):
            raise failure
        while True:
            await asyncio.sleep(watching.RESCAN_S)
            yield set()

    return awatch


async def test_r18_without_notifications_changes_are_found_by_looking(flow, reloader, monkeypatch):
    monkeypatch.setattr(watching, "RESCAN_S", 0.2)
    monkeypatch.setattr(watching, "awatch", deaf())
    flow.echo("a")
    async with flow.up(settle=QUICK):
        for number in range(3):
            flow.echo("a", extra=title(f"Version {number}"))
            await flow.until(lambda number=number: shown(flow) == f"Version {number}")
        await flow.until(lambda: reloader.it.watching.method == "scanning")
        assert reloader.it.watching.trouble == ""


async def test_r19_a_change_before_watching_begins_is_applied(flow):
    flow.echo("a")
    changes = [lambda: flow.echo("a", extra=title("New"))]
    async with flow.up(settle=QUICK, announce=lambda _: changes and changes.pop()()):
        await flow.until(lambda: shown(flow) == "New")


async def test_r20_failing_notifications_are_shown_and_come_back(flow, reloader, monkeypatch, told):
    monkeypatch.setattr(watching, "RESCAN_S", 0.1)
    real, failing = watching.awatch, [OSError("no inotify watches left")] * 3

    def awatch(*paths, **options):
        return deaf(failing.pop())() if failing else real(*paths, **options)

    monkeypatch.setattr(watching, "awatch", awatch)
    flow.echo("a")
    async with flow.up(settle=QUICK):
        await flow.until(lambda: reloader.it.watching.trouble)
        flow.echo("a", extra=title("New"))
        await flow.until(lambda: shown(flow) == "New")
        await flow.until(
            lambda: (reloader.it.watching.method, reloader.it.watching.trouble) == ("events", "")
        )
        assert flow.row("a").connections == 1
    assert len(told("no file notifications: no inotify watches left")) == 1


async def test_r22_a_bad_file_that_becomes_good_again_is_said_to_be_once(flow, told):
    path = flow.echo("a")
    text = path.read_text()
    async with flow.up(settle=QUICK):
        path.write_text("agent: {")
        await flow.until(lambda: flow.row("a").rejected)
        path.write_text(text)
        await flow.until(lambda: not flow.row("a").rejected)
        assert untouched(flow, "a")
    assert len(told("accepted again")) == 1


async def test_a_broken_env_file_is_a_reload_that_failed_until_it_is_mended(flow, reloader):
    env = flow.folder.parent / ".env"
    env.write_text("SECRET=one\n")
    flow.echo("a")
    async with flow.up(settle=QUICK):
        env.write_text("SECRET='one\n")
        await flow.until(lambda: reloader.it.last.result == "failed")
        (problem,) = reloader.it.last.problems
        assert (problem.code, problem.line) == ("env.line", 1)
        env.write_text("SECRET=one\n")
        await flow.until(lambda: reloader.it.last.result == "ok")
        assert untouched(flow, "a")
