import pytest
from botfolder import bot, one, write

from imbot.check.lints.final import final_without_answer


def found(tmp_path, card, files=()):
    write(tmp_path / "bots", dict(files))
    return [
        (each.code, each.pointer)
        for each in final_without_answer(one(tmp_path, bot(more=f"card: {card}\n")).spec)
    ]


@pytest.mark.parametrize(
    "card",
    [
        "{templates: {final: {msgContent: Done.}}}",
        "{templates: {final: {msgContent: ''}}}",
        "{templates: {final: {msgContent: '{{ question }}'}}}",
        "{kind: markdown, templates: {final: {title: x, text: x}}}",
        "{kind: standard, templates: {final: {contents: [{type: markdown, text: x}]}}}",
    ],
)
def test_a_final_layout_that_shows_nothing_is_found(tmp_path, card):
    assert found(tmp_path, card) == [("card.no-answer", "/card/templates/final")]


@pytest.mark.parametrize(
    "card",
    [
        "{}",
        "{templates: {final: {msgContent: '{{ answer }}'}}}",
        "{templates: {final: {msgContent: x, msgButtons: '{{ buttons }}'}}}",
        "{templates: {final: {msgContent: \"{% include 'part.j2' %}\"}}}",
        "{templates: {error: {msgContent: x}, stopped: {msgContent: x}, thinking: {msgContent: x}}}",
        "{template_id: own.schema, content_key: c, templates: {final: {c: x}}}",
    ],
)
def test_a_layout_that_shows_the_answer_or_need_not_is_let_pass(tmp_path, card):
    assert found(tmp_path, card, {"part.j2": "{{ answer | trim }}"}) == []
