"""Values: forms, ranges, words, and what cannot stand together."""

import pytest
from planted import hold, mistakes

MISTAKES = mistakes(
    (
        "agent type misspelt",
        "agent: {type: ⟦opnai⟧, base_url: http://x, model: m}",
        "schema.enum: `type` must be one of: echo, faq, openai ⇒ did you mean `openai`?",
    ),
    (
        "agent type alias",
        "agent: {type: ⟦dify⟧, base_url: http://x, api_key: x}",
        "schema.enum: `type` must be one of: echo, faq, openai ⇒ for example openai",
    ),
    (
        "type misspelt",
        "type: ⟦dingtalk-steam⟧",
        "schema.enum: `type` must be one of: dingtalk-stream ⇒ did you mean `dingtalk-stream`?",
    ),
    (
        "type wrong name",
        "type: ⟦slack⟧",
        "schema.enum: `type` must be one of: dingtalk-stream ⇒ the default is dingtalk-stream",
    ),
    (
        "type unknown with creds",
        "type: ⟦feishu⟧\ncredentials: {app_id: x, app_secret: y}",
        "schema.enum: `type` must be one of: dingtalk-stream ⇒ the default is dingtalk-stream",
    ),
    (
        "kind misspelt",
        "card: {kind: ⟦markdwon⟧}",
        "schema.enum: `kind` must be one of: ai, markdown, ⇒ did you mean `markdown`?",
    ),
    (
        "kind unknown with templates",
        "card: {kind: ⟦a2ui⟧, templates: {final: {foo: x}}}",
        "schema.enum: `kind` must be one of: ai, markdown, ⇒ the default is ai",
    ),
    (
        "button color",
        "card: {templates: {final: {msgContent: x, msgButtons: [{text: x, color: ⟦green⟧}]}}}",
        "schema.enum: `color` must be one of: gray, blue, red ⇒ for example gray",
    ),
    (
        "pace misspelt",
        "throttle: {pace: ⟦adaptiv⟧}",
        "schema.enum: `pace` must be one of: adaptive, fixed, ⇒ did you mean `adaptive`?",
    ),
    (
        "interval form",
        "throttle: {interval: ⟦2 seconds⟧}",
        "schema.pattern: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "interval zero",
        "throttle: {interval: ⟦0s⟧}",
        "schema.pattern: `interval` must be more than zero ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "interval neg",
        "throttle: {interval: ⟦-2s⟧}",
        "schema.pattern: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "interval frac",
        "throttle: {interval: ⟦1.5s⟧}",
        "schema.pattern: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "chunks zero",
        "throttle: {chunks: ⟦0⟧}",
        "schema.range: `chunks` must be at least 1 ⇒ the default is 5",
    ),
    (
        "chunks huge",
        "throttle: {chunks: ⟦999999⟧}",
        "schema.range: `chunks` must be at most 10000 ⇒ the default is 5",
    ),
    (
        "title empty",
        'title: ⟦""⟧',
        "schema.length: `title` must not be empty ⇒ remove the key, or give it a value",
    ),
    (
        "name spaces",
        "name: ⟦my bot⟧",
        "schema.pattern: `name` must consist of letters, digits, ⇒ for example helpdesk",
    ),
    (
        "name slash",
        "name: ⟦a/b⟧",
        "schema.pattern: `name` must consist of letters, digits, ⇒ for example helpdesk",
    ),
    (
        "version 2",
        "version: ⟦2⟧",
        "version.newer: this is version 2 of the file format; this ⇒ upgrade imbot",
    ),
    ("version 0", "version: ⟦0⟧", "schema.range: `version` must be at least 1 ⇒ the default is 1"),
    (
        "version 1.5",
        "version: ⟦1.5⟧",
        "version.newer: this is version 1.5 of the file format; ⇒ upgrade imbot",
    ),
    (
        "commands dup",
        "commands: {new: ⟦[/new, /new]⟧}",
        "schema.unique: `new` has the same item twice ⇒ remove one of them",
    ),
    (
        "commands empty item",
        'commands: {new: [⟦""⟧, /new]}',
        "schema.length: item 1 of `new` must not be empty ⇒ remove the key, or give it a value",
    ),
    (
        "feedback rating chinese",
        "feedback: {buttons: [{label: x, rating: ⟦好⟧}]}",
        "schema.pattern: `rating` must consist of letters, digits, ⇒ for example helpful",
    ),
    (
        "feedback rating dup",
        "feedback: {buttons: [{label: x, rating: a}, {label: y, rating: ⟦a⟧}]}",
        "feedback.same-rating: item 2 of `buttons` has the same rating as ⇒ give each its own",
    ),
    (
        "feedback label empty",
        'feedback: {buttons: [{label: ⟦""⟧, rating: a}]}',
        "schema.length: `label` must not be empty ⇒ remove the key, or give it a value",
    ),
    ("history neg", "history: {turns: ⟦-1⟧}", "schema.range: `turns` must be at least 0 ⇒ the default is 10"),
    (
        "history big",
        "history: {turns: ⟦5000⟧}",
        "schema.range: `turns` must be at most 1000 ⇒ the default is 10",
    ),
    (
        "conv group",
        "conversation: {group: ⟦per-sender⟧}",
        "schema.enum: `group` must be one of: per_sender, shared ⇒ did you mean `per_sender`?",
    ),
    (
        "conv group unknown",
        "conversation: {group: ⟦private⟧}",
        "schema.enum: `group` must be one of: per_sender, shared ⇒ the default is per_sender",
    ),
    (
        "conv idle",
        "conversation: {idle: ⟦1 hour⟧}",
        "schema.pattern: `idle` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "timeouts day",
        "timeouts: {total: ⟦1d⟧}",
        "schema.pattern: `total` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "openai base url",
        "agent: {type: openai, base_url: ⟦api.example.com/v1⟧, model: m}",
        "schema.pattern: `base_url` must begin with http:// or ⇒ for example",
    ),
    (
        "openai base url placeholder",
        "agent: {type: openai, base_url: ⟦<<ID>>⟧, model: m}",
        "schema.pattern: `base_url` must begin with http:// or ⇒ for example",
    ),
    (
        "openai key space",
        'agent: {type: openai, base_url: http://x, model: m, api_key: ⟦"a b"⟧}',
        "schema.pattern: `api_key` must hold no spaces, and not be ⇒ for example <<LLM_API_KEY>>",
    ),
    (
        "temp high",
        "agent: {type: openai, base_url: http://x, model: m, temperature: ⟦3⟧}",
        "schema.range: `temperature` must be at most 2 ⇒ for example 0.7",
    ),
    (
        "header newline",
        'agent: {type: openai, base_url: http://x, model: m, headers: {X-A: ⟦"a\\nb"⟧}}',
        "schema.pattern: `X-A` must stand on one line ⇒ for example <<AZURE_API_KEY>>",
    ),
    (
        "int range",
        "throttle: {chunks: ⟦<<BIG>>⟧}",
        "schema.range: `chunks` must be at most 10000 ⇒ the default is 5",
        {"BIG": "99999"},
    ),
    (
        "enum",
        "throttle: {pace: ⟦<<ID>>⟧}",
        "schema.enum: `pace` must be one of: adaptive, fixed, ⇒ the default is adaptive",
    ),
    (
        "duration",
        "throttle: {interval: ⟦<<ID>>⟧}",
        "schema.pattern: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "duration s",
        "throttle: {interval: ⟦<<FIVE>>⟧}",
        "schema.pattern: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "secret too short",
        "credentials:\n  client_id: a\n  client_secret: ⟦<<EMPTY:->>⟧\n",
        "schema.length: `client_secret` must not be empty ⇒ remove the key, or give it a value",
    ),
    (
        "btn empty text",
        "card: {templates: {final: {msgContent: x, msgButtons: [{text: ⟦'{{ error }}'⟧}]}}}",
        "schema.length: `text` must not be empty, with an empty turn ⇒ remove the key, or give it a value",
    ),
    (
        "std button",
        "card: {kind: standard}\nfeedback: {buttons: ⟦[{label: a, rating: b}]⟧}",
        "card.no-callback!: clicks on cards of kind `standard` cannot reach the ⇒ use `card: {kind: ai}`",
    ),
    (
        "md own",
        "card: {kind: markdown, template_id: ⟦x⟧, content_key: y}",
        "card.template-id: cards of kind `markdown` cannot use a template of your own ⇒ remove `template_id` and `content_key`",
    ),
    (
        "std type",
        "card: {kind: standard, templates: {final: {contents: [{type: ⟦markdwon⟧, text: x}]}}}",
        "schema.enum: `type` must be one of: text, markdown, ⇒ did you mean `markdown`?",
    ),
    (
        "a word under two commands",
        "commands: {new: [/x], help: [/help, ⟦/x⟧]}",
        "commands.same-word!: `/x` is a word of both `new` and `help`, so it never does `help` ⇒ give each command words",
    ),
    (
        "a word in another case",
        "commands: {stop: [Halt], help: [⟦'hALT'⟧]}",
        "commands.same-word!: `hALT` is a word of both `stop` and `help` ⇒ give each command words of its own",
    ),
    (
        "a word of a default command",
        "commands: {new: ⟦[/help]⟧}",
        "commands.same-word!: `/help` is a word of both `new` and `help` ⇒ give each command words of its own",
    ),
    (
        "a variable of a shell",
        "agent: {type: openai, base_url: http://x, model: m, api_key: ⟦$KEY⟧}",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write <<NAME>> instead",
    ),
    (
        "a variable of a template",
        "agent: {type: openai, base_url: http://x, model: m, api_key: '⟦{{ env.KEY }}⟧'}",
        "placeholder.near-miss: this looks like a placeholder but is not one ⇒ write <<NAME>> instead",
    ),
    (
        "a variable of Windows",
        "title: '⟦%TITLE%⟧'",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write <<NAME>> instead",
    ),
    (
        "secret newline",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\nagent: {type: openai, base_url: http://x, model: m, api_key: ⟦<<file:s.txt>>⟧}\n",
            "s.txt": "s3cr3t-value-x7\nsecond\n",
        },
        "schema.pattern: `api_key` must hold no spaces, and not be ⇒ for example <<LLM_API_KEY>>",
    ),
    (
        "secret with two newlines",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: ⟦<<file:s.txt>>⟧}\nagent: {type: echo}\n",
            "s.txt": "s3cr3t-value-x7\n\n",
        },
        "schema.pattern: `client_secret` ends with a line break ⇒ write it on the line of its key",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_value_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
