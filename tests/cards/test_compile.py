import pytest
from dingtalk_cards import prepare_card

from imbot.errors import ConfigError


def problems_of(spec):
    with pytest.raises(ConfigError) as caught:
        prepare_card(spec)
    return [(problem.line, problem.column, problem.code) for problem in caught.value.problems]


FINAL = """\
card:
  kind: ai
  vars: {hotline: "400"}
  templates:
    final:
"""


@pytest.mark.parametrize(
    ("layout", "place"),
    [
        ('      msgContent: "{{ anwser }}"\n', (6, 23, "template.undefined")),
        (
            "      msgContent: |\n        one\n        two {{ vars.hotlin }} end\n",
            (8, 21, "template.undefined"),
        ),
        ("      msgContent: |\n        one\n\n        two {{ anwser }}\n", (9, 16, "template.undefined")),
        ("      msgContent: |\n        {% if answer %}\n        x\n", (7, 12, "template.syntax")),
        ('      msgContent: "{{ answer | replace(1) }}"\n', (6, 32, "template.error")),
        ("      msgContent: \"{{ 'a' * 10**9 }}\"\n", (6, 20, "template.too-expensive")),
        ('      msgContent: "{{ answer.__class__ }}"\n', (6, 30, "template.unsafe")),
        ("      msgContent: \"{% include 'a.j2' %}\"\n", (6, 32, "template.missing")),
        ('      msgTitle: "{{ question }}"\n', (6, 7, "schema.missing")),
        ('      msgContent: "x"\n      msgTitel: "x"\n', (7, 7, "schema.unknown-key")),
        ('      msgContent: "{{ suggestions }}"\n', (6, 19, "schema.type")),
        (
            '      msgContent: x\n      msgButtons:\n      - if: suggestions\n        text: "{{ answer }}"\n      - color: blau\n        text: x\n',
            (10, 16, "schema.enum"),
        ),
        (
            '      msgContent: x\n      msgButtons:\n      - for: s in suggestions\n        text: "{{ s }}"\n        colour: red\n',
            (10, 9, "schema.unknown-key"),
        ),
    ],
)
def test_a_problem_stands_where_the_mistake_is(bot, layout, place):
    assert problems_of(bot(FINAL + layout)) == [place]


def test_all_phases_and_texts_are_checked_at_once(bot):
    spec = bot(
        'card:\n  kind: ai\n  templates:\n    thinking: {msgContent: "{{ a1 }}"}\n    error: {msgContent: "{{ a2 }}"}\n'
        'texts:\n  help: "{{ a3 }}"\n'
    )
    assert [line for line, _, _ in problems_of(spec)] == [4, 5, 7]


def test_a_mistake_that_only_shows_in_some_turns_says_in_which(bot):
    with pytest.raises(ConfigError) as caught:
        prepare_card(bot(FINAL + '      msgContent: "{{ suggestions[0] }}"\n'))
    (problem,) = caught.value.problems
    assert problem.message == "there is no item 0 here, with an empty turn"


def test_a_mistake_in_an_included_text_stands_in_its_file(bot):
    spec = bot(
        FINAL + "      msgContent: \"{% include 'cards/x.j2' %}\"\n",
        files={"cards/x.j2": "a\n  {{ vars.hot }}"},
    )
    with pytest.raises(ConfigError) as caught:
        prepare_card(spec)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.column) == ("bots/cards/x.j2", 2, 11)
    assert problem.hint == "did you mean `hotline`?"


def test_texts_do_not_contain_each_other(bot):
    assert problems_of(bot('card: {kind: ai}\ntexts: {help: "{{ texts.error }}"}\n')) == [
        (2, 19, "template.undefined")
    ]


def test_an_own_template_takes_any_keys_but_needs_its_content_key(bot):
    head = "card:\n  kind: ai\n  template_id: mine.schema\n  content_key: content\n  templates:\n    final:\n"
    card = prepare_card(bot(head + '      content: "{{ answer }}"\n      anything: [1]\n'))
    assert card.kind == "ai"
    assert problems_of(bot(head + "      anything: [1]\n")) == [(7, 7, "card.content-key")]


def test_a_text_must_draw_in_every_phase_and_is_told_once(bot, caplog):
    spec = bot('card: {kind: ai}\ntexts:\n  help: "{{ 1 // 0 }}"\n  error: "{{ buttons[0].text }}"\n')
    assert problems_of(spec) == [(3, 10, "template.error"), (4, 11, "template.undefined")]
    assert not caplog.records


def test_samples_carry_what_breaks_cards(bot):
    layout = '      msgContent: "x"\n      msgTitle: "{{ question | int / 1 if question.isdigit() else question }}"\n'
    prepare_card(bot(FINAL + layout))
    with pytest.raises(ConfigError, match="quotes, braces"):
        prepare_card(
            bot(FINAL + "      msgContent: \"{{ '%d' % 1 if '%' not in question else question % 1 }}\"\n")
        )


def test_a_fingerprint_is_equal_exactly_when_the_layouts_are(bot):
    base = FINAL + '      msgContent: "{{ answer }}"\n'
    same = [
        bot(base),
        bot(base.replace("    final", "\n    final")),
        bot(base, ratings=()),
        bot(base, title="B"),
    ]
    assert len({prepare_card(spec).fingerprint for spec in same}) == 1
    other = [
        bot(base.replace("answer", "question")),
        bot(base.replace("400", "401")),
        bot(base, files={"x.j2": ""}),
        bot(base + "    error: {msgContent: x}\n"),
        bot(base.replace("ai", "ai\n  template_id: x\n  content_key: msgContent")),
        bot(base + "texts: {error: no}\n"),
        bot(),
        bot("card: {kind: markdown}"),
    ]
    assert len({prepare_card(spec).fingerprint for spec in [same[0], *other]}) == 1 + len(other)


def test_preparing_the_same_again_is_cheap(bot, monkeypatch):
    spec = bot(FINAL + '      msgContent: "{{ answer }} {{ vars.hotline }}"\n')
    prepare_card(spec)
    monkeypatch.setattr("imbot.config.schema.violation", lambda *_: pytest.fail("judged again"))
    prepare_card(bot(FINAL + '      msgContent: "{{ answer }} {{ vars.hotline }}"\n', title="another"))


def test_a_plain_card_of_every_kind_prepares(bot):
    for kind in ("ai", "standard", "markdown"):
        assert prepare_card(bot(f"card: {{kind: {kind}}}")).kind == kind
