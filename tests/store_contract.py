"""What every store must do, whatever database is behind it: subclass it and bring two fixtures: ``store``, and ``other``, the same as another process has it (its ``path``)."""

import asyncio
from dataclasses import replace

import pytest

from imbot.errors import StoreError, TakenOverError
from imbot.model import CardPhase, CardRef, ConversationKey, Exchange, Feedback, Sender, TurnRecord, Usage
from imbot.stores import Generation, KeptFile, UnansweredRow

KEY = ConversationKey("faq", "cid1", "li")


def new_turn(number=1, *, key=KEY, sender=None, **fields):
    """A turn as it is accepted; times are seconds, as its number."""
    values = {
        "id": f"turn{number}",
        "bot": key.bot,
        "message_id": f"msg{number}",
        "conversation": key,
        "conversation_kind": "single",
        "sender": Sender(sender or key.sender_id, "小李"),
        "question": f"question {number}",
        "card": CardRef(
            f"card{number}", {"openSpaceId": "dtv1.card//IM_ROBOT.li", "count": 3}, f"turn{number}"
        ),
        "accepted_at": float(number),
    }
    return TurnRecord(**{**values, **fields})


async def finished(store, number, *, key=KEY, phase=CardPhase.FINAL, **fields):
    """Keep a turn that has its answer."""
    turn = new_turn(number, key=key, **fields)
    await store.accept(turn)
    await store.update_turn(
        turn.id, phase=phase, answer=f"answer {number}", finished_at=turn.accepted_at + 0.5
    )


async def past(store, *, key=KEY, turns=10, idle_s=3600.0, now=1000.0):
    """The answers of a conversation so far."""
    return [each.answer for each in await store.history(key, turns, idle_s=idle_s, now=now)]


async def unanswered(store, **which):
    return [row async for row in store.unanswered(**which)]


async def ratings(store, **which):
    return [row async for row in store.feedback(**which)]


def new_generation(path, **files):
    """A generation with files of that content."""
    return Generation(path, 7.5, {name: KeptFile.of(content) for name, content in files.items()})


