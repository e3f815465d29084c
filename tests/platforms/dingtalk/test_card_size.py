"""How much a card takes."""

import asyncio

import pytest

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardView
from imbot.platforms.dingtalk.card_size import CARD_BYTES, CardSize
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.text.markdown import LEAST

NATIVE = {"ai": {"template_id": "x.schema"}, "standard": StandardKind.native, "markdown": {}}


def view(kind="ai", **data):
    return CardView(kind, CardPhase.FINAL, data, "title", "text", NATIVE[kind])


def test_a_card_takes_so_many_bytes_in_one_variable():
    card_size = CardSize()
    assert card_size.overflow_bytes(view(a="字" * 4_000, b="字" * 4_000)) == 0
    assert card_size.overflow_bytes(view(a="x" * CARD_BYTES)) == 2  # its quotes
    assert card_size.overflow_bytes(view()) == 0


def test_what_is_added_on_the_way_counts():
    text = "a\n" * (CARD_BYTES // 3 - 10)
    assert room_of(text) > 0
    assert room_of(text.replace("\n", "\n\n")) > 0
    assert room_of("ab" * (CARD_BYTES // 3)) == 0


def room_of(text):
    return CardSize().overflow_bytes(view(content=text))


def test_a_standard_card_counts_as_a_whole():
    block = {"type": "markdown", "text": "字" * 3_000}
    assert CardSize().overflow_bytes(view("standard", contents=[block])) == 0
    assert CardSize().overflow_bytes(view("standard", contents=[block, block])) > 0


def test_a_message_is_never_too_large():
    assert CardSize().overflow_bytes(view("markdown", text="x" * 10**6)) == 0


async def refused(code="param.stream.content"):
    await asyncio.sleep(0)
    raise FatalError("content is too large", code=code)


def fitting(card_size):
    """The largest view there is card_size for."""
    return view(a="x" * (CARD_BYTES - 2 - card_size.overflow_bytes(view(a="x" * (CARD_BYTES - 2)))))


async def test_a_refusal_makes_it_stricter_down_to_a_bound():
    card_size = CardSize()
    with pytest.raises(TransientError) as caught:
        await card_size.call_within_limit(refused(), lambda: fitting(card_size))
    assert caught.value.retry_after_s == 0.0
    assert card_size.overflow_bytes(view(a="x" * CARD_BYTES)) == CARD_BYTES // 2 + 2
    for _ in range(4):
        with pytest.raises(TransientError):
            await card_size.call_within_limit(refused(), lambda: fitting(card_size))
    with pytest.raises(FatalError):
        await card_size.call_within_limit(refused(), lambda: fitting(card_size))
    assert card_size.overflow_bytes(view(a="x" * LEAST)) == 2


async def test_cards_that_are_refused_together_make_it_stricter_once():
    card_size, large = CardSize(), fitting(CardSize())
    told = await asyncio.gather(
        *(card_size.call_within_limit(refused(), lambda: large) for _ in range(5)), return_exceptions=True
    )
    assert {type(each) for each in told} == {TransientError}
    assert card_size.overflow_bytes(large) == CARD_BYTES // 2


async def test_a_card_that_was_known_to_be_too_large_spoils_no_other_card():
    card_size = CardSize()
    with pytest.raises(FatalError):
        await card_size.call_within_limit(refused(), lambda: view(citations="x" * 100_000, answer="short"))
    assert card_size.overflow_bytes(view(a="x" * 13_000)) == 0


async def test_other_refusals_change_nothing():
    card_size = CardSize()
    with pytest.raises(FatalError):
        await card_size.call_within_limit(refused("param.invalid"), lambda: view(a="x"))
    assert card_size.overflow_bytes(view(a="x" * 13_000)) == 0
