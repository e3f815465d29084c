"""Values of the wrong type."""

import pytest
from planted import changed, hold, mistakes

MISTAKES = mistakes(
    (
        "agent missing",
        "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\n⟦agent⟧:\n",
        "schema.type: `agent` is empty; it must be a mapping ⇒ remove the key, or give it a value",
    ),
    (
        "agent text",
        "agent: ⟦openai⟧",
        "schema.type: `agent` must be a mapping ⇒ for example {type: openai, base_url:",
    ),
    (
        "credentials list",
        "credentials: ⟦[a, b]⟧",
        "schema.type: `credentials` must be a mapping ⇒ for example {client_id:",
    ),
    (
        "cred empty",
        "⟦credentials⟧:\n",
        "schema.type: `credentials` is empty; it must be a mapping ⇒ remove the key, or give it a value",
    ),
    ("type number", "type: ⟦5⟧", "schema.type: `type` must be one of: dingtalk-stream ⇒ the default is"),
    (
        "layout text",
        "card: {templates: {final: ⟦cards/final.yaml⟧}}",
        "schema.type: `final` must be a mapping ⇒ for example {file: cards/final.yaml}",
    ),
    (
        "layout list",
        "card: {templates: {final: ⟦[a]⟧}}",
        "schema.type: `final` must be a mapping ⇒ for example {file: cards/final.yaml}",
    ),
    (
        "layout null",
        "card: {templates: {⟦final⟧: }}",
        "schema.type: `final` is empty; it must be a mapping ⇒ remove the key, or give it a value",
    ),
    (
        "pace bool",
        "throttle: {pace: ⟦true⟧}",
        "schema.type: `pace` must be one of: adaptive, fixed, ⇒ the default is",
    ),
    (
        "interval number",
        "throttle: {interval: ⟦2⟧}",
        "schema.type: `interval` must be a duration ⇒ a whole number with its unit: `500ms`,",
    ),
    (
        "chunks text",
        "throttle: {chunks: ⟦five⟧}",
        "schema.type: `chunks` must be a whole number ⇒ for example 10",
    ),
    (
        "chunks quoted",
        "throttle: {chunks: ⟦'5'⟧}",
        "schema.type: `chunks` must be a whole number ⇒ write it without quotes",
    ),
    (
        "chunks float",
        "throttle: {chunks: ⟦2.5⟧}",
        "schema.type: `chunks` must be a whole number ⇒ for example 10",
    ),
    (
        "max updates bool",
        "throttle: {max_updates: ⟦yes⟧}",
        "schema.type: `max_updates` must be a whole number ⇒ for example 10",
    ),
    (
        "throttle list",
        "throttle:\n  ⟦- pace: fixed⟧",
        "schema.type: `throttle` must be a mapping ⇒ for example {pace: fixed, interval: 2s,",
    ),
    (
        "throttle text",
        "throttle: ⟦fast⟧",
        "schema.type: `throttle` must be a mapping ⇒ for example {pace: fixed, interval: 2s,",
    ),
    ("title number", "title: ⟦007⟧", "schema.type: `title` must be a text ⇒ put it in quotes"),
    ("title list", "title: ⟦[a]⟧", "schema.type: `title` must be a text ⇒ for example IT 服务台"),
    (
        "title null",
        "⟦title⟧: ",
        "schema.type: `title` is empty; it must be a text ⇒ remove the key, or give it a value",
    ),
    (
        "name null",
        "⟦name⟧:",
        "schema.type: `name` is empty; it must be a text ⇒ remove the key, or give it a value",
    ),
    ("name num", "name: ⟦5⟧", "schema.type: `name` must be a text ⇒ put it in quotes"),
    (
        "enabled text",
        "enabled: ⟦yes⟧",
        "schema.type: `enabled` must be true or false ⇒ write true, without quotes",
    ),
    (
        "enabled num",
        "enabled: ⟦1⟧",
        "schema.type: `enabled` must be true or false ⇒ write true, without quotes",
    ),
    (
        "enabled null",
        "⟦enabled⟧: ",
        "schema.type: `enabled` is empty; it must be true or false ⇒ remove the key, or give it a value",
    ),
    (
        "version text",
        "version: ⟦'1'⟧",
        "schema.type: `version` must be a whole number ⇒ write it without quotes",
    ),
    (
        "commands text",
        "commands: {new: ⟦/new⟧}",
        "schema.type: `new` must be a list ⇒ for example [/new, 清空]",
    ),
    (
        "commands item number",
        "commands: {new: [⟦1⟧]}",
        "schema.type: item 1 of `new` must be a text ⇒ put it in quotes",
    ),
    (
        "feedback list",
        "feedback: ⟦[{label: x, rating: y}]⟧",
        'schema.type: `feedback` must be a mapping ⇒ for example {buttons: [{label: "😄',
    ),
    (
        "feedback button text",
        "feedback: {buttons: [⟦good⟧]}",
        'schema.type: item 1 of `buttons` must be a mapping ⇒ for example {label: "👍 有帮助", rating:',
    ),
    (
        "feedback thanks list",
        "feedback: {thanks: ⟦[x]⟧}",
        'schema.type: `thanks` must be a text ⇒ for example "收到，谢谢！"',
    ),
    (
        "history text",
        "history: ⟦none⟧",
        "schema.type: `history` must be a mapping ⇒ for example {turns: 5, chars: 8000}",
    ),
    ("texts num", "texts: {thinking: ⟦5⟧}", "schema.type: `thinking` must be a text ⇒ put it in quotes"),
    (
        "texts list",
        "texts: {help: ⟦[a, b]⟧}",
        'schema.type: `help` must be a text ⇒ for example "我能回答休假、报销和设备方面的问题。"',
    ),
    (
        "texts null",
        "texts: {⟦help⟧: }",
        "schema.type: `help` is empty; it must be a text ⇒ remove the key, or give it a value",
    ),
    (
        "texts map",
        "texts: {help: ⟦{a: b}⟧}",
        'schema.type: `help` must be a text ⇒ for example "我能回答休假、报销和设备方面的问题。"',
    ),
    (
        "mention",
        "card: {mention_sender: ⟦sometimes⟧}",
        "schema.type: `mention_sender` must be true or false ⇒ write true or false",
    ),
    ("vars list", "card: {vars: ⟦[a]⟧}", "schema.type: `vars` must be a mapping ⇒ for example {hotline:"),
    (
        "openai key number",
        "agent: {type: openai, base_url: http://x, model: m, api_key: ⟦12345⟧}",
        "schema.type: `api_key` must be a text ⇒ put it in quotes",
    ),
    (
        "temp text",
        "agent: {type: openai, base_url: http://x, model: m, temperature: ⟦hot⟧}",
        "schema.type: `temperature` must be a number ⇒ for example 0.7",
    ),
    (
        "header list",
        "agent: {type: openai, base_url: http://x, model: m, headers: ⟦[x]⟧}",
        "schema.type: `headers` must be a mapping ⇒ for example {api-key: <<AZURE_API_KEY>>}",
    ),
    (
        "header value num",
        "agent: {type: openai, base_url: http://x, model: m, headers: {X-A: ⟦5⟧}}",
        "schema.type: `X-A` must be a text ⇒ put it in quotes",
    ),
    (
        "body text",
        "agent: {type: openai, base_url: http://x, model: m, body: ⟦x⟧}",
        "schema.type: `body` must be a mapping ⇒ for example {enable_thinking: false}",
    ),
    (
        "instructions list",
        "agent:\n  type: openai\n  base_url: http://x\n  model: m\n  instructions:\n    ⟦- be kind⟧",
        'schema.type: `instructions` must be a text ⇒ for example "你是 IT 服务台的助手，回答要简短。"',
    ),
    (
        "null ==",
        "card: {templates: {final: {msgContent: ⟦'{{ None }}'⟧}}}",
        "schema.type: `msgContent` is empty; it must be a text or ⇒ remove the key, or give it a value",
    ),
    (
        "list content",
        "card: {templates: {final: {msgContent: ⟦'{{ suggestions }}'⟧}}}",
        'schema.type: `msgContent` must be a text or a number ⇒ for example "{{ answer }}"',
    ),
    (
        "buttons str",
        "card: {templates: {final: {msgContent: x, msgButtons: ⟦' {{ buttons }}!'⟧}}}",
        "schema.type: `msgButtons` must be a list ⇒ for example [{text: 联系人工, color: gray,",
    ),
    (
        "buttons none",
        "card: {templates: {final: {msgContent: x, msgButtons: ⟦'{{ answer }}'⟧}}}",
        "schema.type: `msgButtons` must be a list ⇒ for example [{text: 联系人工, color: gray,",
    ),
    (
        "std btn label",
        "card: {kind: standard, templates: {final: {contents: [{type: action, actions: [{type: button, label: ⟦a⟧, actionType: request}]}]}}}",
        'schema.type: `label` must be a mapping ⇒ for example {type: text, text: "{{',
    ),
    (
        "buttons line deleted",
        {
            "a.yaml": "type: dingtalk-stream\ntitle: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n    ⟦- {label: 👍, rating: good}\n    - label: 👎\n      rating: bad⟧\n"
        },
        'schema.type: `feedback` must be a mapping ⇒ for example {buttons: [{label: "😄',
    ),
    (
        "amp",
        changed("title: 客服", "title: ⟦&a⟧"),
        "schema.type: `title` is empty; it must be a text ⇒ remove the key, or give it a value",
    ),
    (
        "secret list",
        {
            "a.yaml": "credentials:\n  client_id: a\n  client_secret: ⟦[s3cr3t-value-x7]⟧\nagent: {type: echo}\n"
        },
        "schema.type: `client_secret` must be a text ⇒ for example <<DINGTALK_CLIENT_SECRET>>",
    ),
    (
        "secret map",
        {
            "a.yaml": "credentials:\n  client_id: a\n  client_secret: ⟦{s3cr3t-value-x7: 1}⟧\nagent: {type: echo}\n"
        },
        "schema.type: `client_secret` must be a text ⇒ for example <<DINGTALK_CLIENT_SECRET>>",
    ),
    (
        "secret colonless nested",
        {
            "a.yaml": "credentials:\n  client_id: a\n  client_secret:\n    ⟦s3cr3t-value-x7: x⟧\nagent: {type: echo}\n"
        },
        "schema.type: `client_secret` must be a text ⇒ for example <<DINGTALK_CLIENT_SECRET>>",
    ),
    (
        "cred string",
        {"a.yaml": "credentials: ⟦a:s3cr3t-value-x7⟧\nagent: {type: echo}\n"},
        "schema.type: `credentials` must be a mapping ⇒ for example {client_id:",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_type_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
