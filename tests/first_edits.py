"""Edits that go wrong in the first hour: what is changed, and where, why and how to mend it imbot must say."""

from typing import NamedTuple

GOOD = """\
type: dingtalk-stream
title: IT 服务台
credentials:
  client_id: app-a
  client_secret: <<SECRET:-none>>
agent:
  type: openai
  base_url: http://127.0.0.1:9/v1
  model: qwen-plus
timeouts:
  idle: 30s
card:
  kind: ai
  vars:
    hotline: 400-000
  templates:
    final:
      msgContent: |
        {{ answer }}
        {{ vars.hotline }}
      msgButtons: "{{ buttons }}"
feedback:
  buttons:
    - label: 好
      rating: good
    - label: 差
      rating: bad
"""


class Edit(NamedTuple):
    """``old`` becomes ``new``; the problem is at ``line`` and ``column``, and says ``cause`` and ``cure``."""

    old: str
    new: str
    line: int
    column: int
    cause: str
    cure: str

    @property
    def text(self) -> str:
        """The file after the edit."""
        assert self.old in GOOD, self.old
        return GOOD.replace(self.old, self.new, 1)


EDITS = {
    "a tab": Edit("  idle", "\tidle", 11, 1, "a tab in the indentation", "spaces only"),
    "a full-width colon": Edit("title: ", "title：", 2, 6, "ASCII colon", "type an ASCII colon and a space"),
    "no space after a colon": Edit("idle: 30s", "idle:30s", 11, 3, "`timeouts` must be a mapping", "a space after the colon"),
    "a space instead of a colon": Edit("model: q", "model q", 9, 3, "no colon", "add it"),
    "a duration without a unit": Edit("30s", "30", 11, 9, "`idle` must be a duration", "with its unit"),
    "a duration in words": Edit("30s", "30 秒", 11, 9, "`idle` must be a duration", "`2s`"),
    "a misspelt key": Edit("  model", "  modle", 9, 3, "unknown key `modle`", "did you mean `model`?"),
    "a key in camel case": Edit("base_url", "baseUrl", 8, 3, "unknown key `baseUrl`", "did you mean `base_url`?"),
    "a type in capitals": Edit("openai", "OpenAI", 7, 9, "`type` must be one of", "did you mean `openai`?"),
    "an address without a scheme": Edit("http://", "", 8, 13, "must begin with http://", "for example https://"),
    "less indentation": Edit("  model", " model", 9, 2, "indentation", "same column"),
    "a quote left open": Edit("IT 服务台", '"IT 服务台', 2, 8, "never closed", "add the closing quote"),
    "a comment by mistake": Edit("IT 服务台", "#1 服务台", 2, 1, "`title` is empty", "# begins a comment"),
    "a sign at the beginning": Edit("IT 服务台", "@服务台", 2, 8, "cannot begin with this character", "in quotes"),
    "a template without quotes": Edit('"{{ buttons }}"', "{{ buttons }}", 21, 19, "a template without quotes", "in quotes"),
    "a misspelt variable": Edit("{{ answer", "{{ anwser", 19, 12, "`anwser` is not defined", "did you mean `answer`?"),
    "a brace that is missing": Edit("{{ answer }}", "{{ answer }", 19, 19, "`}` does not fit here", "}}"),
    "an if that is not closed": Edit("{{ answer", "{% if answer %}{{ answer", 19, 12, "`if` is not closed", "{% endif %}"),
    "an unknown filter": Edit("{{ answer", "{{ answer | uper", 19, 21, "no filter `uper`", "did you mean `upper`?"),
    "a variable of `vars`": Edit("vars.hotline", "vars.hotlin", 20, 17, "no `hotlin`", "did you mean `hotline`?"),
    "a placeholder in a template": Edit("{{ vars.hotline }}", "<<HOTLINE>>", 20, 9, "not allowed in a template", "card.vars"),
    "a variable that is not set": Edit("<<SECRET:-none>>", "<<SECERT>>", 5, 18, "SECERT is not set", "set it in the environment"),
    "a key twice": Edit("type: d", "title: x\ntype: d", 3, 1, "'title' is already given at line 1", "keep one of the two"),
    "a rating twice": Edit("rating: bad", "rating: good", 27, 15, "the same rating", "give each its own"),
    "a button that is a text": Edit("label: 差\n      rating: bad", "差", 26, 7, "must be a mapping", "for example {label"),
    "a text for a list": Edit("timeouts:", "access: {users: manager01}\ntimeouts:", 10, 17, "`users` must be a list", "[manager01"),
    "a word for true": Edit("kind: ai", "mention_sender: yes", 13, 19, "true or false", "write true"),
    "keys at the wrong place": Edit(
        "credentials:\n  client_id: app-a\n  client", "client_id: app-a\nclient", 3, 1, "belong under `credentials`", "indent"
    ),
    "an agent in one word": Edit("timeouts:", "history: 10\ntimeouts:", 10, 10, "`history` must be a mapping", "turns: 5"),
    "an unknown phase": Edit("    final:", "    finished:", 17, 5, "unknown key `finished`", "final"),
    "a layout that is not there": Edit(
        '    final:\n      msgContent: |\n        {{ answer }}\n        {{ vars.hotline }}\n      msgButtons: "{{ buttons }}"',
        "    final: {file: cards/finl.yaml}", 17, 19, "there is no file", "did you mean `cards/final.yaml`?",
    ),
    "a key of another agent": Edit("  model", "  knowledge: k\n  model", 9, 3, "not a key of agent type `openai`", "type `faq`"),
    "a merge conflict": Edit("timeouts:", "<<<<<<< HEAD\ntimeouts:", 10, 1, "a merge conflict", "keep one of the two"),
}  # fmt: skip
WARNED = {
    "one angle for a placeholder": Edit(
        "<<SECRET:-none>>", "<SECRET>", 5, 18, "looks like a placeholder", "two"
    ),
    "a variable of a shell": Edit("app-a", "${APP}", 4, 14, "looks like a placeholder", "<<NAME>>"),
    "spaces in a placeholder": Edit(
        "app-a", "<< APP >>", 4, 14, "looks like a placeholder", "without spaces"
    ),
}
