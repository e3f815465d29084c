"""A message becomes a card, a click becomes feedback: through real sockets, against the simulator."""

import asyncio

import pytest

from imbot.platforms.dingtalk import gateway
from imbot.stores import open_store


async def test_a_question_is_answered_in_a_card_that_streams(flow):
    flow.echo(delay="300ms")
    async with flow.up():
        card = await flow.ask("app-echo", "hello world, how are you today?")

    assert "hello world" in card.data["msgContent"]
    assert card.data["flowStatus"] == "3"
    streaming = [call for call in flow.sim.calls if "/card/streaming" in call.path]
    assert streaming, "the answer came in one piece"


async def test_the_quote_of_an_answer_reaches_the_agent_also_after_a_restart(flow):
    flow.echo()
    async with flow.up():
        await flow.ask("app-echo", "hello")
        (quoted,) = [message for message in flow.sim.messages if message.card]
    async with flow.up():
        before = set(flow.sim.cards)
        await flow.sim.say("app-echo", "u-lilei", "more", quote=quoted.id)
        new = await flow.until(lambda: [card for id_, card in flow.sim.cards.items() if id_ not in before])
        await flow.until(lambda: new[0].data.get("flowStatus") == "3")

    assert "more\n\n> hello" in new[0].data["msgContent"].replace("  \n", "\n")


async def test_a_command_is_obeyed_although_it_quotes_something(flow):
    flow.echo()
    async with flow.up():
        await flow.ask("app-echo", "hello")
        (quoted,) = [message for message in flow.sim.messages if message.card]
        await flow.sim.say("app-echo", "u-lilei", "/help", quote=quoted.id)
        await flow.until(lambda: flow.said("/stop"))

    assert len(flow.cards("app-echo")) == 1


async def test_the_card_goes_before_the_acknowledgement(flow, monkeypatch):
    monkeypatch.setattr(gateway, "CARD_FIRST_S", 0.5)
    flow.echo()
    async with flow.up():
        before = len(flow.sim.acks)
        await flow.sim.say("app-echo", "u-lilei", "hello")
        await flow.until(lambda: flow.cards("app-echo"))
        early = len(flow.sim.acks)
        await flow.until(lambda: len(flow.sim.acks) > early)

    assert early == before


async def test_a_click_is_thanked_in_the_card_and_stored(flow):
    flow.echo()
    async with flow.up():
        card = await flow.ask("app-echo", "hello")
        before = len(flow.sim.calls)
        assert await flow.sim.click(card.id, "u-lilei", "feedback:good")
        assert len(flow.sim.calls) == before, "the change travels in the callback's answer"
        assert "Thank you" in card.data["msgContent"] + card.data["sys_full_json_obj"]

    store = await open_store(f"sqlite:///{flow.database}")
    rows = [row async for row in store.feedback()]
    await store.close()
    assert [(row.user_id, row.rating, row.question) for row in rows] == [("u-lilei", "good", "hello")]


async def test_a_click_in_a_group_changes_only_the_clickers_view(flow):
    flow.echo()
    async with flow.up():
        card = await flow.ask("app-echo", "hello", group=True)
        public = dict(card.data)
        assert await flow.sim.click(card.id, "u-alex", "feedback:good")

    assert card.data == public
    assert set(card.private) == {"u-alex"}


async def test_a_click_works_after_a_restart(flow):
    flow.echo()
    async with flow.up():
        card = await flow.ask("app-echo", "hello")
    async with flow.up():
        assert await flow.sim.click(card.id, "u-lilei", "feedback:good")

    assert "Thank you" in card.data["msgContent"] + card.data["sys_full_json_obj"]


async def test_invariant_5_a_redelivered_message_is_answered_once(flow):
    flow.echo(delay="200ms")
    async with flow.up():
        message = await flow.sim.say("app-echo", "u-lilei", "hello there")
        await flow.sim.say("app-echo", "u-lilei", "hello there", msgId=message)
        await flow.until(lambda: [c for c in flow.cards("app-echo") if c.data.get("flowStatus") == "3"])
        await asyncio.sleep(0.1)

    assert len(flow.cards("app-echo")) == 1


async def test_invariant_6_conversations_are_answered_at_once_and_in_order(flow):
    flow.echo(delay="300ms")
    async with flow.up():
        for text in ("first of lilei", "second of lilei"):
            await flow.sim.say("app-echo", "u-lilei", text)
        await flow.sim.say("app-echo", "u-alex", "only one of alex")
        await flow.until(lambda: len(flow.cards("app-echo")) >= 2)
        early = {card.data.get("msgContent", "") for card in flow.cards("app-echo")}
        await flow.until(
            lambda: [c.data.get("flowStatus") for c in flow.cards("app-echo")].count("3") == 3, 15
        )

    assert not any("second" in text for text in early)


