import json

import pytest

from imbot.cards.buttons import Button
from imbot.model import CardPhase
from imbot.platforms.dingtalk.kinds.ai import PUBLIC_TEMPLATE, AiKind
from imbot.spec import CardSpec


@pytest.fixture
def public():
    return AiKind(CardSpec("ai"))


@pytest.fixture
def own():
    return AiKind(CardSpec("ai", own={"template_id": "mine.schema", "content_key": "content"}))


def test_lists_go_packed_into_one_variable_of_the_public_template(public):
    buttons = [{"text": "好", "id": "a", "request": True}]
    data = public.pack(CardPhase.FINAL, {"msgContent": "x", "msgButtons": buttons, "order": ["msgContent"]})
    assert data.keys() == {"flowStatus", "msgContent", "sys_full_json_obj"}
    assert json.loads(data["sys_full_json_obj"]) == {"order": ["msgContent"], "msgButtons": buttons}
    assert "好" in data["sys_full_json_obj"]


def test_the_public_template_is_always_told_its_order(public):
    packed = json.loads(public.pack(CardPhase.THINKING, {})["sys_full_json_obj"])
    assert packed == {"order": ["msgTitle", "msgContent", "staticMsgContent", "msgButtons"]}


@pytest.mark.parametrize(
    ("phase", "status"),
    [("thinking", "1"), ("streaming", "2"), ("final", "3"), ("stopped", "3"), ("error", "5")],
)
def test_every_phase_has_its_flow_status(public, own, phase, status):
    assert public.pack(CardPhase(phase), {})["flowStatus"] == status
    assert own.pack(CardPhase(phase), {})["flowStatus"] == status


def test_every_variable_is_a_string(public, own):
    drawn = {"msgContent": 3, "content": None, "n": 1.5, "flag": True, "list": [1, "ä"], "o": {"a": None}}
    assert own.pack(CardPhase.FINAL, drawn) == {
        "flowStatus": "3",
        "msgContent": "3",
        "content": "",
        "n": "1.5",
        "flag": "true",
        "list": '[1, "ä"]',
        "o": '{"a": null}',
    }
    assert all(isinstance(value, str) for value in public.pack(CardPhase.FINAL, drawn).values())


def test_the_streaming_key_is_always_there(public, own):
    assert public.pack(CardPhase.THINKING, {})[public.native["content_key"]] == ""
    assert own.pack(CardPhase.THINKING, {})[own.native["content_key"]] == ""


def test_an_own_template_may_set_its_own_flow_status(own):
    assert own.pack(CardPhase.FINAL, {"flowStatus": "4"})["flowStatus"] == "4"


def test_the_chosen_button_is_marked(public):
    assert public.buttons([Button("feedback:good", "好"), Button("feedback:bad", "差", chosen=True)]) == [
        {"text": "好", "color": "gray", "id": "feedback:good", "request": True},
        {"text": "差", "color": "blue", "id": "feedback:bad", "request": True},
    ]


def test_the_template_and_its_schema_belong_together(public, own):
    assert (public.native["template_id"], public.part) == (PUBLIC_TEMPLATE, "cards/ai")
    assert (own.native["template_id"], own.part) == ("mine.schema", "")


def test_built_in_layouts_of_an_own_template_fill_its_content_key(own):
    assert [set(layout) for layout in own.layouts.values()] == [{"content"}] * 5


def test_an_own_layout_without_its_content_key_is_a_fault(public, own):
    assert [fault.code for fault in own.faults(CardPhase.FINAL, {"title": "x"})] == ["card.content-key"]
    assert not list(own.faults(CardPhase.FINAL, {"content": "x"}))
    assert not list(own.faults(CardPhase.THINKING, {"title": "x"}))
    assert not list(public.faults(CardPhase.FINAL, {}))


def test_packed_keys_are_known(public, own):
    assert public.data_key("msgButtons") == public.data_key("order") == "sys_full_json_obj"
    assert public.data_key("msgContent") == "msgContent"
    assert own.data_key("order") == "order"
