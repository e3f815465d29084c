import pytest
from botfolder import bot, one

from imbot.check.lints.buttons import unshown_buttons

RATED = "feedback: {buttons: [{label: 👍, rating: good}]}\n"


def found(tmp_path, card, more=""):
    return [
        (problem.code, problem.severity, problem.line, problem.message)
        for problem in unshown_buttons(one(tmp_path, bot(more=f"{more}card:\n  {card}\n")).spec)
    ]


def test_a_final_layout_without_the_buttons_of_feedback_is_found(tmp_path):
    ((code, severity, line, message),) = found(
        tmp_path, 'templates: {final: {msgContent: "{{ answer }}"}}', RATED
    )
    assert (code, severity) == ("card.buttons-unused", "warning")
    assert message == "the layout of `final` has no place for the buttons of `feedback.buttons`"
    assert line > 1


def test_all_layouts_that_lack_them_are_one_problem(tmp_path):
    card = "actions: [stop, regenerate]\n  templates: {streaming: {msgContent: x}, final: {msgContent: x}}"
    ((*_, message),) = found(tmp_path, card, RATED)
    assert message.startswith("the layouts of `streaming` and `final` have no place")
    assert "`card.actions` and `feedback.buttons`" in message


@pytest.mark.parametrize(
    "card",
    [
        'templates: {final: {msgContent: x, msgButtons: "{{ buttons }}"}}',
        'templates: {final: {msgContent: x, msgButtons: "{{ buttons[:1] if buttons else [] }}"}}',
        "templates: {final: {msgContent: x, msgButtons: [{text: A, color: blue, id: 'feedback:good', request: true}]}}",
        "templates: {streaming: {msgContent: x}}",  # which would have none
        "kind: markdown\n  templates: {final: {title: x, text: x}}",
        "kind: standard\n  templates: {final: {contents: [{type: markdown, text: x}]}}",
        "template_id: own.schema\n  content_key: c\n  templates: {final: {c: x}}",
    ],
)
def test_a_layout_that_shows_them_or_would_have_none_is_let_pass(tmp_path, card):
    assert found(tmp_path, card, RATED) == []


def test_layouts_where_nothing_asks_for_buttons_are_let_pass(tmp_path):
    assert found(tmp_path, "templates: {final: {msgContent: x}}") == []
