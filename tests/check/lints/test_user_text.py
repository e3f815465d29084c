import pytest
from botfolder import bot, one

from imbot.check.lints.user_text import marked_up_user_text


def found(tmp_path, card):
    return [
        (each.code, each.pointer, each.hint)
        for each in marked_up_user_text(one(tmp_path, bot(more=card)).spec)
    ]


@pytest.mark.parametrize("shown", ["question", "sender.nick", "question | upper", "question[:20]"])
def test_a_persons_words_in_markdown_are_found(tmp_path, shown):
    card = f'card: {{templates: {{final: {{msgContent: "{{{{ {shown} }}}}: {{{{ answer }}}}"}}}}}}\n'
    assert found(tmp_path, card) == [
        ("card.user-text", "/card/templates/final/msgContent", f"write {{{{ {shown} | plain }}}}")
    ]


def test_so_are_those_of_texts_and_of_the_elements_of_a_card(tmp_path):
    card = (
        "card:\n  kind: standard\n  templates:\n    final: {contents: [{type: markdown, text: '{{ question }}'}]}\n"
        "texts: {error: 'Sorry, {{ sender.nick }}'}\n"
    )
    assert [pointer for _, pointer, _ in found(tmp_path, card)] == [
        "/card/templates/final/contents/0/text",
        "/texts/error",
    ]


@pytest.mark.parametrize(
    "layout",
    [
        '{msgContent: "{{ question | plain }}"}',
        '{msgContent: "[again](dtmd://x?content={{ question | urlencode }})"}',
        '{msgContent: "{% if question %}{{ answer }}{% endif %}"}',
        '{msgTitle: "{{ question }}", msgContent: "{{ answer }}"}',
    ],
)
def test_what_is_no_markup_is_not(tmp_path, layout):
    assert found(tmp_path, f"card: {{templates: {{final: {layout}}}}}\n") == []
