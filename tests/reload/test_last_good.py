import asyncio
from pathlib import Path

import pytest
from botfolder import bot, write

from imbot.config.loader import Loader, LoadResult
from imbot.errors import StoreError
from imbot.reload.last_good import LastGood
from imbot.stores.sqlite import SqliteStore


class FakeSupervisor:
    """Runs what it is told to run."""

    def __init__(self):
        self.callbacks = []
        self.on_commit = self.callbacks.append
        self.runs = {}

    def specs(self):
        return self.runs

    def follow(self, result):
        """Run every valid file, as a commit does."""
        self.runs = {spec.name: spec for spec in result.specs if spec.enabled}
        for callback in self.callbacks:
            callback()


class House:
    def __init__(self, folder, store):
        self.folder = folder
        self.store = store
        self.loader = Loader(folder, environ={"SECRET": "s3cret-value"})
        self.supervisor = FakeSupervisor()
        self.last_good = LastGood(folder, store, self.supervisor)
        self.written = []
        keep = store.keep_generations

        async def watched(folder, new, gone):
            new, gone = list(new), list(gone)
            self.written.append(([each.path for each in new], sorted(gone)))
            await keep(folder, new, gone)

        store.keep_generations = watched

    def write(self, **files):
        write(self.folder, {f"{name}.yaml": text for name, text in files.items()})

    def load(self):
        result = self.loader.load()
        self.last_good.note(result)
        return result

    async def reload(self):
        self.supervisor.follow(self.load())
        await self.last_good.keep()
        written, self.written = self.written, []
        return written

    async def kept(self):
        return sorted(await self.store.generations(str(self.folder.absolute())))


@pytest.fixture
async def house(tmp_path):
    store = await SqliteStore.open(":memory:")
    folder = tmp_path / "bots"
    folder.mkdir()
    yield House(folder, store)
    await store.close()


async def test_what_runs_is_written_once(house):
    house.write(a=bot("one"), b=bot("two"))
    assert await house.reload() == [(["a.yaml", "b.yaml"], [])]
    assert await house.reload() == []


async def test_an_edit_writes_one_file_and_a_comment_none(house):
    house.write(a=bot("one"), b=bot("two"))
    await house.reload()
    house.write(b=bot("two", "title: New\n"))
    assert await house.reload() == [(["b.yaml"], [])]
    house.write(b="# a comment\n" + bot("two", "title: New\n"))
    assert await house.reload() == []


async def test_a_file_that_means_the_same_with_a_placeholder_is_another_generation(house):
    house.write(a=bot("one").replace("s3cr3t-value", "s3cret-value"))
    await house.reload()
    house.write(a=bot("one").replace("s3cr3t-value", "<<SECRET>>"))
    assert await house.reload() == [(["a.yaml"], [])]


async def test_a_change_is_kept_when_it_is_committed_and_not_before(house):
    house.write(a=bot("one"))
    await house.reload()
    house.write(a=bot("one", "title: New\n"))
    result = house.load()
    await house.last_good.keep()
    assert house.written == []
    house.supervisor.follow(result)
    await house.last_good.keep()
    assert house.written == [(["a.yaml"], [])]


async def test_a_rejected_file_changes_nothing_that_is_kept(house):
    house.write(a=bot("one"))
    running = house.load()
    house.supervisor.follow(running)
    await house.last_good.keep()
    house.write(a="{")
    house.load()
    await house.last_good.keep()
    assert await house.kept() == ["a.yaml"]
    assert len(house.written) == 1


async def test_what_is_removed_or_disabled_is_forgotten(house):
    house.write(a=bot("one"), b=bot("two"), c=bot("three"))
    await house.reload()
    (house.folder / "a.yaml").unlink()
    house.write(b=bot("two", "enabled: false\n"))
    assert await house.reload() == [([], ["a.yaml", "b.yaml"])]
    assert await house.kept() == ["c.yaml"]


async def test_a_bot_that_runs_on_without_its_file_is_not_forgotten(house):
    house.write(a=bot("one"), b=bot("two"))
    await house.reload()
    (house.folder / "a.yaml").unlink()
    house.load()
    await house.last_good.keep()
    assert await house.kept() == ["a.yaml", "b.yaml"]


