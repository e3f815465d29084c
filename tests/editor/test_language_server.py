"""What an editor makes of the schema: completion, hover and marks in a real language server.

Every document begins with the modeline of the examples, so the server finds the schema by itself.
"""

from itertools import count
from pathlib import Path

import pytest
from language_server import started

ROOT = Path(__file__).parents[2]
BOTS = ROOT / "bots"
EXAMPLES = sorted(path for path in BOTS.glob("*.yaml") if not path.name.endswith(".test.yaml"))
MODELINE = "# yaml-language-server: $schema=../schemas/imbot.schema.json\n"
REST = "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: echo}\n"
ALL_AT_ONCE = pytest.mark.timeout(120)  # one server for all cases: it takes its time to start

COMPLETIONS = {
    "|": {"title", "agent", "credentials", "card", "throttle", "feedback", "texts", "history"},
    "type: |": {"dingtalk-stream"},
    "credentials:\n  |": {"client_id", "client_secret", "robot_code"},
    "agent:\n  type: |": {"echo", "faq", "openai"},
    "agent:\n  type: openai\n  |": {"base_url", "model", "api_key", "temperature", "headers"},
    "agent:\n  type: faq\n  |": {"knowledge", "threshold", "suggestions"},
    "agent:\n  type: echo\n  |": {"prefix", "chunks", "delay"},
    "throttle:\n  |": {"pace", "interval", "chunks", "max_updates"},
    "throttle:\n  pace: |": {"adaptive", "fixed", "economy", "final_only"},
    "enabled: |": {"true", "false"},
    "conversation:\n  group: |": {"per_sender", "shared"},
    "feedback:\n  buttons:\n    - |": {"label", "rating"},
    "card:\n  |": {"kind", "vars", "templates", "template_id"},
    "card:\n  kind: |": {"ai", "markdown", "standard"},
    "card:\n  templates:\n    |": {"thinking", "streaming", "final", "error", "stopped"},
    "card:\n  templates:\n    final:\n      |": {"file", "msgTitle", "msgContent", "msgButtons", "order"},
    "card:\n  templates:\n    final:\n      msgButtons:\n        - |": {"text", "color", "url", "for", "if"},
    "card:\n  templates:\n    final:\n      msgButtons:\n        - text: x\n          color: |": {
        "gray",
        "blue",
        "red",
    },
    "card:\n  kind: markdown\n  templates:\n    final:\n      |": {"title", "text"},
    "card:\n  kind: standard\n  templates:\n    final:\n      |": {"config", "header", "contents"},
    "card:\n  kind: standard\n  templates:\n    final:\n      contents:\n        - type: |": {
        *("text", "markdown", "divider", "image", "action")
    },
}
NOT_COMPLETED = {
    "agent:\n  type: faq\n  |": {"base_url", "prefix"},
    "agent:\n  type: echo\n  |": {"base_url", "knowledge"},
    "card:\n  kind: markdown\n  templates:\n    final:\n      |": {"msgContent", "contents"},
}
HOVERS = {  # the place is the character after the |
    "|throttle: {pace: fixed}": ["How often a growing answer updates its card.", "pace: fixed"],
    "throttle: {|pace: fixed}": ["often at the start", "Default: `adaptive`", "economy"],
    "throttle: {|interval: 2s}": ["The least time between two updates.", "Default: `1s`", "2s"],
    "history: {|turns: 5}": ["Default: `10`"],
    "card: {|kind: ai}": ["it decides the keys of a layout", "Default: `ai`", "`standard`"],
    "texts: {|thinking: x}": ["Until the answer begins.", "Default: `正在思考…`"],
    "card: {templates: {final: {|msgContent: x}}}": ["Markdown"],
}
ACCEPTED = [
    "enabled: <<ON>>\ntitle: <<TITLE:-客服>>\n",
    "throttle: {pace: <<PACE>>, chunks: <<N>>, interval: <<S:-2>>s, max_updates: <<file:n.txt>>}\n",
    "history: {turns: <<TURNS:?say how many>>}\n",
    "commands: {new: [<<WORD>>, /new]}\n",
    "feedback: {buttons: [{label: <<L>>, rating: <<R>>}], thanks: <<T>>}\n",
    "card: {vars: {a: <<A>>, b: [1, {c: d}]}, mention_sender: <<M>>}\n",
    "card: {templates: {final: {file: cards/final.yaml}}}\n",
    'card: {templates: {final: {msgContent: "{{ answer }}", msgButtons: "{{ buttons }}"}}}\n',
    'card: {templates: {final: {msgContent: x, msgButtons: [{for: s in suggestions, text: "{{ s }}"}]}}}\n',
    "card: {template_id: x, content_key: y, templates: {final: {y: x, anything: [1]}}}\n",
    'card: {kind: standard, templates: {final: {contents: [{type: markdown, text: "{{ answer }}"}]}}}\n',
]
REFUSED = {  # the mark stands at the |, the words are the server's
    "|titel: x": "titel is not allowed",
    "throttle: {|intervall: 2s}": "intervall is not allowed",
    "throttle: {pace: |adaptiv}": '"adaptive"',
    "throttle: {interval: |soon}": "must be a duration",
    "throttle: {interval: |2}": "must be a duration",
    "timeouts: {idle: |true}": "must be a duration",
    "throttle: {chunks: |'5'}": "integer",
    "history: {turns: |-1}": "minimum",
    "enabled: |yes": "boolean",
    "title: |5": "string",
    "name: |my bot": "must consist of letters",
    "type: |<<TYPE>>": "dingtalk-stream",
    "conversation: {group: |everybody}": "per_sender",
    "feedback: {buttons: [|{label: x}]}": "rating",
    "feedback: {buttons: [{label: x, rating: |好}]}": "must consist of letters",
    "commands: {new: |/new}": "array",
    "card: {kind: |markdwon}": '"markdown"',
    "|card: {template_id: x}": "content_key",
    "card: {templates: {|finale: {msgContent: x}}}": "finale is not allowed",
    "card: {templates: {final: |cards/final.yaml}}": "Incorrect type",
    "card: {templates: {final: {msgContent: x, |msgTitel: y}}}": "msgTitel is not allowed",
    "card: {templates: {final: {msgContent: x, msgButtons: [{text: x, color: |blau}]}}}": '"blue"',
    "card: {kind: markdown, templates: {final: {title: x, text: y, |msgContent: z}}}": "msgContent is not allowed",
    "card: {kind: standard, templates: {final: {contents: [{type: |nothing}]}}}": '"markdown"',
    "credentials: {client_id: a, client_secret: b, |token: c}": "token is not allowed",
    "agent: {type: |opnai}": '"openai"',
    "agent: {type: echo, |model: x}": "model is not allowed",
    "agent: {type: openai, base_url: |nowhere, model: m}": "must begin with http",
}


