from dataclasses import replace

import pytest
from fakes import FakeCard, FakeGateway, FakeStore, behaviour, turn_context
from store_contract import new_turn
from virtual import run_virtual

from imbot.errors import CardMissingError, FatalError, TransientError
from imbot.model import CardPhase, CardRef
from imbot.platforms.dingtalk.kinds.ai import PUBLIC_TEMPLATE
from imbot.turn.answer import card_context
from imbot.turn.orphan import FRESH_S, GIVE_UP_S, finish, message_of

STREAMED = new_turn(phase=CardPhase.STREAMING, answer="half", shown="card")
COMPLETE = replace(
    STREAMED, answer="whole", layout="layout-1", extras={"ending": "final", "suggestions": ["q"]}
)
LATE = new_turn().accepted_at + FRESH_S
GONE = CardMissingError("no such card")


def concluded(turn, *failures, now=LATE, card=None, says=(), room=0):
    """What came of a turn: its phase, the gateway, the record."""
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures = {"finish": list(failures), "text": list(says)}
    gateway.room = room

    async def main():
        await store.accept(turn)
        made = behaviour(card=card) if card else behaviour()
        return await finish(turn_context(turn, gateway, store, made, now))

    return run_virtual(main()), gateway, store.only()


def test_a_card_that_was_growing_ends_as_stopped_with_what_it_had_and_a_kind_sentence():
    phase, gateway, kept = concluded(STREAMED)
    assert phase == gateway.last().phase == kept.phase == CardPhase.STOPPED
    assert gateway.last().data == {"answer": "half", "error": "<interrupted>", "chosen": ""}
    assert (kept.answer, kept.error, kept.extras["retry"], kept.finished_at) == (
        "half", "<interrupted>", True, LATE,
    )  # fmt: skip
    assert gateway.texts == []


@pytest.mark.parametrize("ending", ["final", "error", "stopped"])
def test_what_was_about_to_end_ends_so(ending):
    turn = replace(COMPLETE, extras={"ending": ending}, error="" if ending == "final" else "sorry")
    phase, gateway, kept = concluded(turn)
    assert phase == gateway.last().phase == kept.phase == ending
    assert gateway.last().data["answer"] == "whole"
    assert not kept.extras["retry"]


def test_a_card_that_was_never_made_is_to_be_answered_afresh_when_it_is_young():
    phase, gateway, kept = concluded(new_turn(), GONE, now=LATE - 1)
    assert phase is None
    assert (gateway.texts, kept.phase, kept.shown) == ([], CardPhase.THINKING, "")


def test_later_it_is_apologised_for_once():
    phase, gateway, kept = concluded(new_turn(), GONE)
    assert phase == kept.phase == CardPhase.STOPPED
    assert (gateway.texts, kept.shown) == (["<interrupted>"], "sending")


def test_a_complete_answer_whose_card_is_not_there_is_said():
    phase, gateway, _ = concluded(COMPLETE, GONE, now=LATE - 1)
    assert (phase, gateway.texts) == (CardPhase.FINAL, ["whole"])


def test_without_cards_a_turn_that_showed_nothing_is_answered_afresh_or_apologised_for():
    turn = new_turn()
    assert concluded(turn, now=LATE - 1, card=FakeCard(live=False))[0] is None
    phase, gateway, _ = concluded(turn, card=FakeCard(live=False))
    assert (phase, gateway.texts) == (CardPhase.STOPPED, ["<interrupted>"])


@pytest.mark.parametrize("shown", ["sending", "said"])
@pytest.mark.parametrize("live", [True, False])
def test_what_may_have_been_said_is_never_said_again(shown, live):
    turn = replace(COMPLETE, shown=shown)
    phase, gateway, _ = concluded(turn, GONE, now=LATE - 1, card=FakeCard(live=live))
    assert (phase, gateway.texts) == (CardPhase.FINAL, [])


@pytest.mark.parametrize("ending", ["final", "error", "stopped"])
def test_a_card_beside_a_text_is_ended_and_only_points_to_it(ending):
    turn = replace(COMPLETE, shown="said", error="sorry", extras={**COMPLETE.extras, "ending": ending})
    phase, gateway, kept = concluded(turn)
    assert (phase, gateway.names(), gateway.texts) == (ending, ["finish"], [])
    assert gateway.last().phase == CardPhase.FINAL
    assert gateway.last().data == {"answer": "<below>", "error": "", "chosen": ""}
    assert (kept.answer, kept.error) == ("whole", "sorry"), "the record has the answer all the same"
    assert card_context(kept, "good").answer == "<below>", "a click does not bring it onto the card"
    assert card_context(kept).suggestions == ()


def test_what_may_not_have_arrived_as_text_stays_on_the_card():
    _, gateway, _ = concluded(replace(COMPLETE, shown="sending"))
    assert gateway.last().data["answer"] == "whole"


