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


BUTTON = {"type": "button", "label": {"type": "text", "text": "b"}, "actionType": "request"}
SELECT = {
    "type": "select",
    "options": [{"label": {"type": "text", "text": "一", "id": "text_2"}, "value": "1"}],
    "placeholder": {"type": "text", "text": "请选择", "id": "text_3"},
    "id": "select_1",
}
TEXT = {"type": "text", "text": "a"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "action", "actions": [BUTTON | {"disabled": True}]},
        {"type": "action", "actions": [BUTTON | {"iconCode": "icon_XDS_Todo2", "value": "2h"}]},
        {"type": "section", "fields": {"list": [TEXT]}, "extra": BUTTON | {"disabled": False, "value": 2}},
        {"type": "section", "content": TEXT},
        {"type": "section", "content": {"type": "markdown", "text": "**a**"}, "extra": SELECT},
    ],
)
def test_keys_of_real_cards_are_known(block):
    assert not schema.violations("cards/standard", {"contents": [block]})


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "section", "content": TEXT, "extra": {"type": "select"}}, "/contents/0/extra/options"),
        (
            {"type": "section", "content": TEXT, "extra": {"type": "button", "actionType": "request"}},
            "/contents/0/extra/label",
        ),
        ({"type": "action", "actions": [BUTTON | {"disable": True}]}, "/contents/0/actions/0/disable"),
    ],
)
def test_what_is_wrong_with_them_is_still_found(block, pointer):
    assert [found.pointer for found in schema.violations("cards/standard", {"contents": [block]})] == [
        pointer
    ]


def part(id_, **more):
    return {"type": "text", "text": "a", "id": id_, **more}


@pytest.mark.parametrize(
    ("contents", "pointers"),
    [
        ([part("a"), part("b"), part("a")], ["/contents/2/id"]),
        (
            [{"type": "action", "actions": [BUTTON | {"label": part("t")}, BUTTON | {"label": part("t")}]}],
            ["/contents/0/actions/1/label/id"],
        ),
        ([part("a"), part("a", **{"if": "x"})], ["/contents/1/id"]),
        ([part("a", **{"if": "x"}), part("a")], ["/contents/1/id"]),
        ([part("a", **{"for": "x in suggestions"})], ["/contents/0/id"]),
        ([part("a", **{"if": "x"}), part("a", **{"if": "not x"})], []),
        ([part("{{ x }}", **{"for": "x in suggestions"}), part("{{ x }}")], []),
        ([part("a"), part("b")], []),
    ],
)
def test_an_id_twice_is_a_fault(kind, contents, pointers):
    faults = list(kind.faults(CardPhase.FINAL, {"contents": contents}))

    assert [(fault.code, fault.pointer) for fault in faults] == [("card.same-id", at) for at in pointers]


def test_an_id_of_the_header_counts(kind):
    layout = {"header": {"title": part("a")}, "contents": [part("a")]}

    assert [fault.pointer for fault in kind.faults(CardPhase.FINAL, layout)] == ["/contents/0/id"]
