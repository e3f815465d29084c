from imbot.cards.buttons import Button
from imbot.cards.markdown import MarkdownKind
from imbot.model import CardPhase
from imbot.spec import CardSpec


def test_a_message_shows_nothing_before_the_end_and_has_no_buttons():
    kind = MarkdownKind(CardSpec("markdown"))
    assert not kind.live
    assert kind.buttons([Button("feedback:good", "好")]) == []


def test_title_and_text_are_texts():
    packed = MarkdownKind(CardSpec("markdown")).pack(CardPhase.FINAL, {"title": 5, "text": "x"})
    assert packed == {"title": "5", "text": "x"}
