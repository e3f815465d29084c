from imbot.config.loader.key_index import PHASE, key_index, value_at
from imbot.config.loader.schema_choice import whole_schema


def homes_of(value):
    return key_index(whole_schema(value), value)


def test_every_mapping_has_its_keys():
    known = homes_of({"agent": {"type": "faq"}})
    assert {"agent", "card"} <= known[""]
    assert "knowledge" in known["/agent"]
    assert "base_url" not in known["/agent"]
    assert known["/card/templates"] == {"thinking", "streaming", "final", "error", "stopped"}


def test_while_no_agent_is_chosen_all_their_keys_are_at_home_there():
    assert {"knowledge", "base_url", "prefix"} <= homes_of({})["/agent"]


def test_a_layout_has_the_keys_of_its_kind():
    assert "msgContent" in homes_of({})[PHASE]
    assert homes_of({"card": {"kind": "markdown"}})[PHASE] == {"title", "text"}
    assert PHASE not in homes_of({"card": {"kind": "nothing"}})


def test_a_value_is_found_as_far_as_mappings_lead():
    assert value_at({"a": {"b": 1}}, "/a/b") == 1
    assert value_at({"a": [1]}, "/a/0") is None
    assert value_at({"a": 1}, "") == {"a": 1}