async def test_76_many_messages_at_once_are_each_answered_once_and_in_order(flow):
    flow.echo(delay="0ms")
    flow.sim.set(qps=None)
    users = [f"u-{number}" for number in range(10)]
    for user in users:
        flow.sim.add_user(user, user)
    async with flow.up():
        asked = [(user, f"{user} asks {number}") for number in range(10) for user in users]
        for user, text in asked:
            await flow.sim.say("app-echo", user, text)
        await flow.until(
            lambda: [card.data.get("flowStatus") for card in flow.cards("app-echo")].count("3") == 100, 30
        )
        turns = flow.row("echo").turns_total

    answers = [card.data["msgContent"] for card in flow.cards("app-echo")]
    for user in users:
        assert [text for text in answers if text.startswith(f"{user} ")] == [t for u, t in asked if u == user]
    assert (len(answers), turns) == (100, 100)


async def test_68_more_messages_than_the_app_may_make_calls_are_all_answered(flow):
    flow.echo(delay="10ms")
    async with flow.up():
        for number in range(30):
            await flow.sim.say("app-echo", "u-lilei", f"question {number}", group=bool(number % 2))
        await flow.until(
            lambda: [card.data.get("flowStatus") for card in flow.cards("app-echo")].count("3") == 30, 40
        )

    assert not [call for call in flow.sim.calls if call.status == 403]


async def test_72_a_long_answer_arrives_whole_as_text_when_no_card_can_be_made(flow):
    flow.echo(extra="card: {kind: markdown}\n")
    question = "\n\n".join(f"paragraph {number} " + "字" * 40 for number in range(340))
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", question)
        await flow.until(lambda: flow.said("paragraph 339 "), 10)

    parts = [message.text for message in flow.said("paragraph")]
    assert len(parts) > 1
    assert all(len(part.encode()) < 20_000 for part in parts)
    assert "\n\n".join(parts).split() == question.split()


async def test_a_very_long_question_gets_a_very_long_answer(flow):
    flow.echo(delay="1ms")
    async with flow.up():
        card = await flow.ask("app-echo", "字" * 20_000)
        rest = await flow.until(
            lambda: sum(m.text.count("字") for m in flow.said("字字")) >= 15_000 and flow.said("字字")
        )

    assert sum(text.count("字") for text in [card.data["msgContent"], *(m.text for m in rest)]) == 20_000


async def test_67_a_revoked_token_in_the_middle_of_an_answer_goes_unnoticed(flow):
    flow.echo(delay="300ms")
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", "hello world, how are you today?")
        await flow.until(lambda: flow.cards("app-echo"))
        flow.sim.revoke_token("app-echo")
        await flow.until(lambda: flow.cards("app-echo")[0].data["flowStatus"] == "3", 10)

    assert "how are you today?" in flow.cards("app-echo")[0].data["msgContent"]


@pytest.mark.parametrize("trouble", ["disconnect", "drop", "close"])
async def test_57_58_an_answer_survives_its_connection_and_the_next_message_arrives(flow, trouble):
    flow.echo(delay="300ms")
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", "hello world, how are you today?")
        await flow.until(lambda: flow.cards("app-echo"))
        getattr(flow.sim, trouble)("app-echo")
        await flow.until(lambda: flow.cards("app-echo")[0].data["flowStatus"] == "3", 10)
        await flow.until(lambda: flow.row("echo").connections == 2 and flow.row("echo").state == "connected")
        second = await flow.ask("app-echo", "still there?")

    assert "still there?" in second.data["msgContent"]


async def test_invariant_4_an_agent_error_ends_the_card_with_a_kind_sentence(flow):
    flow.write(
        "bad.yaml",
        """
credentials: {client_id: app-bad, client_secret: s3cret}
agent: {type: echo, delay: 20ms, fail_after: 1}
texts: {error: 出了点问题 please try again}
""",
    )
    async with flow.up():
        card = await flow.ask("app-bad", "hello world and more words than one chunk")

    assert card.data["flowStatus"] == "5"
    assert "出了点问题" in card.data["msgContent"]


async def test_invariant_4_a_shutdown_ends_open_cards(flow):
    flow.echo(delay="5s")
    async with flow.up(grace_s=0.1):
        await flow.sim.say("app-echo", "u-lilei", "hello world and more words than one chunk")
        await flow.until(lambda: flow.cards("app-echo"))

    (card,) = flow.cards("app-echo")
    assert card.data["flowStatus"] == "3"
    assert not flow.sim.connections("app-echo")


async def test_a_card_that_cannot_be_made_becomes_markdown(flow):
    flow.echo()
    async with flow.up():
        flow.sim.fail("/card/instances", 403, {
            "code": "Forbidden.AccessDenied.AccessTokenPermissionDenied",
            "message": "no scope",
            "accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]},
        }, times=20)  # fmt: skip
        await flow.sim.say("app-echo", "u-lilei", "hello fallback")
        await flow.until(lambda: flow.said("hello fallback"))


async def test_a_markdown_bot_answers_in_one_message(flow):
    flow.echo(name="md", extra="card: {kind: markdown}\n")
    async with flow.up():
        await flow.sim.say("app-md", "u-lilei", "hello markdown")
        await flow.until(lambda: flow.said("hello markdown"))

    assert flow.cards("app-md") == []


async def test_a_card_in_a_group_may_mention_who_asked(flow):
    flow.echo(extra="card: {mention_sender: true}\n")
    async with flow.up():
        card = await flow.ask("app-echo", "hello", user="u-alex", group=True)

    (shown,) = (m for m in flow.sim.messages if m.card == card.id)
    assert shown.mentions == ["u-alex"]