class StoreContract:
    # -- turns

    async def test_a_turn_comes_back_as_it_was(self, store):
        turn = new_turn(
            question="退货？ 'quoted' \"double\" \x00 😀\n",
            extras={"suggestions": ["一", "二"], "elapsed_s": 1.5, "nested": {"a": None}},
            fingerprint="f" * 64,
            layout="l" * 64,
            phase=CardPhase.STREAMING,
        )
        assert await store.accept(turn) is True
        assert await store.turn(turn.id) == turn
        assert await store.turn_of_card("card1") == turn

    async def test_a_card_is_found_by_the_name_that_quotes_have_for_it(self, store):
        await store.accept(new_turn(1))
        await store.accept(new_turn(2, quote="> a"))
        turn = await store.turn("turn2")
        await store.update_turn("turn2", card=replace(turn.card, quoted_as="k1"))

        assert await store.turn_of_card("k1") == replace(turn, card=replace(turn.card, quoted_as="k1"))
        assert (await store.turn_of_card("card2")).quote == "> a"
        assert await store.turn_of_card("") is None

    async def test_unknown_turns_are_none(self, store):
        assert await store.turn("nobody") is None
        assert await store.turn_of_card("none") is None

    async def test_a_message_seen_before_is_not_kept_again(self, store):
        await store.accept(new_turn(1))
        assert await store.accept(new_turn(2, message_id="msg1")) is False
        assert await store.turn("turn2") is None
        assert (await store.turn("turn1")).question == "question 1"

    async def test_two_bots_may_see_the_same_message(self, store):
        other = replace(KEY, bot="other")
        assert await store.accept(new_turn(1))
        assert await store.accept(new_turn(2, key=other, message_id="msg1"))

    async def test_a_turn_id_used_twice_is_an_error(self, store):
        await store.accept(new_turn(1))
        with pytest.raises(StoreError):
            await store.accept(new_turn(2, id="turn1"))

    async def test_fields_of_a_turn_can_be_set(self, store):
        turn = new_turn()
        await store.accept(turn)
        changes = {
            "phase": CardPhase.FINAL,
            "answer": "答",
            "error": "e",
            "finished_at": 9.25,
            "fingerprint": "f",
            "layout": "l",
            "extras": {"citations": [["t", "u"]]},
            "shown": "card",
            "replaced": True,
            "usage": Usage(120, 30),
            "not_found": True,
            "card": CardRef("card9", {"x": "y"}, "turn1"),
            "sender": Sender("wang", "王"),
            "conversation": ConversationKey("faq", "cid2", ""),
        }
        await store.update_turn(turn.id, **changes)
        assert await store.turn(turn.id) == replace(turn, **changes)

    async def test_a_field_that_does_not_exist_is_refused(self, store):
        with pytest.raises(TypeError, match="no field 'fase'"):
            await store.update_turn("turn1", fase="final")

    async def test_a_turn_that_is_gone_stays_gone(self, store):
        await store.update_turn("forgotten", answer="late")
        assert await store.turn("forgotten") is None

    async def test_orphans_of_a_bot_are_its_open_turns_the_oldest_first(self, store, other):
        for number in (3, 1, 2):
            await store.accept(new_turn(number))
        await store.accept(new_turn(4, phase=CardPhase.STREAMING))
        for number, phase in enumerate((CardPhase.FINAL, CardPhase.ERROR, CardPhase.STOPPED), start=5):
            await finished(store, number, phase=phase)
        await store.accept(new_turn(9, key=replace(KEY, bot="other")))
        found = await other.orphans("faq", 100.0)
        assert [turn.id for turn in found] == ["turn1", "turn2", "turn3", "turn4"]

    # -- turns of processes that died

    async def test_a_turn_is_an_orphan_when_its_process_has_stopped_saying_that_it_lives(self, store, other):
        await other.beat(100.0, 10.0)
        await other.accept(new_turn(2))
        await other.accept(new_turn(1))
        assert (await store.bots_with_orphans(109.0), await store.orphans("faq", 109.0)) == (set(), [])
        assert await store.bots_with_orphans(110.0) == {"faq"}
        assert [turn.id for turn in await store.orphans("faq", 110.0)] == ["turn1", "turn2"]
        assert await store.orphans("another", 110.0) == []
        await other.beat(109.0, 10.0)
        assert await store.orphans("faq", 110.0) == []

    async def test_a_process_never_takes_its_own_turns_for_orphans(self, store):
        await store.beat(100.0, 10.0)
        await store.accept(new_turn(1))
        assert await store.orphans("faq", 1000.0) == []
        assert await store.adopt("turn1", 1000.0) is None

    async def test_what_has_ended_is_no_orphan(self, store, other):
        await other.accept(new_turn(1))
        await other.update_turn("turn1", phase=CardPhase.STOPPED)
        assert await store.orphans("faq", 1000.0) == []
        assert await store.adopt("turn1", 1000.0) is None

    async def test_an_orphan_is_adopted_once(self, store, other):
        await other.accept(new_turn(1))
        third = await type(store).open(other.path)
        await store.beat(5.0, 10.0)
        await third.beat(5.0, 10.0)
        took = await asyncio.gather(store.adopt("turn1", 5.0), third.adopt("turn1", 5.0))
        assert sorted(turn.id for turn in took if turn) == ["turn1"]
        assert await other.orphans("faq", 6.0) == []
        await third.close()

    async def test_a_turn_of_a_living_process_is_not_adopted(self, store, other):
        await other.beat(100.0, 10.0)
        await other.accept(new_turn(1))
        assert await store.adopt("turn1", 109.0) is None
        assert await store.adopt("turn1", 111.0) == new_turn(1)

    async def test_an_adopted_turn_comes_as_it_is_now_and_is_no_longer_its_first_process_s_to_write(
        self, store, other
    ):
        await other.accept(new_turn(1))
        (seen,) = await store.orphans("faq", 1000.0)
        await other.update_turn("turn1", shown="said")
        assert (seen.shown, (await store.adopt("turn1", 1000.0)).shown) == ("", "said")
        with pytest.raises(TakenOverError):
            await other.update_turn("turn1", shown="card", phase=CardPhase.FINAL)
        await other.ask_again("turn1")
        kept = await store.turn("turn1")
        assert (kept.shown, kept.phase, kept.replaced) == ("said", CardPhase.THINKING, True)

    async def test_a_clean_end_makes_orphans_at_once(self, store, other):
        await other.beat(100.0, 10.0)
        await other.accept(new_turn(1))
        await other.close()
        assert [turn.id for turn in await store.orphans("faq", 100.5)] == ["turn1"]

    async def test_a_turn_may_be_handed_back_by_its_process_alone(self, store, other):
        await store.beat(100.0, 10.0)
        await store.accept(new_turn(1))
        await other.hand_back("turn1")
        assert await other.orphans("faq", 101.0) == []
        await store.hand_back("turn1")
        assert [turn.id for turn in await store.orphans("faq", 101.0)] == ["turn1"]

    async def test_half_an_emoji_is_kept_as_what_can_be_kept(self, store):
        await store.accept(new_turn(question="\ud83d\ude00 \ud83d!", extras={"nick": "\ud83d"}))
        kept = await store.turn("turn1")
        assert kept.question == "😀 \N{REPLACEMENT CHARACTER}!"
        assert kept.extras == {"nick": "\N{REPLACEMENT CHARACTER}"}

    async def test_long_answers_are_kept_whole(self, store):
        await store.accept(new_turn())
        answer = "长文" * 500_000
        await store.update_turn("turn1", answer=answer)
        assert (await store.turn("turn1")).answer == answer

    # -- history

    async def test_history_is_the_last_exchanges_oldest_first(self, store):
        for number in range(1, 6):
            await finished(store, number)
        assert await store.history(KEY, 2, idle_s=3600, now=10.0) == [
            Exchange("question 4", "answer 4"),
            Exchange("question 5", "answer 5"),
        ]

    async def test_history_names_the_speakers_where_a_group_shares_the_conversation(self, store):
        shared = replace(KEY, sender_id="")
        for number, nick in ((1, "小明"), (2, "小红")):
            await finished(store, number, key=shared, sender=f"u{number}")
            await store.update_turn(f"turn{number}", sender=Sender(f"u{number}", nick))
        said = await store.history(shared, 5, idle_s=3600, now=10.0)
        assert [exchange.speaker for exchange in said] == ["小明", "小红"]

    async def test_history_of_nothing_is_empty(self, store):
        assert await past(store) == []
        await finished(store, 1)
        assert await past(store, turns=0) == []

    async def test_history_leaves_out_what_was_asked_again(self, store):
        await finished(store, 1)
        await finished(store, 2)
        await store.update_turn("turn1", replaced=True)
        assert await past(store) == ["answer 2"]
        await store.update_turn("turn2", replaced=True)
        await finished(store, 3)
        assert await past(store, idle_s=1.0, now=3.6) == ["answer 3"]
        await store.update_turn("turn1", replaced=False)
        assert await past(store, idle_s=1.0, now=3.6) == ["answer 1", "answer 3"], (
            "what is asked again was no silence"
        )

    async def test_history_leaves_out_what_has_no_answer(self, store):
        await finished(store, 1)
        await finished(store, 2, phase=CardPhase.STOPPED)
        await finished(store, 3, phase=CardPhase.ERROR)
        await store.accept(new_turn(4))
        await store.accept(new_turn(5))
        await store.update_turn("turn5", phase=CardPhase.FINAL, finished_at=5.5)
        await finished(store, 6)
        assert await past(store) == ["answer 1", "answer 6"]
        assert await past(store, turns=2) == ["answer 1", "answer 6"]

    async def test_history_keeps_conversations_apart(self, store):
        await finished(store, 1)
        for number, key in enumerate(
            (replace(KEY, bot="b"), replace(KEY, conversation_id="c"), replace(KEY, sender_id="s")), start=2
        ):
            await finished(store, number, key=key)
        assert await past(store) == ["answer 1"]

    async def test_a_group_may_share_its_conversation(self, store):
        shared = ConversationKey("faq", "group", "")
        await finished(store, 1, key=shared, sender="li")
        await finished(store, 2, key=shared, sender="wang")
        assert await past(store, key=shared) == ["answer 1", "answer 2"]
        assert (await store.turn("turn2")).sender.id == "wang"

    async def test_history_ends_at_a_silence(self, store):
        for number in (1, 100, 150, 190):
            await finished(store, number)
        assert await past(store, idle_s=60, now=240.0) == ["answer 100", "answer 150", "answer 190"]
        assert await past(store, idle_s=60, now=251.0) == []

    async def test_a_silence_is_measured_from_the_end_of_an_answer(self, store):
        await store.accept(new_turn(1))
        await store.update_turn("turn1", phase=CardPhase.FINAL, answer="slow", finished_at=500.0)
        assert await past(store, idle_s=60, now=550.0) == ["slow"]

    async def test_whatever_was_said_breaks_a_silence(self, store):
        await finished(store, 1)
        await finished(store, 50, phase=CardPhase.STOPPED)
        await finished(store, 100)
        assert await past(store, idle_s=60, now=150.0) == ["answer 1", "answer 100"]

    async def test_history_knows_nothing_later_than_the_question(self, store):
        await finished(store, 1)
        await finished(store, 5)
        assert await past(store, now=2.0) == ["answer 1"]

    async def test_a_conversation_started_anew_has_no_past(self, store):
        await finished(store, 1)
        await finished(store, 2)
        await store.start_anew(KEY, 1.5)
        assert await past(store) == ["answer 2"]
        await store.start_anew(KEY, 2.0)
        assert await past(store) == []
        await finished(store, 3)
        assert await past(store) == ["answer 3"]
        assert (await store.turn("turn1")).answer == "answer 1"

    async def test_starting_anew_leaves_other_conversations_alone(self, store):
        await finished(store, 1)
        for key in (replace(KEY, bot="b"), replace(KEY, conversation_id="c"), replace(KEY, sender_id="")):
            await store.start_anew(key, 5.0)
        assert await past(store) == ["answer 1"]

    # -- questions without an answer

    async def test_questions_without_an_answer_are_listed_by_bot_and_time(self, store):
        for number, bot in enumerate(("a", "b", "a"), start=1):
            await store.accept(new_turn(number, key=replace(KEY, bot=bot)))
            await store.update_turn(f"turn{number}", phase=CardPhase.FINAL, answer="sorry", not_found=True)
        await finished(store, 4, key=replace(KEY, bot="a"))
        first, *_ = await unanswered(store)
        assert first == UnansweredRow(1.0, "a", "li", "question 1", "turn1")
        assert [row.turn_id for row in await unanswered(store)] == ["turn1", "turn2", "turn3"]
        assert [row.turn_id for row in await unanswered(store, bot="a")] == ["turn1", "turn3"]
        assert [row.turn_id for row in await unanswered(store, since=2.0)] == ["turn2", "turn3"]
        assert await unanswered(store, bot="nobody") == []

    async def test_many_questions_of_one_moment_are_all_listed(self, store):
        turns = [new_turn(number, accepted_at=5.0, not_found=True) for number in range(1200)]
        await asyncio.gather(*map(store.accept, turns))
        assert [row.turn_id for row in await unanswered(store)] == [turn.id for turn in turns]

    async def test_questions_without_an_answer_are_forgotten_and_expire(self, store):
        for number, sender in enumerate(("li", "wang", "wang"), start=1):
            await store.accept(new_turn(number, sender=sender, not_found=True))
        await store.forget("li")
        assert [row.turn_id for row in await unanswered(store)] == ["turn2", "turn3"]
        await store.expire(3.0)
        assert [row.turn_id for row in await unanswered(store)] == ["turn3"]

    # -- feedback

    async def test_a_rating_comes_with_its_turn(self, store):
        await finished(store, 1)
        await store.rate(Feedback("turn1", "faq", "li", "helpful", 7.5))
        (row,) = await ratings(store)
        assert (row.at, row.bot, row.user_id, row.rating) == (7.5, "faq", "li", "helpful")
        assert (row.question, row.answer, row.turn_id) == ("question 1", "answer 1", "turn1")

    async def test_the_last_rating_of_a_person_wins(self, store):
        await finished(store, 1)
        await store.rate(Feedback("turn1", "faq", "li", "helpful", 2.0))
        await store.rate(Feedback("turn1", "faq", "wang", "helpful", 3.0))
        await store.rate(Feedback("turn1", "faq", "li", "unhelpful", 4.0))
        assert [(row.user_id, row.rating, row.at) for row in await ratings(store)] == [
            ("wang", "helpful", 3.0),
            ("li", "unhelpful", 4.0),
        ]

    async def test_ratings_can_be_asked_for_by_bot_and_time(self, store):
        for number, bot in enumerate(("a", "b", "a"), start=1):
            await finished(store, number, key=replace(KEY, bot=bot))
            await store.rate(Feedback(f"turn{number}", bot, "li", "ok", float(number)))
        assert [row.turn_id for row in await ratings(store, bot="a")] == ["turn1", "turn3"]
        assert [row.turn_id for row in await ratings(store, since=2.0)] == ["turn2", "turn3"]
        assert await ratings(store, bot="nobody") == []

    async def test_many_ratings_of_one_moment_are_all_listed(self, store):
        await finished(store, 1)
        writes = (store.rate(Feedback("turn1", "faq", f"user{n}", "ok", 5.0)) for n in range(1200))
        await asyncio.gather(*writes)
        assert [row.user_id for row in await ratings(store)] == [f"user{n}" for n in range(1200)]

    async def test_an_unknown_turn_cannot_be_rated(self, store):
        with pytest.raises(StoreError, match="no longer stored"):
            await store.rate(Feedback("gone", "faq", "li", "ok", 1.0))

    # -- accepted generations

    async def test_a_generation_comes_back_as_it_was(self, store):
        made = new_generation("a.yaml", **{"a.yaml": b"\x00{}", "faq/b.md": "退".encode()})
        assert await store.generation("/bots", "a.yaml") is None
        await store.keep_generations("/bots", [made], [])
        assert await store.generation("/bots", "a.yaml") == made
        assert await store.generations("/bots") == {"a.yaml": made.digest}

    async def test_generations_of_another_folder_are_not_seen(self, store):
        one, other = new_generation("a.yaml", a=b"1"), new_generation("a.yaml", a=b"2")
        await store.keep_generations("/one", [one], [])
        await store.keep_generations("/other", [other], ["a.yaml"])
        assert await store.generation("/one", "a.yaml") == one
        assert await store.generations("/third") == {}

    async def test_the_last_generation_of_a_bot_takes_the_place_of_the_one_before(self, store):
        old = new_generation("a.yaml", **{"a.yaml": b"1", "old.md": b"2"})
        new = new_generation("a.yaml", **{"a.yaml": b"3"})
        await store.keep_generations("/bots", [old], [])
        await store.keep_generations("/bots", [new], [])
        assert await store.generation("/bots", "a.yaml") == new
        assert old.digest != new.digest

    async def test_paths_need_not_be_text(self, store):
        made = new_generation("\udcff.yaml", **{"\udcff.yaml": b"{}"})
        await store.keep_generations("/\udcfe", [made], [])
        assert await store.generation("/\udcfe", "\udcff.yaml") == made
        assert [*await store.generations("/\udcfe")] == ["\udcff.yaml"]

    async def test_what_generations_share_stays_until_the_last_of_them_goes(self, store):
        shared = {"_defaults.yaml": b"shared", "faq.md": b"long"}
        bots = [new_generation(name, **shared, **{name: name.encode()}) for name in ("a.yaml", "b.yaml")]
        await store.keep_generations("/bots", bots, [])
        await store.keep_generations("/bots", [], ["a.yaml", "never-there.yaml"])
        assert await store.generation("/bots", "a.yaml") is None
        assert await store.generation("/bots", "b.yaml") == bots[1]

    async def test_files_with_other_secrets_cut_are_other_files(self, store):
        plain, cut = (
            Generation("a.yaml", 1.0, {"a.yaml": KeptFile.of(b"{}", at)}) for at in ((), ("/agent/api_key",))
        )
        await store.keep_generations("/bots", [cut], [])
        assert plain.digest != cut.digest
        assert await store.generation("/bots", "a.yaml") == cut

    # -- calls

    async def test_calls_add_up_by_month_bot_and_organisation(self, store):
        await store.add_calls("2026-11", {("faq", "ding1"): 3, ("hr", "ding1"): 4})
        await store.add_calls("2026-11", {("faq", "ding1"): 2, ("faq", "ding2"): 1, ("", ""): 9})
        await store.add_calls("2026-12", {("faq", "ding1"): 7})
        await store.add_calls("2026-12", {})

        assert await store.calls("2026-11") == {
            ("faq", "ding1"): 5, ("hr", "ding1"): 4, ("faq", "ding2"): 1, ("", ""): 9
        }  # fmt: skip
        assert await store.calls("2026-12") == {("faq", "ding1"): 7}
        assert await store.calls("2026-10") == {}

    async def test_processes_add_to_the_same_calls(self, store, other):
        await asyncio.gather(
            *(each.add_calls("2026-11", {("faq", "ding1"): 1}) for each in (store, other) * 10)
        )
        assert await store.calls("2026-11") == await other.calls("2026-11") == {("faq", "ding1"): 20}

    async def test_who_is_forgotten_has_spent_their_calls_all_the_same(self, store):
        await store.accept(new_turn())
        await store.add_calls("2026-11", {("faq", "ding1"): 3})
        await store.forget("li")
        assert await store.calls("2026-11") == {("faq", "ding1"): 3}

    # -- how it does

    async def test_a_store_tells_how_its_last_write_went(self, store):
        await store.accept(new_turn())
        with pytest.raises(StoreError):  # of the data: the store itself does well
            await store.rate(Feedback("nobody", "faq", "li", "ok", 1.0))
        health = store.health()
        assert (health.error, health.write_s >= 0) == ("", True)
        assert health.free_bytes is None or health.free_bytes > 0

    # -- forgetting

    async def test_a_forgotten_person_leaves_nothing_behind(self, store):
        other = ConversationKey("faq", "cid9", "wang")
        await finished(store, 1)
        await finished(store, 2)
        await finished(store, 3, key=other)
        await store.rate(Feedback("turn1", "faq", "wang", "of a forgotten turn", 1.0))
        await store.rate(Feedback("turn3", "faq", "li", "by the forgotten", 1.0))
        await store.rate(Feedback("turn3", "faq", "wang", "stays", 1.0))
        await store.start_anew(KEY, 0.5)
        assert await store.forget("li") == 2
        assert await store.turn("turn1") is None
        assert [row.rating for row in await ratings(store)] == ["stays"]
        assert await past(store, key=other) == ["answer 3"]
        assert await store.forget("li") == 0

    async def test_a_forgotten_person_may_come_back(self, store):
        await store.start_anew(KEY, 10.0)
        await store.accept(new_turn(1))
        await store.forget("li")
        await finished(store, 2)
        assert await past(store) == ["answer 2"]

    async def test_a_forgotten_persons_messages_stay_seen_until_they_expire(self, store):
        await finished(store, 1)
        await store.forget("li")
        assert await store.accept(new_turn(9, message_id="msg1")) is False
        assert await store.turn("turn9") is None
        await store.expire(2.0)
        assert await store.accept(new_turn(9, message_id="msg1")) is True

    async def test_expired_turns_go_with_all_that_hangs_on_them(self, store):
        for number in range(1, 4):
            await finished(store, number)
            await store.rate(Feedback(f"turn{number}", "faq", "li", "ok", 9.0))
        assert await store.expire(3.0) == 2
        assert [row.turn_id for row in await ratings(store)] == ["turn3"]
        assert await store.expire(3.0) == 0

    async def test_many_turns_expire_in_one_call(self, store):
        await asyncio.gather(*(store.accept(new_turn(n)) for n in range(1, 1301)))
        assert await store.expire(1300.0) == 1299

    # -- many at once

    async def test_five_hundred_messages_at_once_are_kept_in_their_order(self, store, other):
        order = []

        async def accept(number):
            assert await store.accept(new_turn(number, accepted_at=0.0))
            order.append(number)

        await asyncio.gather(*(accept(number) for number in range(500)))
        assert order == list(range(500))
        assert [turn.id for turn in await other.orphans("faq", 1.0)] == [f"turn{n}" for n in range(500)]

    async def test_of_many_deliveries_of_a_message_one_is_kept(self, store):
        deliveries = (store.accept(new_turn(n, message_id="same")) for n in range(50))
        fresh = await asyncio.gather(*deliveries)
        assert fresh == [True] + [False] * 49

    async def test_a_write_that_fails_hurts_no_other(self, store):
        await finished(store, 1)
        writes = [
            store.rate(Feedback("turn1" if n % 10 else "gone", "faq", f"user{n}", "ok", 1.0))
            for n in range(100)
        ]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [n for n, result in enumerate(results) if result is not None] == list(range(0, 100, 10))
        assert all(isinstance(result, StoreError) for result in results if result is not None)
        assert len(await ratings(store)) == 90

    async def test_a_write_nobody_waits_for_is_still_done(self, store, other):
        writes = [asyncio.create_task(store.accept(new_turn(number))) for number in range(20)]
        await asyncio.sleep(0)
        for write in writes:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        await store.accept(new_turn(99))
        assert len(await other.orphans("faq", 1.0)) == 21

    # -- closing

    async def test_closing_keeps_what_was_asked_before(self, store, reopen):
        writes = [asyncio.create_task(store.accept(new_turn(number))) for number in range(100)]
        await asyncio.sleep(0)
        await store.close()
        assert await asyncio.gather(*writes) == [True] * 100
        again = await reopen()
        assert len(await again.orphans("faq", 1.0)) == 100
        await again.close()

    async def test_everything_outlives_the_process(self, store, reopen):
        await finished(store, 1)
        await finished(store, 2)
        await store.rate(Feedback("turn1", "faq", "li", "ok", 1.0))
        await store.start_anew(KEY, 1.5)
        await store.close()
        again = await reopen()
        assert await again.accept(new_turn(9, message_id="msg1")) is False
        assert await past(again) == ["answer 2"]
        assert len(await ratings(again)) == 1
        await again.close()

    async def test_a_closed_store_says_so(self, store):
        await store.close()
        await store.close()
        for _ in range(2):
            with pytest.raises(StoreError, match="closed"):
                await store.accept(new_turn())
        with pytest.raises(StoreError, match="closed"):
            await store.turn("turn1")
