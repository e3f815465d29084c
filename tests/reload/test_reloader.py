import asyncio

import pytest
from botfolder import bot, write

from imbot.config.loader import FolderMissingError, Loader, LoadResult
from imbot.errors import ConfigError, Problem
from imbot.reload.plan import Step
from imbot.reload.reloader import Reloader, StoppingError

BROKEN = Problem("bots", 1, 1, 1, 1, "", "folder.unreadable", "error", "bots cannot be read")


class FakeLoader:
    def __init__(self):
        self.failure = None

    def apart(self):
        return self

    def load(self, only, believed, moved):
        if self.failure:
            raise self.failure
        return LoadResult(())


class FakeSupervisor:
    """Applies when it is let; remembers how often it was asked to."""

    def __init__(self):
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()
        self.applied = 0
        self.results = []
        self.failure = None
        self.action = "unchanged"

    async def apply(self, result, prune):
        self.applied += 1
        self.results.append((result, prune))
        name = f"reload {self.applied}"
        self.begun.set()
        await self.go.wait()
        if self.failure:
            raise self.failure
        return [Step(self.action, name, "a.yaml")]

    async def foresee(self, result):
        return []


@pytest.fixture
async def house(tmp_path):
    supervisor, loader = FakeSupervisor(), FakeLoader()
    return Reloader(tmp_path, loader, supervisor), supervisor, loader


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def name(outcome):
    return outcome.steps[0].name


async def test_requests_during_a_reload_share_one_that_begins_after_them(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    first = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    later = [asyncio.create_task(reloader.reload()) for _ in range(5)]
    await until(lambda: reloader._asked == 6)
    supervisor.go.set()

    assert name(await first) == "reload 1"
    assert {name(await each) for each in later} == {"reload 2"}
    assert name(await reloader.reload()) == "reload 3"


async def test_a_request_that_is_given_up_does_not_hurt_the_others(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    first = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    second = asyncio.create_task(reloader.reload())
    await until(lambda: reloader._asked == 2)
    first.cancel()
    supervisor.go.set()

    assert name(await second) == "reload 2"


async def test_a_reload_that_failed_is_not_shared_as_if_it_had_not(house):
    reloader, supervisor, _ = house
    supervisor.failure = RuntimeError("a bug")
    got = await asyncio.gather(*(reloader.reload() for _ in range(2)), return_exceptions=True)

    assert [type(each) for each in got] == [RuntimeError, RuntimeError]
    assert reloader.counts == {"failed": 2}


async def test_outcomes_are_counted_and_only_a_clean_one_is_a_success(house):
    reloader, supervisor, loader = house
    supervisor.action = "rejected"
    await reloader.reload()
    assert reloader.succeeded_at is None
    loader.failure = ConfigError([BROKEN])
    outcome = await reloader.reload()
    loader.failure, supervisor.action = None, "start"
    await reloader.reload()

    assert outcome.problems == (BROKEN,)
    assert reloader.counts == {"rejected": 1, "failed": 1, "ok": 1}
    assert reloader.succeeded_at is not None


async def test_a_plan_changes_nothing_and_is_no_reload(house):
    reloader, supervisor, _ = house
    outcome = await reloader.plan()

    assert (outcome.result, supervisor.applied, reloader.last, reloader.counts) == ("ok", 0, None, {})


async def test_stopping_breaks_off_what_is_under_way_and_refuses_the_rest(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    under_way = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    waiting = asyncio.create_task(reloader.reload())
    await until(lambda: reloader._asked == 2)
    await reloader.stop()

    for request in (under_way, waiting, asyncio.create_task(reloader.plan())):
        with pytest.raises(StoppingError):
            await request
    assert supervisor.applied == 1


async def test_a_timeout_inside_is_not_taken_for_the_end(house):
    reloader, supervisor, _ = house
    supervisor.failure = TimeoutError("a bug")
    with pytest.raises(TimeoutError):
        await reloader.reload()


async def test_a_folder_that_is_missing_is_followed_as_such_and_no_failure(house):
    reloader, supervisor, loader = house
    loader.failure = FolderMissingError([BROKEN])
    outcome = await reloader.reload()

    assert outcome.result == "ok"
    assert supervisor.results == [(LoadResult((), missing=True), False)]


async def test_to_prune_is_a_wish_for_one_reload(house):
    reloader, supervisor, _ = house
    await reloader.reload()
    await reloader.reload(prune=True)
    await reloader.reload()

    assert [prune for _, prune in supervisor.results] == [False, True, False]


async def test_a_wish_to_prune_is_not_lost_in_a_reload_that_is_shared(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    requests = [asyncio.create_task(reloader.reload())]
    await supervisor.begun.wait()
    requests += [asyncio.create_task(reloader.reload(prune=prune)) for prune in (False, True, False)]
    await until(lambda: reloader._asked == 4)
    supervisor.go.set()
    await asyncio.gather(*requests)

    assert [prune for _, prune in supervisor.results] == [False, True]


async def test_a_request_waits_until_files_are_at_rest(house, tmp_path):
    reloader, supervisor, _ = house
    await reloader.reload()
    (tmp_path / "a.yaml").write_text("half")
    asked = asyncio.create_task(reloader.reload())
    await asyncio.sleep(0.05)
    assert supervisor.applied == 1
    await asked
    assert supervisor.applied == 2


async def test_a_change_whose_reload_was_broken_off_is_still_news(house, tmp_path):
    reloader, supervisor, _ = house
    await reloader.reload()
    (tmp_path / "a.yaml").write_text("new")
    supervisor.go.clear()
    supervisor.begun.clear()
    asked = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert (await reloader._watch.scan()).has_changes
    supervisor.go.set()
    await reloader.reload()
    assert not (await reloader._watch.scan()).has_changes


def followed(folder, files):
    """A reloader of real files, and what is heard of its loads."""
    heard = []
    write(folder, files)
    return Reloader(folder, Loader(folder, environ={}), FakeSupervisor(), heard.append), heard


async def test_what_a_plan_has_read_is_heard_of_by_the_reload_all_the_same(tmp_path):
    folder = tmp_path / "bots"
    reloader, heard = followed(folder, {"a.yaml": bot()})
    await reloader.reload()
    write(folder, {"a.yaml": bot(more="title: New\n")})
    await reloader.plan()
    await reloader.reload()

    assert list(heard[-1].read) == [str(folder / "a.yaml")]


async def test_a_plan_takes_no_app_from_who_has_it(tmp_path):
    folder = tmp_path / "bots"
    reloader, heard = followed(folder, {"a.yaml": bot("two"), "b.yaml": bot("one")})
    await reloader.reload()
    (folder / "b.yaml").rename(folder / "off")
    write(folder, {"a.yaml": bot("one")})
    await reloader.plan()
    (folder / "off").rename(folder / "b.yaml")
    await reloader.reload()

    assert [file.spec is not None for file in heard[-1].files] == [False, True]


async def test_a_file_that_is_skipped_is_logged_once_and_noted(house, tmp_path, caplog):
    reloader, _, _ = house
    write(tmp_path, {"B.YAML": bot()})

    reports = [await reloader.reload(), await reloader.reload(), await reloader.plan()]

    assert [[note.code for note in report.notes] for report in reports] == [["file.skipped"]] * 3
    assert [report.result for report in reports] == ["ok"] * 3
    assert caplog.text.count("B.YAML") == 1

    (tmp_path / "B.YAML").rename(tmp_path / "b.yaml")
    assert (await reloader.reload()).notes == ()
