import threading

import pytest

from imbot.errors import StoreError
from imbot.stores.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "imbot.db"


@pytest.fixture
async def store(path):
    made = await SqliteStore.open(path)
    yield made
    await made.close()


@pytest.fixture
async def other(path, store):
    """The same store, as another process has it open."""
    made = await SqliteStore.open(path)
    made.path = path
    yield made
    await made.close()


@pytest.fixture
def own_threads():
    return lambda: [each.name for each in threading.enumerate() if each.name.startswith("imbot-store")]


@pytest.fixture
def refusal(own_threads):
    """Opens a file that cannot be used, and tells what is said about it."""

    async def opened(path):
        with pytest.raises(StoreError) as caught:
            await SqliteStore.open(path)
        assert own_threads() == []
        return str(caught.value)

    return opened
