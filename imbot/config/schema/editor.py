"""Schemas for files as people write them, made from the schemas of the resolved values.

In a bot file there may be placeholders where the flat schemas want numbers, and templates where they want
lists. ``as_written`` makes a schema accept those; ``editor_schema`` puts all parts together into the one
self-contained file that editors and other validators use. Pure: ``schema`` passes the parts.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

PLACEHOLDER = {  # without a title, which editors would join with that of the key
    "description": "<<NAME>> is the value of an environment variable, <<file:PATH>> the content of a secret file. <<NAME:-default>> gives a default, <<NAME:?message>> an error message, for a variable that is unset.",
    "type": "string",
    "pattern": "<<((env:)?[A-Za-z_][A-Za-z0-9_]*|file:[^<>]+?)(:[-?][^\\n]*?)?>>",
}
TEMPLATE = {
    "description": "A Jinja template.",
    "type": "string",
    "pattern": "\\{\\{|\\{%",
}
_FILE = {
    "title": "Layout file",
    "description": "A YAML file below the bots folder that holds the layout.",
    "type": "string",
    "minLength": 1,
    "examples": ["cards/final.yaml"],
}
_ITEM_KEYS = {
    "for": {
        "title": "For",
        "description": "Repeats this item, for example `x in suggestions`.",
        "type": "string",
        "examples": ["x in suggestions"],
    },
    "if": {
        "title": "If",
        "description": "Leaves this item out unless the expression is true.",
        "type": "string",
        "examples": ["citations"],
    },
}
# `markdownDescription` and `patternErrorMessage` are for yaml-language-server; other validators ignore them
_NOTES = {"title", "description", "markdownDescription", "default", "examples", "writeOnly"}
_LITERAL = {"const", "x-literal", "x-names", "x-template", "x-file"}
_END = r"(?![\s\S])"  # the end of a text, for every engine
_SCALARS = {"string", "integer", "number", "boolean"}


@dataclass(frozen=True, slots=True)
class Form:
    """What may be written instead of a value: a placeholder, or a template.

    ``types`` are the types that it may replace, ``pattern`` is its own form, ``item_keys`` are the keys that an item of a list may have
    besides its own. ``judging``: the schema is for imbot's own messages, which need descriptions and examples
    beside the rules.
    """

    types: frozenset[str]
    pattern: str
    wrap: Callable[[Schema], Schema]
    item_keys: Mapping[str, Schema]
    judging: bool = False


VALUES = Form(
    frozenset(_SCALARS),
    PLACEHOLDER["pattern"],
    lambda node: {"anyOf": [node, {"$ref": "#/$defs/placeholder"}]},
    {},
)
LAYOUT = Form(
    frozenset(_SCALARS | {"array", "object"}),
    TEMPLATE["pattern"],
    lambda node: {"anyOf": [node, {"$ref": "#/$defs/template"}]},
    _ITEM_KEYS,
)
# the same for validation: a template is accepted, and anything else gets the violations of the plain schema
JUDGED_LAYOUT = Form(
    LAYOUT.types,
    LAYOUT.pattern,
    lambda node: {"if": TEMPLATE, "then": True, "else": node},
    _ITEM_KEYS,
    judging=True,
)


def walk(schema: Any) -> Iterator[Schema]:
    """Every mapping in a schema, beginning with itself."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from walk(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from walk(value)


def partial(schema: Schema) -> Schema:
    """The schema of a part whose keys may all be missing, as another file may add them.

    Items of lists are complete.
    """
    node = {key: value for key, value in schema.items() if key not in ("required", "dependentRequired")}
    if "properties" in node:
        node["properties"] = {key: partial(value) for key, value in node["properties"].items()}
    return node


def partial_parts(parts: Mapping[str, Mapping[str, Schema]]) -> dict[str, dict[str, Schema]]:
    """The same of several parts, by group and name."""
    return {
        group: {name: partial(part) for name, part in members.items()} for group, members in parts.items()
    }


