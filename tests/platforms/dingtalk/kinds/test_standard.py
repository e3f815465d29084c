import pytest

from imbot.cards.buttons import Button
from imbot.config import schema
from imbot.model import CardPhase
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.spec import CardSpec


@pytest.fixture
def kind():
    return StandardKind(CardSpec("standard"))


def test_every_part_of_the_blocks_gets_an_id_of_its_own(kind):
    drawn = {
        "header": {"title": {"type": "text", "text": "T"}},
        "contents": [
            {"type": "text", "text": "a", "id": "text_1"},
            {"type": "text", "text": "b"},
            {"type": "section", "fields": {"list": [{"type": "text", "text": "c"}]}},
        ],
    }
    card = kind.pack(CardPhase.FINAL, drawn)
    section = card["contents"][2]
    ids = [
        card["contents"][0]["id"],
        card["contents"][1]["id"],
        section["id"],
        section["fields"]["list"][0]["id"],
    ]
    assert ids[0] == "text_1"
    assert len(set(ids)) == 4
    assert card["header"] == drawn["header"]
    assert kind.pack(CardPhase.FINAL, drawn) == card


def test_numbers_become_texts(kind):
    card = kind.pack(CardPhase.FINAL, {"contents": [{"type": "text", "text": 5}]})
    assert card["contents"][0]["text"] == "5"


def test_packing_takes_whatever_was_drawn(kind):
    for contents in (None, "x", [{"type": ["odd"], "id": {}}], [{"type": None, "text": None}]):
        kind.pack(CardPhase.FINAL, {"contents": contents})


def test_buttons_fit_an_action_block_and_the_chosen_one_stands_out(kind):
    buttons = kind.buttons([Button("feedback:good", "好", chosen=True), Button("feedback:bad", "差")])
    assert [button["status"] for button in buttons] == ["primary", "normal"]
    assert [button["id"] for button in buttons] == ["feedback:good", "feedback:bad"]
    assert not schema.violations("cards/standard", {"contents": [{"type": "action", "actions": buttons}]})


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "text"}, "/contents/0/text"),
        ({"type": "image"}, "/contents/0/image"),
        ({"type": "imageList"}, "/contents/0/images"),
        ({"type": "section"}, "/contents/0/fields"),
        ({"type": "action"}, "/contents/0/actions"),
        ({"type": "carousel"}, "/contents/0/type"),
        ({"type": "divider", "colour": "red"}, "/contents/0/colour"),
        ({"text": "x"}, "/contents/0/type"),
    ],
)
def test_each_type_of_block_wants_its_own_key(block, pointer):
    assert [found.pointer for found in schema.violations("cards/standard", {"contents": [block]})] == [
        pointer
    ]