async def test_a_file_that_is_being_written_is_not_gone(house):
    house.write(a=bot("one"), b=bot("two"))
    await house.reload()
    path = str(house.folder / "a.yaml")
    files = tuple(file for file in house.loader.load().files if file.path != path)
    house.last_good.note(LoadResult(files, awaited=frozenset({path})))
    house.supervisor.runs = {}
    await house.last_good.keep()
    assert await house.kept() == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(("left", "kept"), [(4, 4), (2, 5), (0, 5)])
async def test_many_that_are_gone_at_the_start_are_rather_late(house, left, kept):
    house.write(**{f"b{n}": bot(f"app{n}") for n in range(5)})
    await house.reload()
    for number in range(left, 5):
        (house.folder / f"b{number}.yaml").unlink()
    again = House(house.folder, house.store)
    await again.last_good.recall()
    await again.reload()
    assert len(await again.kept()) == kept


async def test_nothing_is_forgotten_where_the_folder_cannot_be_read(house, tmp_path):
    house.write(a=bot("one"))
    await house.reload()
    again = House(house.folder, house.store)
    house.folder.rename(tmp_path / "away")
    await again.last_good.recall()
    await again.last_good.keep()
    again.last_good.note(LoadResult((), missing=True))
    await again.last_good.keep()
    assert await again.kept() == ["a.yaml"]


async def test_a_store_that_fails_costs_no_bot_and_is_tried_again(house, caplog):
    keep = house.store.keep_generations

    async def full(*_):
        raise StoreError("the disk is full")

    house.write(a=bot("one"))
    house.store.keep_generations = full
    await house.reload()
    assert "cannot store what the bots run with" in caplog.text
    house.store.keep_generations = keep
    assert await house.reload() == [(["a.yaml"], [])]


OPENAI = """\
# api_key: s3cret-in-a-comment
credentials: {client_id: %s, client_secret: s3cret-of-the-app}
agent:
  type: openai
  base_url: http://127.0.0.1:1/v1
  model: qwen
  headers: {X-Key: s3cret-in-a-header, Authorization: "Bearer <<TOKEN:-s3cret-by-default>>"}
"""
DEFAULTS = "agent: {type: openai, api_key: s3cret-of-all, headers: {X-All: s3cret-for-all}}\n"


async def test_no_secret_that_is_written_down_reaches_the_store(house, tmp_path):
    path = tmp_path / "imbot.db"
    store = await SqliteStore.open(path)
    house = House(house.folder, store)
    house.write(
        _defaults=DEFAULTS, a=OPENAI % "one", b="agent: {type: echo}\n" + bot("two").partition("agent:")[0]
    )
    house.write(c=bot("three").replace("s3cr3t-value", "<<file:c.txt>>"))
    write(house.folder, {"c.txt": "s3cret-in-a-file"})
    assert [problem for file in house.loader.load().files for problem in file.problems] == []
    house.loader = Loader(house.folder, environ={})
    assert await house.reload() == [(["a.yaml", "b.yaml", "c.yaml"], [])]
    written = b"".join(each.read_bytes() for each in tmp_path.glob("imbot.db*"))
    assert b"http://127.0.0.1:1/v1" in written
    assert b"s3cret-" not in written
    assert b"s3cr3t-" not in written
    kept = await store.generation(str(house.folder), "a.yaml")
    await store.close()
    assert kept.files["_defaults.yaml"].cut == ("/agent/api_key", "/agent/headers/X-All")
    assert kept.files["a.yaml"].cut == (
        "/credentials/client_secret",
        "/agent/headers/X-Key",
        "/agent/headers/Authorization",
    )


async def test_commits_are_followed(house):
    house.write(a=bot("one"))
    following = asyncio.create_task(house.last_good.run())
    try:
        house.supervisor.follow(house.load())
        async with asyncio.timeout(10):
            while not house.written:
                await asyncio.sleep(0.01)
    finally:
        following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


async def test_paths_are_those_below_the_folder_however_it_is_called(house, monkeypatch):
    house.write(a=bot("one"))
    await house.reload()
    monkeypatch.chdir(house.folder.parent)
    other = House(Path("bots"), house.store)
    await other.last_good.recall()
    assert await other.reload() == []
