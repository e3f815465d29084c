import asyncio

from virtual import run_virtual

from imbot.platforms.dingtalk import seen
from imbot.platforms.dingtalk.seen import Seen


async def test_a_push_is_new_once():
    pushes = Seen(600)

    assert pushes.first("a")
    assert not pushes.first("a")
    assert pushes.first("b")


async def test_pushes_without_id_are_always_new():
    pushes = Seen(600)

    assert pushes.first(None)
    assert pushes.first(None)


async def test_a_forgotten_push_may_come_again():
    pushes = Seen(600)
    pushes.first("a")

    pushes.forget("a")
    pushes.forget("a")

    assert pushes.first("a")


def test_pushes_are_forgotten_with_time():
    async def scenario():
        pushes = Seen(600)
        pushes.first("a")
        await asyncio.sleep(599)
        assert not pushes.first("a")
        await asyncio.sleep(2)
        assert pushes.first("a")

    run_virtual(scenario())


async def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(seen, "LIMIT", 3)
    pushes = Seen(600)

    for push in "abcd":
        pushes.first(push)

    assert not pushes.first("d")
    assert pushes.first("a")
