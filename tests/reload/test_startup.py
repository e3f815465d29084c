from pathlib import Path

import pytest
from botfolder import bot, write

from imbot.config.loader import Loader
from imbot.errors import ConfigError, StoreError
from imbot.reload.last_good import LastGood
from imbot.reload.startup import Startup
from imbot.stores.sqlite import SqliteStore

GOOD = bot("one").replace("s3cr3t-value", "<<SECRET>>")


class FakeSupervisor:
    """Runs every spec there is; remembers what it was to apply."""

    def __init__(self):
        self.reasons = {}
        self.runs = {}
        self.applied = []

    def specs(self):
        return self.runs

    def on_commit(self, callback):
        pass

    def explain(self, path, reason):
        known, self.reasons[path] = self.reasons.get(path), reason
        return known != reason

    async def apply(self, result):
        self.applied.append([Path(file.path).name for file in result.files])
        self.runs = {spec.name: spec for spec in result.specs}
        return []


@pytest.fixture
async def store():
    made = await SqliteStore.open(":memory:")
    yield made
    await made.close()


@pytest.fixture
def begin(tmp_path, store):
    """Starts once with these files; what ran then, and what is told."""
    folder = tmp_path / "bots"

    async def began(policy="last-good", environ=(("SECRET", "s3cret-value"),), **files):
        write(folder, {f"{name}.yaml": text for name, text in files.items()})
        loader, supervisor = Loader(folder, environ=dict(environ)), FakeSupervisor()
        last_good = LastGood(folder, store, supervisor)
        await Startup(folder, last_good, loader, supervisor, lambda _: None).start(policy)
        revived = dict(supervisor.runs)
        result = loader.load()
        last_good.note(result)
        supervisor.runs |= {spec.name: spec for spec in result.specs}
        await last_good.keep()
        return revived, supervisor

    return began


async def test_a_first_start_has_nothing_to_go_back_to(begin):
    revived, supervisor = await begin(a="{", b=GOOD)
    assert (revived, supervisor.applied) == ({}, [])


async def test_only_what_is_broken_comes_out_of_the_store(begin):
    await begin(a=GOOD, b=bot("two"))
    revived, supervisor = await begin(a=GOOD + "titel: x\n", b=bot("two", "title: New\n"))
    assert [*revived] == ["a"]
    assert supervisor.applied == [["a.yaml"]]
    assert revived["a"].accepted_at is not None


async def test_a_template_that_cannot_be_prepared_is_broken_too(begin):
    await begin(a=GOOD)
    revived, _ = await begin(a=GOOD + 'card: {templates: {final: {msgContent: "{{ nope }}"}}}\n')
    assert [*revived] == ["a"]


async def test_what_was_broken_when_it_was_refused_is_not_kept(begin):
    await begin(a=GOOD)
    await begin(a="{")
    revived, _ = await begin(a="[")
    assert [*revived] == ["a"]


async def test_why_a_generation_cannot_run_is_told_without_places_and_secrets(begin, caplog):
    await begin(a=GOOD, b=bot("two"))
    revived, supervisor = await begin(environ=(), a="{", b="agent: {type: echo}\n")
    told = {Path(path).name: note for path, note in supervisor.reasons.items()}
    assert revived == {}
    assert "variable SECRET is not set" in told["a.yaml"]
    assert "`credentials.client_secret` cannot be read" in told["b.yaml"]
    assert ":1:" not in told["a.yaml"]
    assert all(note in caplog.text for note in told.values())
    assert "s3cr3t" not in caplog.text


async def test_skip_revives_nobody(begin):
    await begin(a=GOOD)
    revived, _ = await begin("skip", a="{")
    assert revived == {}
    revived, _ = await begin(a="{")
    assert [*revived] == ["a"]


async def test_fail_names_errors_and_no_warnings(begin):
    with pytest.raises(ConfigError) as caught:
        await begin("fail", a=bot("one", "title: '<< X >>'\n"), b=bot("two", "titel: x\n"), c="{")
    found = [(Path(each.path).name, each.severity) for each in caught.value.problems]
    assert found == [("b.yaml", "error"), ("c.yaml", "error")]


async def test_what_a_start_that_may_fail_accepts_is_kept(begin):
    await begin("fail", a=GOOD)
    revived, _ = await begin(a="{")
    assert [*revived] == ["a"]


@pytest.mark.parametrize("call", ["generations", "generation"])
async def test_a_store_that_fails_costs_the_old_generation_only(begin, store, monkeypatch, caplog, call):
    async def fail(*_):
        raise StoreError("the disk failed")

    await begin(a=GOOD, b=bot("two"))
    monkeypatch.setattr(store, call, fail)
    revived, supervisor = await begin(a="{", b=bot("two"))
    assert (revived, [*supervisor.runs]) == ({}, ["b"])
    assert "the disk failed" in caplog.text


async def test_a_folder_that_is_not_there_is_waited_for(tmp_path, store):
    folder = tmp_path / "none"
    supervisor, loader = FakeSupervisor(), Loader(folder, environ={})
    last_good = LastGood(folder, store, supervisor)
    for policy in ("last-good", "skip", "fail"):
        await Startup(folder, last_good, loader, supervisor, lambda _: None).start(policy)
    assert supervisor.applied == []
