"""Watching real files: state counts, events are only hints."""

import asyncio
import os
from contextlib import aclosing

import pytest
from botfolder import write

from imbot import watch as watching
from imbot.watch import Watch


@pytest.fixture
async def watch(tmp_path):
    watch = Watch(write(tmp_path / "bots", {"a.yaml": "a: 1\n", "cards/final.yaml": "b: 2\n"}))
    await watch.see()
    return watch


async def test_nothing_has_changed_at_first(watch):
    assert not await watch.changed()


@pytest.mark.parametrize("name", ["a.yaml", "cards/final.yaml", "cards/new/deep.j2", "../.env"])
async def test_a_file_written_is_a_change_until_it_is_seen(watch, tmp_path, name):
    write(tmp_path / "bots", {name: "other\n"})
    assert await watch.changed()
    await watch.see()
    assert not await watch.changed()


async def test_a_file_taken_away_is_a_change(watch, tmp_path):
    (tmp_path / "bots/a.yaml").unlink()
    assert await watch.changed()


async def test_files_elsewhere_count_only_while_they_are_used(watch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("one")
    assert not await watch.changed()
    watch.use([str(secret)])
    await watch.see()
    secret.write_text("three")
    assert await watch.changed()
    watch.use([])
    await watch.see()
    secret.write_text("fourth")
    assert not await watch.changed()


@pytest.mark.parametrize("folder", [".git", ".imbot", "__pycache__"])
async def test_what_others_write_beside_bots_is_no_change(watch, tmp_path, folder):
    write(tmp_path / "bots", {f"{folder}/x": "x"})
    assert not await watch.changed()


async def test_a_link_back_up_is_not_followed_forever(watch, tmp_path):
    os.symlink(tmp_path / "bots", tmp_path / "bots/loop")
    assert not await watch.changed()


async def test_settled_waits_while_files_move_but_not_for_ever(watch, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "SETTLE_S", 0.01)
    monkeypatch.setattr(watching, "SETTLE_AT_MOST_S", 0.05)
    looks = 0

    async def restless():
        nonlocal looks
        looks += 1
        return frozenset({("a", looks, 0, 0)})

    await watch.settled()
    monkeypatch.setattr(watch, "_signature", restless)
    await watch.settled()
    assert looks == 6


async def test_a_file_event_is_a_hint(watch, tmp_path):
    async with aclosing(watch.hints()) as hints:
        coming = asyncio.ensure_future(anext(hints))
        while not coming.done():
            write(tmp_path / "bots", {"a.yaml": "touched\n"})
            await asyncio.sleep(0.05)
    assert await watch.changed()
