"""Stop and regenerate, pressed on the cards of the simulator."""

import json

ACTIONS = "card: {actions: [stop, regenerate]}\n"


def ids(card):
    """The buttons a card shows to everybody."""
    packed = json.loads(card.data.get("sys_full_json_obj", "{}"))
    return [button["id"] for button in packed.get("msgButtons", [])]


async def growing(flow, **said):
    await flow.sim.say("app-echo", "u-lilei", "one two three four five six seven eight", **said)
    await flow.until(lambda: [c for c in flow.cards("app-echo") if c.data.get("flowStatus") == "2"])
    return flow.cards("app-echo")[-1]


async def test_stop_ends_the_answer_where_it_is_and_regenerate_gives_a_new_one(flow):
    flow.echo(delay="500ms", extra=ACTIONS)
    async with flow.up():
        card = await growing(flow)
        assert ids(card) == ["stop"]
        assert await flow.sim.click(card.id, "u-lilei", "stop")
        await flow.until(lambda: card.data["flowStatus"] == "3")
        assert "eight" not in card.data["msgContent"]
        assert ids(card) == ["regenerate"]

        assert await flow.sim.click(card.id, "u-lilei", "regenerate")
        assert await flow.sim.click(card.id, "u-lilei", "regenerate")
        await flow.until(lambda: len(flow.cards("app-echo")) == 2)
        assert ids(card) == []
        newest = flow.cards("app-echo")[-1]
        await flow.until(lambda: newest.data["flowStatus"] == "3", 10)

    assert "eight" in newest.data["msgContent"]
    assert ids(newest) == ["feedback:good", "regenerate"]
    assert len(flow.cards("app-echo")) == 2


async def test_in_a_group_only_who_asked_may_stop_it(flow):
    flow.echo(delay="200ms", extra=ACTIONS)
    async with flow.up():
        card = await growing(flow, group=True)
        assert await flow.sim.click(card.id, "u-alex", "stop")
        await flow.until(lambda: card.data["flowStatus"] == "3", 10)

    assert "eight" in card.data["msgContent"]


async def test_the_buttons_cost_no_call_of_their_own(flow):
    flow.echo(delay="150ms")
    flow.echo("other", delay="150ms", extra=ACTIONS)
    async with flow.up():
        without = await flow.ask("app-echo", "one two three four")
        with_buttons = await flow.ask("app-other", "one two three four")

    assert with_buttons.calls == without.calls
