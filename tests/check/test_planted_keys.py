"""Keys: misspelt, unknown, missing, in the wrong place."""

import pytest
from planted import BOT, changed, hold, mistakes

MISTAKES = mistakes(
    ("top key misspelt", "⟦titel⟧: x", "schema.unknown-key: unknown key `titel` ⇒ did you mean `title`?"),
    (
        "top key given twice, once misspelt",
        "title: x\n⟦titel⟧: y",
        "schema.unknown-key: unknown key `titel` ⇒ did you mean `title`? It is already given at line 1",
    ),
    (
        "key given twice, once misspelt",
        "throttle:\n  ⟦intervall⟧: 2s\n  interval: 2s",
        "schema.unknown-key: unknown key `intervall` ⇒ did you mean `interval`? It is already given at line 3",
    ),
    (
        "key nearer to one that is given than to a free one",
        "card:\n  actions: []\n  kind: ai\n  ⟦action_label⟧: {stop: Stop}\n  action_labels: {stop: Stop}",
        "schema.unknown-key: unknown key `action_label` ⇒ did you mean `action_labels`? It is already given at line 5",
    ),
    (
        "top key from another tool",
        "⟦model⟧: gpt-4",
        "schema.unknown-key: unknown key `model` ⇒ known here: version, name, title,",
    ),
    ("case", "⟦Title⟧: x", "schema.unknown-key: unknown key `Title` ⇒ did you mean `title`?"),
    (
        "german key",
        "⟦größe⟧: 3",
        "schema.unknown-key: unknown key `größe` ⇒ known here: version, name, title,",
    ),
    (
        "chinese key",
        "⟦标题⟧: x",
        "schema.unknown-key: unknown key `标题` ⇒ known here: version, name, title,",
    ),
    (
        "key of credentials",
        "credentials: {client_id: a, ⟦client_secert⟧: <<SECRET>>}",
        "schema.unknown-key: unknown key `client_secert` ⇒ did you mean `client_secret`?",
    ),
    (
        "camel credentials",
        "credentials: {⟦clientId⟧: a, client_secret: <<SECRET>>}",
        "schema.unknown-key: unknown key `clientId` ⇒ did you mean `client_id`?",
    ),
    (
        "appkey",
        "credentials: {⟦app_key⟧: a, client_secret: <<SECRET>>}",
        "schema.unknown-key: unknown key `app_key` ⇒ did you mean `client_id`? It is missing",
    ),
    (
        "agent key of another agent",
        "agent: {type: echo, ⟦base_url⟧: http://x}",
        "schema.unknown-key: `base_url` is not a key of agent type `echo` ⇒ type `openai` has it: did you mean that type?",
    ),
    (
        "agent key misspelt",
        "agent: {type: openai, base_url: http://x, ⟦modle⟧: m}",
        "schema.unknown-key: unknown key `modle` ⇒ did you mean `model`?",
    ),
    (
        "agent no type",
        "⟦agent⟧: {base_url: http://x, model: m}",
        "schema.missing: `type` is missing ⇒ add type: openai (Which agent answers)",
    ),
    (
        "cred missing secret",
        "⟦credentials⟧: {client_id: a}",
        "schema.missing: `client_secret` is missing ⇒ add client_secret:",
    ),
    (
        "phase misspelt",
        "card: {templates: {⟦finale⟧: {msgContent: x}}}",
        "schema.unknown-key: unknown key `finale` ⇒ did you mean `final`?",
    ),
    (
        "layout key misspelt",
        "card: {templates: {final: {⟦msgContnet⟧: x}}}",
        "schema.unknown-key: unknown key `msgContnet` ⇒ did you mean `msgContent`?",
    ),
    (
        "layout missing content",
        "card: {templates: {⟦final⟧: {msgTitle: x}}}",
        'schema.missing: `msgContent` is missing ⇒ add msgContent: "{{ answer }}" (The',
    ),
    (
        "layout file + others",
        "card: {templates: {final: {⟦file⟧: a.yaml, msgContent: x}}}",
        "schema.unknown-key: `file` must be the only key of a layout ⇒ move the other keys into that file, or",
    ),
    (
        "button item key",
        "card: {templates: {final: {msgContent: x, msgButtons: [{⟦label⟧: x}]}}}",
        "schema.unknown-key: unknown key `label` ⇒ did you mean `text`? It is missing here",
    ),
    (
        "button id without request",
        "card: {templates: {final: {msgContent: x, msgButtons: [{text: x, ⟦id⟧: y}]}}}",
        "schema.needs: `id` needs `request` beside it ⇒ add request: true (Whether a click",
    ),
    (
        "template id alone",
        "card: {⟦template_id⟧: x}",
        "schema.needs: `template_id` needs `content_key` beside it ⇒ add content_key: content (The variable",
    ),
    (
        "content key alone",
        "card: {⟦content_key⟧: x}",
        "schema.needs: `content_key` needs `template_id` beside it ⇒ add template_id:",
    ),
    (
        "throttle misspelt",
        "⟦throtle⟧: {pace: fixed}",
        "schema.unknown-key: unknown key `throtle` ⇒ did you mean `throttle`?",
    ),
    (
        "interval misspelt",
        "throttle: {⟦intervall⟧: 2s}",
        "schema.unknown-key: unknown key `intervall` ⇒ did you mean `interval`?",
    ),
    (
        "commands misspelt",
        "commands: {⟦halp⟧: [x]}",
        "schema.unknown-key: unknown key `halp` ⇒ did you mean `help`?",
    ),
    (
        "feedback no rating",
        "feedback: {buttons: [⟦{label: x}⟧]}",
        "schema.missing: `rating` is missing ⇒ add rating: helpful (The word that is",
    ),
    (
        "timeouts",
        "timeouts: {⟦first⟧: 5s}",
        "schema.unknown-key: unknown key `first` ⇒ did you mean `first_event`?",
    ),
    (
        "texts key",
        "texts: {⟦thinkin⟧: x}",
        "schema.unknown-key: unknown key `thinkin` ⇒ did you mean `thinking`?",
    ),
    (
        "header name",
        'agent: {type: openai, base_url: http://x, model: m, headers: {⟦"a b"⟧: x}}',
        "schema.key: `a…` cannot be a key of `headers` ⇒ it must be the name of a header:",
    ),
    (
        "indent under wrong",
        "agent:\n  type: openai\n  base_url: http://x\n  model: m\n  temperature: 1\n  ⟦timeouts⟧: {total: 5s}",
        "schema.misplaced-key: `timeouts` belongs at the top level of the ⇒ move it there: check the indentation",
    ),
    (
        "typekey nested",
        "agent:\n  type: echo\n  ⟦throttle⟧: {pace: fixed}",
        "schema.misplaced-key: `throttle` belongs at the top level of the ⇒ move it there: check the indentation",
    ),
    (
        "std missing type",
        "card: {kind: standard, templates: {final: {contents: [⟦{text: x}⟧]}}}",
        "schema.missing: `type` is missing ⇒ add type: markdown (What the block is)",
    ),
    (
        "std missing text",
        "card: {kind: standard, templates: {final: {contents: [⟦{type: markdown}⟧]}}}",
        'schema.missing: `text` is missing ⇒ add text: "..."',
    ),
    (
        "std open link",
        "card: {kind: standard, templates: {final: {contents: [{type: action, actions: [⟦{type: button, label: {type: text, text: a}, actionType: openLink}⟧]}]}}}",
        "schema.missing: `url` is missing ⇒ add url: {all:",
    ),
    (
        "std no contents",
        "card: {kind: standard, templates: {⟦final⟧: {header: {title: {type: text, text: x}}}}}",
        "schema.missing: `contents` is missing ⇒ add contents: [{type: markdown, text:",
    ),
    (
        "md key",
        "card: {kind: markdown, templates: {final: {title: x, ⟦txt⟧: y}}}",
        "schema.unknown-key: unknown key `txt` ⇒ did you mean `text`?",
    ),
    (
        "ai key on md",
        "card: {kind: markdown, templates: {final: {⟦msgContent⟧: y}}}",
        "schema.unknown-key: `msgContent` is not a key of card kind `markdown` ⇒ `title` and `text` are missing here;",
    ),
    (
        "md no title",
        "card: {kind: markdown, templates: {⟦final⟧: {text: y}}}",
        'schema.missing: `title` is missing ⇒ add title: "{{ bot.title }}" (What',
    ),
    (
        "dedent last",
        changed("  interval: 2s", "⟦interval⟧: 2s"),
        "schema.misplaced-key: `interval` belongs under `throttle` ⇒ move it there: check the indentation",
    ),
    (
        "no indent all",
        changed("  pace: fixed\n  interval: 2s", "⟦pace⟧: fixed\ninterval: 2s"),
        "schema.misplaced-key: `pace`, `interval` belong under `throttle` ⇒ indent them below `throttle:`",
    ),
    (
        "no indent cred",
        changed(
            "  client_id: <<ID>>\n  client_secret: <<SECRET>>",
            "⟦client_id⟧: <<ID>>\nclient_secret: <<SECRET>>",
        ),
        "schema.misplaced-key: `client_id`, `client_secret` belong under ⇒ indent them below `credentials:`",
    ),
    (
        "throttle line deleted",
        changed("throttle:\n", "", "  pace: fixed", "  ⟦pace⟧: fixed"),
        "schema.misplaced-key: `pace`, `interval` belong under `throttle` ⇒ write `throttle:` above, and indent",
    ),
    (
        "agent line deleted",
        changed("agent:\n", "", "  type: openai", "  ⟦type⟧: openai"),
        "schema.misplaced-key: `type`, `base_url`, `model` belong under ⇒ write `agent:` above, and indent them",
    ),
    (
        "feedback line deleted",
        changed("feedback:\n", "", "  buttons:", "  ⟦buttons⟧:"),
        "schema.misplaced-key: `buttons` belongs under `feedback` ⇒ write `feedback:` above, and indent it",
    ),
    (
        "bom typo",
        {
            "a.yaml": "\ufefftype: dingtalk-stream\n⟦titel⟧: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n  buttons:\n    - {label: 👍, rating: good}\n    - label: 👎\n      rating: bad\n"
        },
        "schema.unknown-key: unknown key `titel` ⇒ did you mean `title`?",
    ),
    (
        "layout number name",
        BOT + "card: {templates: {final: {⟦file⟧: 5}}}\n",
        "schema.unknown-key: `file` must be the only key of a layout ⇒ move the other keys into that file, or",
    ),
    (
        "layout typo",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n",
            "cards/f.yaml": 'msgTitle: x\n⟦msgContnt⟧: "{{ answer }}"\n',
        },
        "schema.unknown-key: unknown key `msgContnt` ⇒ did you mean `msgContent`?",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_key_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
