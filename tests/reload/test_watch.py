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
        watch.set_used_files([str(folder / name) for name in used])
        watch.mark_read(await watch.scan())
        await scenario(watch)

    run_virtual(main())


async def made(watch, folder, names):
    """Files that are there from now on, and known."""
    write(folder, dict.fromkeys(names, ""))
    await news_after(watch, 0.3)
    watch.mark_read(await watch.scan())


async def news_after(watch, seconds):
    """Whether there is news when that much time has passed since a first look."""
    await watch.scan()
    await asyncio.sleep(seconds)
    return (await watch.scan()).has_changes


def test_there_is_no_news_at_first(folder):
    async def scenario(watch):
        state = await watch.scan()
        assert (state.has_changes, state.wait_s, state.moving) == (False, None, frozenset())

    watched(folder, scenario)


@pytest.mark.parametrize("name", ["a.yaml", "new.yml", "cards/final.yaml", "../.env"])
def test_a_change_that_matters_is_news_once_it_is_still_and_until_it_is_taken(folder, name):
    async def scenario(watch):
        write(folder, {name: "other\n"})
        state = await watch.scan()
        assert (state.has_changes, state.wait_s) == (False, pytest.approx(0.3))
        await asyncio.sleep(state.wait_s)
        state = await watch.scan()
        assert (state.has_changes, state.wait_s) == (True, None)
        watch.mark_read(state)
        assert not (await watch.scan()).has_changes

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
        state = await watch.scan()
        assert (state.has_changes, state.wait_s) == (False, None)
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
        state = await watch.scan()
        assert state.believed(str(secret))
        assert state.believed(str(secret))
        watch.mark_read(state)
        watch.set_used_files([str(secret)])
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
        under_way = await watch.scan()
        write(folder, {"a.yaml": "another\n"})
        assert not await news_after(watch, 0.2)
        watch.mark_read(under_way)
        assert not (await watch.scan()).believed(path)
        await asyncio.sleep(0.1)
        state = await watch.scan()
        assert (state.has_changes, state.believed(path)) == (True, True)

    watched(folder, scenario)


def test_one_that_keeps_changing_holds_back_only_itself(folder):
    async def scenario(watch):
        write(folder, {"b.yaml": "still\n"})
        for chunk in range(20):
            write(folder, {"a.yaml": "x" * chunk})
            state = await watch.scan()
            assert not state.believed(str(folder / "a.yaml"))
            assert state.has_changes == (chunk >= 3), "the other file"
            assert state.believed(str(folder / "b.yaml")) == (chunk >= 3)
            await asyncio.sleep(0.1)
        assert await news_after(watch, 0.3)
        assert (await watch.scan()).believed(str(folder / "a.yaml"))

    watched(folder, scenario)


def test_one_that_never_rests_is_believed_after_a_while_all_the_same(folder):
    async def scenario(watch):
        believed = []
        for tick in range(25):
            write(folder, {"a.yaml": f"{tick:099}"})
            state = await watch.scan()
            believed.append(str(folder / "a.yaml") not in state.moving)
            if state.has_changes:
                watch.mark_read(state)
            await asyncio.sleep(0.1)
        assert [tick for tick, there in enumerate(believed) if there] == [10, 21]

    watched(folder, scenario, Settle(0.3, 0.95))


def test_a_file_taken_away_is_believed_to_be_gone_when_it_stays_away(folder):
    path = folder / "a.yaml"

    async def scenario(watch):
        path.unlink()
        state = await watch.scan()
        assert not state.believed(str(path))
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
            state = await watch.scan()
            gone = {str(folder / name) for name in NAMES} - state.seen.keys()
            assert gone <= state.moving
            await asyncio.sleep(0.2)

    watched(folder, scenario)


def test_files_renamed_one_after_the_other_are_gone_and_there_at_the_same_time(folder):
    async def scenario(watch):
        await made(watch, folder, NAMES)
        for name in NAMES:
            (folder / name).rename(folder / f"new-{name}")
            assert not await news_after(watch, 0.2)
        assert await news_after(watch, 0.1)
        assert not (await watch.scan()).moving

    watched(folder, scenario)


def test_what_changes_between_the_look_and_the_reading_is_not_believed(folder):
    async def scenario(watch):
        state = await watch.scan()
        write(folder, {"a.yaml": "", "appeared.yaml": ""})
        (folder / "cards/final.yaml").unlink()
        for name in ("a.yaml", "appeared.yaml", "cards/final.yaml"):
            assert not state.believed(str(folder / name))
        assert state.believed(str(folder / "never-there.yaml"))
        watch.mark_read(state)
        assert await news_after(watch, 0.3)

    watched(folder, scenario)


def test_a_folder_that_holds_something_moving_is_not_believed(folder):
    async def scenario(watch):
        write(folder, {"knowledge/deep/more.md": "x"})
        state = await watch.scan()
        assert not state.believed(str(folder / "knowledge"))
        assert state.believed(str(folder / "cards"))

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
    async with aclosing(watch.scans()) as states:
        async for _ in states:
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
    assert caplog.text.count("notifications work again") == 1


def test_r18_a_file_system_that_tells_nothing_is_found_out_and_is_no_alarm(folder, monkeypatch, caplog):
    monkeypatch.setattr(watching, "awatch", silence(set(), set(), set(), set(), {"event"}))

    async def scenario(watch):
        async with aclosing(watch.scans()) as states:
            seen = []
            async for state in states:
                if state.wait_s is not None:
                    continue
                seen.append(watch.state.method)
                if state.has_changes:
                    watch.mark_read(state)
                if len(seen) == 5:
                    break
                write(folder, {"a.yaml": "x" * len(seen)})
        assert seen == ["events", "events", "events", "scanning", "events"]
        assert watch.state.trouble == ""

    watched(folder, scenario)
    assert caplog.text == ""


async def test_a_file_event_is_a_hint(folder):
    watch = Watch(folder)
    await watch.scan()
    async with aclosing(watch.hints()) as hints:
        coming = asyncio.ensure_future(anext(hints))
        while not coming.done():
            write(folder, {"a.yaml": "touched\n"})
            await asyncio.sleep(0.05)
    assert watch.state.method == "events"
    assert (await watch.scan()).moving


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
        state = await watch.scan()
        assert not state.believed("new.yaml")
        assert state.believed("a.yaml")
        await asyncio.sleep(state.wait_s)
        state = await watch.scan()
        assert state.has_changes
        assert state.believed("new.yaml")

    watched(Path(), scenario)


def test_a_file_beside_the_folder_is_elsewhere_though_its_path_begins_there(folder):
    async def scenario(watch):
        write(folder.parent, {"secrets/key": "s3cret"})
        state = await watch.scan()
        assert state.believed(f"{folder}/../secrets/key"), "named for the first time, and never looked at"

    watched(folder, scenario)