def document(text):
    """A bot file with what every bot needs, and the line and column of its | if it has one."""
    before, bar, after = text.partition("|")
    text = MODELINE + before + after
    text = text if text.endswith("\n") else text + "\n"
    needed = "" if bar and not after.strip() else REST
    for line in needed.splitlines(keepends=True):
        text += "" if f"\n{line.partition(':')[0]}:" in text else line
    place = MODELINE + before
    return text, place.count("\n") + 1, len(place) - place.rfind("\n")


@pytest.fixture
def uris():
    """Places where no file is: what an editor shows need not be saved."""
    return (BOTS.joinpath(f"unsaved-{number}.yaml").as_uri() for number in count())


@ALL_AT_ONCE
async def test_the_examples_are_without_marks(yaml_language_server):
    async with started(yaml_language_server, ROOT) as server:
        for path in EXAMPLES:
            assert await server.open(path.as_uri(), path.read_text(encoding="utf-8")) == [], path


@ALL_AT_ONCE
async def test_keys_and_words_are_completed(yaml_language_server, uris):
    async with started(yaml_language_server, ROOT) as server:
        for (text, wanted), uri in zip(COMPLETIONS.items(), uris, strict=False):
            shown, line, column = document(text)
            await server.open(uri, shown)
            offered = await server.complete(uri, line, column)
            assert wanted - offered.keys() == set(), text
            assert NOT_COMPLETED.get(text, set()) & offered.keys() == set(), text


@ALL_AT_ONCE
async def test_a_completed_key_is_explained_and_brings_no_text_nobody_asked_for(yaml_language_server, uris):
    async with started(yaml_language_server, ROOT) as server:
        uri = next(uris)
        shown, line, column = document("|")
        await server.open(uri, shown)
        offered = await server.complete(uri, line, column)
    assert "How often a growing answer" in str(offered["throttle"]["documentation"])
    assert offered["texts"]["insertText"].strip() == "texts:"
    assert "client_secret" in offered["credentials"]["insertText"]


@ALL_AT_ONCE
async def test_hovering_explains_with_default_and_example(yaml_language_server, uris):
    async with started(yaml_language_server, ROOT) as server:
        for (text, wanted), uri in zip(HOVERS.items(), uris, strict=False):
            shown, line, column = document(text)
            await server.open(uri, shown)
            said = (await server.hover(uri, line, column)).replace("\\", "")
            assert [words for words in wanted if words not in said] == [], said


@ALL_AT_ONCE
async def test_placeholders_and_templates_are_accepted_where_a_value_may_have_them(
    yaml_language_server, uris
):
    async with started(yaml_language_server, ROOT) as server:
        for text, uri in zip(ACCEPTED, uris, strict=False):
            assert await server.open(uri, document(text)[0]) == [], text


@ALL_AT_ONCE
async def test_mistakes_are_marked_at_their_place(yaml_language_server, uris):
    async with started(yaml_language_server, ROOT) as server:
        for (text, words), uri in zip(REFUSED.items(), uris, strict=False):
            shown, line, column = document(text)
            ((*place, message),) = await server.open(uri, shown)
            assert (place, words in message) == ([line, column], True), (text, message)


@ALL_AT_ONCE
async def test_a_key_is_offered_once_and_brings_no_javascript(yaml_language_server, uris):
    async with started(yaml_language_server, ROOT) as server:
        below = "card:\n  kind: standard\n  templates:\n    final:\n      contents:\n        - |"
        for text, uri in zip([*COMPLETIONS, below], uris, strict=False):
            shown, line, column = document(text)
            await server.open(uri, shown)
            offered = await server.complete_all(uri, line, column)
            labels = [item["label"] for item in offered]
            assert sorted(set(labels)) == sorted(labels), text
            assert "[object Object]" not in str(offered), text


@pytest.mark.parametrize("value", ["x", "<<X>>", "<<file:x>>"])
@ALL_AT_ONCE
async def test_a_hover_has_one_title_and_each_example_once(yaml_language_server, uris, value):
    places = [
        "credentials: {|client_id: %s}",
        "credentials: {|client_secret: %s}",
        "title: |%s",
        "timeouts: {|idle: %s}",
    ]
    async with started(yaml_language_server, ROOT) as server:
        for text, uri in zip(places, uris, strict=False):
            shown, line, column = document(text % value)
            await server.open(uri, shown)
            said = await server.hover(uri, line, column)
            examples = said.split("Example:")[1:]
            assert said, text
            assert "||" not in said.split("Source:")[0], said
            assert len({each.strip() for each in examples}) == len(examples), said