def as_written(schema: Schema, form: Form) -> Schema:
    """The schema for a part as people write it."""
    node = {key: value for key, value in schema.items() if not key.startswith("x-")}
    if "x-form" in schema:
        node["patternErrorMessage"] = f"must {schema['x-form']}"
    if node.get("format") == "duration":  # ours has a pattern; the standard's means another notation
        del node["format"]
        node["patternErrorMessage"] = node["errorMessage"] = "must be a duration such as 500ms, 2s, 5m or 1h"
    if "properties" in node:
        node["properties"] = {key: _value(value, form) for key, value in node["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(node.get(key), dict):
            node[key] = _value(node[key], form)
    if not form.judging:
        _spell_out_needs(node)
        _tell_examples(node)
    if "propertyNames" in node:
        node["propertyNames"] = as_written(node["propertyNames"], form)
    if isinstance(node.get("items"), dict):
        _add_item_keys(node["items"], form)
    if "default" in node:
        node["description"] = f"{node.get('description', '')}\n\nDefault: {_shown(node['default'])}".strip()
        if "x-template" in schema:  # an editor would insert the default as soon as the mapping is begun
            del node["default"]
    if "`" in node.get("description", ""):
        node["markdownDescription"] = node["description"]
    return node


def _value(schema: Schema, form: Form) -> Schema:
    """The schema for a value in a part as people write it."""
    node = as_written(schema, form)
    return node if _LITERAL & schema.keys() else _wrapped(node, form)


def _spell_out_needs(node: Schema) -> None:
    """Replace `dependentRequired` by conditions, which older editors understand, too."""
    for key, needed in node.pop("dependentRequired", {}).items():
        condition = {"if": {"required": [key]}, "then": {"required": needed}}
        node["allOf"] = [*node.get("allOf", ()), condition]


def _tell_examples(node: Schema) -> None:
    """Move examples with a list of mappings into the description: editors would insert `[object Object]`."""
    examples = node.get("examples", ())
    if any(map(_has_listed_mapping, examples)):
        shown = ", ".join(f"`{json.dumps(each, ensure_ascii=False)}`" for each in examples)
        node["description"] = f"{node.get('description', '')}\n\nExample: {shown}"
        del node["examples"]


def _has_listed_mapping(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict) or _has_listed_mapping(item) for item in value)
    return isinstance(value, dict) and any(map(_has_listed_mapping, value.values()))


def _add_item_keys(node: Schema, form: Form) -> None:
    for place in (node, node.get("else", {}), *node.get("anyOf", ())):
        if "properties" in place:
            place["properties"] = {**place["properties"], **form.item_keys}


def _wrapped(node: Schema, form: Form) -> Schema:
    rules = {key: value for key, value in node.items() if key not in _NOTES}
    kinds = rules.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    any_text = rules.keys() == {"type"} and "string" in kinds
    if any_text or not kinds & form.types:
        return node
    if kinds == {"string"} and "enum" not in rules and not form.judging:
        # A text already: of two alternatives, editors would show the words of both
        return node | ({"pattern": _or_with(node["pattern"], form.pattern)} if "pattern" in node else {})
    notes = {key: value for key, value in node.items() if key in _NOTES}
    return notes | form.wrap(notes | rules if form.judging else rules)


def _or_with(whole: str, part: str) -> str:
    """The pattern of texts that match the one as a whole, or have the other in them."""
    inner = whole.removeprefix("^").removesuffix(_END)
    return rf"^(?:{inner}|[^\u0000]*(?:{part})[^\u0000]*){_END}"


def _shown(value: Any) -> str:
    if value in ([], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def editor_schema(bot: Schema, parts: Mapping[str, Mapping[str, Schema]], title: str) -> Schema:
    """One draft 2020-12 schema of that title, without references to other files.

    ``parts`` are the flat schemas by group and name. The file's ``type``, ``agent.type`` and ``card.kind``
    choose among them.
    """
    root = as_written(bot, VALUES)
    definitions = {"placeholder": PLACEHOLDER, "template": TEMPLATE}
    for group, members in parts.items():
        for name, part in members.items():
            form = LAYOUT if group == "cards" else VALUES
            definitions[f"{group}.{name}"] = _part(part, form)
    properties = root["properties"]
    if "types" in parts:
        root["allOf"] = [
            {
                "if": _chosen(properties["type"], "type", name),
                # the key itself is offered once, by the schema around the condition
                "then": _below({"credentials": {"allOf": [_ref("types", name)], "doNotSuggest": True}}),
            }
            for name in parts["types"]
        ]
    properties["agent"]["allOf"] = [
        {"if": _chosen(properties["agent"]["properties"]["type"], "type", name), "then": _ref("agents", name)}
        for name in parts["agents"]
    ]
    card = properties["card"]
    phases = card["properties"]["templates"]["properties"]
    for phase in phases.values():
        phase["properties"] = {"file": _FILE}
    card["allOf"] = [
        *card.get("allOf", ()),
        *(
            {"if": _chosen(card["properties"]["kind"], "kind", name), "then": _layouts(name, list(phases))}
            for name in parts["cards"]
        ),
    ]
    return {**root, "title": title, "$defs": definitions}


def _part(schema: Schema, form: Form) -> Schema:
    return {key: value for key, value in as_written(schema, form).items() if key != "$schema"}


def _ref(group: str, name: str) -> Schema:
    return {"$ref": f"#/$defs/{group}.{name}"}


def _below(properties: Mapping[str, Schema]) -> Schema:
    return {"properties": dict(properties)}


def _chosen(chooser: Schema, key: str, name: str) -> Schema:
    """The condition that a key holds that name; an absent key has its default."""
    condition = _below({key: {"const": name}})
    return condition if chooser.get("default") == name else {**condition, "required": [key]}


def _layouts(kind: str, phases: list[str]) -> Schema:
    """Each phase is a layout file or a layout of that kind.

    The keys of a user's own template are not known.
    """
    layout = {
        "if": {"required": ["file"], "maxProperties": 1},
        "then": {},
        "else": _ref("cards", kind),
        "doNotSuggest": True,  # the phases are offered once, by the schema around the condition
    }
    closed = _below({"templates": _below(dict.fromkeys(phases, layout))})
    return {"if": {"required": ["template_id"]}, "then": {}, "else": closed}
