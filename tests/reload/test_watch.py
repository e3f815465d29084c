"""Watching real files: state counts, events are only hints, and every file settles for itself."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from botfolder import write
from virtual import run_virtual

from imbot.reload import watch as watching
from imbot.reload.watch import SETTLE, Settle, Watch

FILES = {"a.yaml": "a: 1\n", "cards/final.yaml": "b: 2\n"}
NAMES = [f"{n}.yaml" for n in range(5)]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "bots", FILES)


def watched(folder, scenario, settle=SETTLE, used=("cards/final.yaml",)):
    """Play a scenario in virtual time with a watch that has seen the files."""

    async def main():
        watch = Watch(folder, settle)
        watch.use([str(folder / name) for name in used])
        watch.take(await watch.look())
        await scenario(watch)

    run_virtual(main())


async def made(watch, folder, names):
    """Files that are there from now on, and known."""
    write(folder, dict.fromkeys(names, ""))
    await news_after(watch, 0.3)
    watch.take(await watch.look())


async def news_after(watch, seconds):
    """Whether there is news when that much time has passed since a first look."""
    await watch.look()
    await asyncio.sleep(seconds)
    return (await watch.look()).news


def test_there_is_no_news_at_first(folder):
    async def scenario(watch):
        sight = await watch.look()
        assert (sight.news, sight.wait_s, sight.moving) == (False, None, frozenset())

    watched(folder, scenario)


@pytest.mark.parametrize("name", ["a.yaml", "new.yml", "cards/final.yaml", "../.env"])
def test_a_change_that_matters_is_news_once_it_is_still_and_until_it_is_taken(folder, name):
    async def scenario(watch):
        write(folder, {name: "other\n"})
        sight = await watch.look()
        assert (sight.news, sight.wait_s) == (False, pytest.approx(0.3))
        await asyncio.sleep(sight.wait_s)
        sight = await watch.look()
        assert (sight.news, sight.wait_s) == (True, None)
        watch.take(sight)
        assert not (await watch.look()).news

    watched(folder, scenario)


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml~", ".a.yaml.swp", ".#a.yaml", "#a.yaml#", "4913", "a.yaml___jb_tmp___", "._a.yaml", ".DS_Store",
        "cards/unused.yaml", "_notes.yaml", "a.test.yaml",
    ],
)  # fmt: skip
def test_r05_litter_is_no_news(folder, name):
    async def scenario(watch):
        write(folder, {name: "x"})
        sight = await watch.look()
        assert (sight.news, sight.wait_s) == (False, None)
        assert not await news_after(watch, 1)

    watched(folder, scenario)


def test_a_file_added_to_a_folder_that_is_used_is_news(folder):
    async def scenario(watch):
        write(folder, {"knowledge/deep/more.md": "x"})
        assert await news_after(watch, 0.3)

    watched(folder, scenario, used=("knowledge",))


def test_a_file_that_is_used_only_from_now_on_is_no_news_unless_it_changes(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("one")

    async def scenario(watch):
        sight = await watch.look()
        assert sight.believed(str(secret))
        assert sight.believed(str(secret))
        watch.take(sight)
        watch.use([str(secret)])
        assert not await news_after(watch, 1)
        secret.write_text("three")
        assert await news_after(watch, 0.3)
        secret.unlink()
        assert await news_after(watch, 0.3)

    watched(folder, scenario)


def test_what_changes_while_a_reload_reads_rests_as_long_as_it_is_still_and_no_longer(folder):
    path = str(folder / "a.yaml")

    async def scenario(watch):
        write(folder, {"a.yaml": "one\n"})
        assert await news_after(watch, 0.3)
        under_way = await watch.look()
        write(folder, {"a.yaml": "another\n"})
        assert not await news_after(watch, 0.2)
        watch.take(under_way)
        assert not (await watch.look()).believed(path)
        await asyncio.sleep(0.1)
        sight = await watch.look()
        assert (sight.news, sight.believed(path)) == (True, True)

    watched(folder, scenario)


def test_one_that_keeps_changing_holds_back_only_itself(folder):
    async def scenario(watch):
        write(folder, {"b.yaml": "still\n"})
        for chunk in range(20):
            write(folder, {"a.yaml": "x" * chunk})
            sight = await watch.look()
            assert not sight.believed(str(folder / "a.yaml"))
            assert sight.news == (chunk >= 3), "the other file"
            assert sight.believed(str(folder / "b.yaml")) == (chunk >= 3)
            await asyncio.sleep(0.1)
        assert await news_after(watch, 0.3)
        assert (await watch.look()).believed(str(folder / "a.yaml"))

    watched(folder, scenario)


def test_one_that_never_rests_is_believed_after_a_while_all_the_same(folder):
    async def scenario(watch):
        believed = []
        for tick in range(25):
            write(folder, {"a.yaml": f"{tick:099}"})
            sight = await watch.look()
            believed.append(str(folder / "a.yaml") not in sight.moving)
            if sight.news:
                watch.take(sight)
            await asyncio.sleep(0.1)
        assert [tick for tick, there in enumerate(believed) if there] == [10, 21]

    watched(folder, scenario, Settle(0.3, 0.95))


def test_a_file_taken_away_is_believed_to_be_gone_when_it_stays_away(folder):
    path = folder / "a.yaml"

    async def scenario(watch):
        path.unlink()
        sight = await watch.look()
        assert not sight.believed(str(path))
        await asyncio.sleep(0.2)
        path.write_text(FILES["a.yaml"])
        assert not await news_after(watch, 0.2), "it is back, and not yet at rest"
        path.unlink()
        assert await news_after(watch, 0.3)

    watched(folder, scenario)


def test_who_removes_files_one_by_one_is_heard_after_the_last(folder):
    async def scenario(watch):
        await made(watch, folder, NAMES)
        for name in NAMES:
            (folder / name).unlink()
            assert not await news_after(watch, 0.2)
        assert await news_after(watch, 0.3)

    watched(folder, scenario)


def test_r12_a_folder_filled_again_file_by_file_has_lost_none_of_them(folder):
    async def scenario(watch):
        await made(watch, folder, NAMES)
        for name in NAMES:
            (folder / name).unlink()
        assert not await news_after(watch, 0.2)
        for name in NAMES:
            write(folder, {name: "back"})
            sight = await watch.look()
            gone = {str(folder / name) for name in NAMES} - sight.seen.keys()
            assert gone <= sight.moving
            await asyncio.sleep(0.2)

    watched(folder, scenario)


def test_files_renamed_one_after_the_other_are_gone_and_there_at_the_same_time(folder):
    async def scenario(watch):
        await made(watch, folder, NAMES)
        for name in NAMES:
            (folder / name).rename(folder / f"new-{name}")
            assert not await news_after(watch, 0.2)
        assert await news_after(watch, 0.1)
        assert not (await watch.look()).moving

    watched(folder, scenario)


def test_what_changes_between_the_look_and_the_reading_is_not_believed(folder):
    async def scenario(watch):
        sight = await watch.look()
        write(folder, {"a.yaml": "", "appeared.yaml": ""})
        (folder / "cards/final.yaml").unlink()
        for name in ("a.yaml", "appeared.yaml", "cards/final.yaml"):
            assert not sight.believed(str(folder / name))
        assert sight.believed(str(folder / "never-there.yaml"))
        watch.take(sight)
        assert await news_after(watch, 0.3)

    watched(folder, scenario)


def test_a_folder_that_holds_something_moving_is_not_believed(folder):
    async def scenario(watch):
        write(folder, {"knowledge/deep/more.md": "x"})
        sight = await watch.look()
        assert not sight.believed(str(folder / "knowledge"))
        assert sight.believed(str(folder / "cards"))

    watched(folder, scenario)


def test_waiting_for_rest_ends_with_it_or_at_the_bound(folder):
    async def scenario(watch):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await watch.at_rest()
        assert loop.time() == began, "nothing moves"
        write(folder, {"a.yaml": "x"})
        await watch.at_rest()
        assert loop.time() - began == pytest.approx(0.3)

    watched(folder, scenario)


def silence(*rounds):
    """An ``awatch`` that plays rounds: a set is what it yields, an error what it raises."""
    left = list(rounds)

    async def awatch(*_paths, **_options):
        while left:
            found = left.pop(0)
            await asyncio.sleep(watching.RESCAN_S)
            if isinstance(found, Exception):
                raise found
            yield found
        await asyncio.Event().wait()

    return awatch


async def states(watch, rounds):
    """How changes are found, after each of so many sights."""
    found = []
    async with aclosing(watch.looks()) as sights:
        async for _ in sights:
            found.append((watch.state.method, watch.state.trouble))
            if len(found) == rounds:
                break
    return found


def test_r20_failing_notifications_are_told_once_and_so_is_their_return(folder, monkeypatch, caplog):
    caplog.set_level("INFO", "imbot")
    failure = OSError("no inotify watches left")
    monkeypatch.setattr(watching, "awatch", silence(set(), failure, failure, {"event"}))

    async def scenario(watch):
        good, bad = ("events", ""), ("scanning", "no inotify watches left")
        assert await states(watch, 4) == [good, bad, bad, good]

    watched(folder, scenario)
    assert caplog.text.count("no inotify watches left") == 1
    assert caplog.text.count("notifications come") == 1


def test_r18_a_file_system_that_tells_nothing_is_found_out_and_is_no_alarm(folder, monkeypatch, caplog):
    monkeypatch.setattr(watching, "awatch", silence(set(), set(), set(), set(), {"event"}))

    async def scenario(watch):
        async with aclosing(watch.looks()) as sights:
            seen = []
            async for sight in sights:
                if sight.wait_s is not None:
                    continue
                seen.append(watch.state.method)
                if sight.news:
                    watch.take(sight)
                if len(seen) == 5:
                    break
                write(folder, {"a.yaml": "x" * len(seen)})
        assert seen == ["events", "events", "events", "scanning", "events"]
        assert watch.state.trouble == ""

    watched(folder, scenario)
    assert caplog.text == ""


async def test_a_file_event_is_a_hint(folder):
    watch = Watch(folder)
    await watch.look()
    async with aclosing(watch.hints()) as hints:
        coming = asyncio.ensure_future(anext(hints))
        while not coming.done():
            write(folder, {"a.yaml": "touched\n"})
            await asyncio.sleep(0.05)
    assert watch.state.method == "events"
    assert (await watch.look()).moving


async def test_r12_a_folder_made_anew_is_heard_again(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "RESCAN_S", 0.1)
    watch = Watch(folder)
    events = []
    heard = watch._heard
    monkeypatch.setattr(watch, "_heard", lambda event: events.append(event) or heard(event))
    async with asyncio.timeout(10), aclosing(watch.hints()) as hints:
        await anext(hints)
        folder.rename(tmp_path / "old")
        write(folder, FILES)
        while events[-3:] != [False] * 3:  # all that was to be heard of the old one was
            await anext(hints)
        while not events[-1]:
            write(folder, {"a.yaml": "touched\n"})
            await anext(hints)


def test_the_current_folder_is_watched_like_any_other(folder, monkeypatch):
    monkeypatch.chdir(folder)

    async def scenario(watch):
        write(folder, {"new.yaml": "half of"})
        sight = await watch.look()
        assert not sight.believed("new.yaml")
        assert sight.believed("a.yaml")
        await asyncio.sleep(sight.wait_s)
        sight = await watch.look()
        assert sight.news
        assert sight.believed("new.yaml")

    watched(Path(), scenario)


def test_a_file_beside_the_folder_is_elsewhere_though_its_path_begins_there(folder):
    async def scenario(watch):
        write(folder.parent, {"secrets/key": "s3cret"})
        sight = await watch.look()
        assert sight.believed(f"{folder}/../secrets/key"), "named for the first time, and never looked at"

    watched(folder, scenario)