@pytest.mark.parametrize("turn", [STREAMED, replace(COMPLETE, shown="said"), new_turn()])
def test_what_the_platform_refuses_for_a_day_is_given_up(turn, caplog):
    busy = TransientError("busy")
    phase, gateway, kept = concluded(turn, busy, now=turn.accepted_at + GIVE_UP_S)
    assert (phase, kept.phase, gateway.texts) == (CardPhase.ERROR, CardPhase.ERROR, [])
    assert kept.answer == turn.answer
    assert "giving up after a day: busy" in caplog.text
    with pytest.raises(TransientError):
        concluded(turn, busy, now=turn.accepted_at + GIVE_UP_S - 1)


def test_a_card_that_cannot_be_ended_for_good_becomes_text():
    phase, gateway, _ = concluded(STREAMED, FatalError("no permission"))
    assert (phase, gateway.texts) == (CardPhase.STOPPED, ["half"])


def test_a_failure_that_passes_leaves_the_turn_as_it_was():
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures["finish"] = [TransientError("busy")]

    async def main():
        await store.accept(STREAMED)
        with pytest.raises(TransientError):
            await finish(turn_context(STREAMED, gateway, store, behaviour(), LATE))

    run_virtual(main())
    assert store.only() == STREAMED


@pytest.mark.parametrize(
    ("error", "shown"), [(TransientError("later", retry_after_s=1.0), ""), (FatalError("never"), "sending")]
)
def test_an_apology_is_repeated_only_when_it_was_surely_not_sent(error, shown):
    gateway, store, turn = FakeGateway(), FakeStore(), new_turn()
    gateway.failures = {"finish": [GONE], "text": [error] * 8}

    async def main():
        await store.accept(turn)
        try:
            await finish(turn_context(turn, gateway, store, behaviour(), LATE))
        except TransientError:
            return "later"
        return "ended"

    assert run_virtual(main()) == ("ended" if shown else "later")
    assert store.only().shown == shown


def test_the_message_comes_back_as_far_as_it_was_kept():
    turn = new_turn()
    message = message_of(turn)
    assert (message.id, message.text, message.sender, message.address) == (
        "msg1", "question 1", turn.sender, turn.card.address,
    )  # fmt: skip
    assert message_of(replace(turn, question="")).text is None
    assert message_of(turn, "other").id == "other"


def test_a_card_that_was_made_but_not_journalled_so_is_ended_even_when_it_is_young():
    phase, gateway, _ = concluded(new_turn(), now=LATE - 1)
    assert (phase, gateway.names(), gateway.texts) == (CardPhase.STOPPED, ["finish"], [])


def test_what_one_card_does_not_hold_follows_once_as_text():
    long = replace(COMPLETE, answer="\n\n".join(f"paragraph {n}" for n in range(3000)))
    _, gateway, kept = concluded(long, room=10_000)
    assert gateway.names() == ["finish"]
    assert len(gateway.texts) == 1
    assert gateway.texts[0].endswith("paragraph 2999")
    assert kept.shown == "sending"
    assert concluded(replace(long, shown="sending"), room=10_000)[1].texts == []


@pytest.mark.parametrize(
    "made",
    [
        ["standard", {"template_id": "StandardCard", "content_key": ""}],
        ["ai", {"template_id": "mine.schema", "content_key": "body"}],
        ["ai", {"template_id": PUBLIC_TEMPLATE, "content_key": "msgContent"}],
    ],
)
def test_a_card_ends_as_the_kind_it_was_made_with_whatever_its_bot_uses_now(made):
    turn = replace(STREAMED, extras={"made_of": made})
    phase, gateway, kept = concluded(turn, card=FakeCard(live=False, kind="markdown"))
    view = gateway.last()
    assert [view.kind, view.native] == made
    assert "half" in str(view.data)
    assert (phase, kept.phase, gateway.texts) == (CardPhase.STOPPED, CardPhase.STOPPED, [])
    assert kept.extras["made_of"] == made


# -- platforms that name their cards

UNSHOWN = new_turn(shown="", extras={"sequence": 10_000}, card=CardRef("named", {}, "turn1", 10_000))


def test_a_card_that_was_made_and_maybe_not_shown_is_ended_which_shows_it():
    phase, gateway, kept = concluded(UNSHOWN)

    assert gateway.names() == ["finish"]
    assert (phase, kept.phase) == (CardPhase.STOPPED, CardPhase.STOPPED)


def test_its_changes_are_numbered_above_those_of_the_process_that_died():
    numbers = []

    class Counting(FakeGateway):
        async def finish_card(self, ref, view):
            numbers.append(ref.sequence)
            await super().finish_card(ref, view)

    gateway, store = Counting(), FakeStore()

    async def main():
        await store.accept(UNSHOWN)
        await finish(turn_context(UNSHOWN, gateway, store, behaviour(), LATE))

    run_virtual(main())
    assert numbers == [10_001]


def test_a_card_that_was_never_named_was_never_made():
    turn = new_turn(card=CardRef("", {}, "turn1"))

    phase, gateway, _ = concluded(turn, now=LATE - 1)

    assert (phase, gateway.names()) == (None, [])
