import pytest

from imbot.config.loader.coerce import converted, stand_in, types_of


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" True ", "boolean", True),
        ("yes", "boolean", None),
        ("-5", "integer", -5),
        ("5.0", "integer", None),
        ("0.5", "number", 0.5),
        ("1e3", "number", 1000.0),
        ("nan", "number", None),
        ("9" * 30, "integer", None),
    ],
)
def test_a_text_is_converted_when_it_spells_a_value(text, kind, value):
    assert converted(text, kind) == value


def test_types_are_a_list():
    assert types_of({"type": "string"}) == ["string"]
    assert types_of({"type": ["string", "number"]}) == ["string", "number"]
    assert types_of({}) == []


def test_a_stand_in_fits_and_is_no_placeholder():
    assert stand_in({"type": "integer", "default": 5}, "<<N>>") == 5
    assert stand_in({"type": "string"}, "<<N>>") == "<<N>>"
    assert stand_in({"type": "string", "pattern": "x", "examples": ["<<A>>", "x"]}, "<<N>>") == "x"
    assert stand_in({"type": "string", "enum": ["a", "b"]}, "<<N>>") == "a"
