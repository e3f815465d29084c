import json
import logging
from dataclasses import replace

import pytest
from dingtalk_cards import prepare_card

from imbot.model import CardChange, CardContext, CardPhase, Sender

FINAL = CardPhase.FINAL


def content(view):
    return view.data["msgContent"]


def test_thinking_shows_its_text(bot):
    view = prepare_card(bot()).render(CardContext(CardPhase.THINKING, question="q"))
    assert (content(view), view.data["flowStatus"], view.phase) == ("正在思考…", "1", "thinking")


def test_streaming_shows_the_answer_so_far_and_nothing_else(bot):
    view = prepare_card(bot()).render(CardContext(CardPhase.STREAMING, answer="一\n二", reasoning="hm"))
    assert content(view) == view.text == "一\n二"


def test_reasoning_shows_as_a_quote_until_the_answer_begins(bot):
    view = prepare_card(bot()).render(CardContext(CardPhase.STREAMING, reasoning="one\ntwo\n"))
    assert content(view) == "正在思考…\n\n> one\n> two"
    assert view.text == "正在思考…"


def test_the_final_card_is_the_answer_alone_where_there_is_nothing_else(bot):
    card = prepare_card(bot(ratings=()))
    view = card.render(CardContext(FINAL, answer="**done**"))
    assert content(view) == view.text == "**done**"
    assert json.loads(view.data["sys_full_json_obj"]).keys() == {"order"}


def test_suggestions_are_links_that_ask(bot):
    view = prepare_card(bot()).render(CardContext(FINAL, answer="x", suggestions=("怎么 & 请假?",)))
    link = "- [怎么 & 请假?](dtmd://dingtalkclient/sendMessage?content=%E6%80%8E%E4%B9%88%20%26%20%E8%AF%B7%E5%81%87%3F)"
    assert content(view) == view.text == f"x\n\n---\n{link}"


@pytest.mark.parametrize(("phase", "sentence"), [("error", "抱歉，出错了。"), ("stopped", "已停止回答。")])
def test_what_was_said_before_the_end_is_kept(bot, phase, sentence):
    card = prepare_card(bot())
    assert content(card.render(CardContext(CardPhase(phase), answer="part"))) == f"part\n\n{sentence}"
    assert content(card.render(CardContext(CardPhase(phase), answer="part", error="why"))) == "part\n\nwhy"
    assert content(card.render(CardContext(CardPhase(phase)))) == sentence


def test_a_click_changes_the_buttons_and_says_thanks(bot):
    card = prepare_card(bot())
    before = card.render(CardContext(FINAL, answer="x"))
    after = card.render(CardContext(FINAL, answer="x", chosen="unhelpful"))
    changed = CardChange(before, after).data
    assert changed.keys() == {"msgContent", "sys_full_json_obj"}
    assert changed["msgContent"] == "x\n\n> 感谢您的反馈！"
    colors = [button["color"] for button in json.loads(changed["sys_full_json_obj"])["msgButtons"]]
    assert colors == ["gray", "blue"]


def test_when_layouts_changed_only_what_is_about_the_click_is_drawn_again(bot):
    card = prepare_card(bot())
    before, after = (
        card.render(CardContext(FINAL, answer="x", chosen=chosen)) for chosen in ("", "unhelpful")
    )
    assert CardChange(before, after, buttons_only=True).data.keys() == {"sys_full_json_obj"}
    own = prepare_card(
        bot(
            "card:\n  kind: ai\n  template_id: t\n  content_key: c\n  templates:\n    final:\n"
            '      c: "{{ answer }}{{ feedback.chosen }}"\n      rated: "{{ feedback.chosen }}"\n      b: "{{ buttons }}"\n'
        )
    )
    before, after = (
        own.render(CardContext(FINAL, answer="x", chosen=chosen)) for chosen in ("", "unhelpful")
    )
    assert CardChange(before, after).data.keys() == {"c", "rated", "b"}
    assert CardChange(before, after, buttons_only=True).data.keys() == {"rated", "b"}


def test_nothing_changed_is_nothing(bot):
    card = prepare_card(bot())
    view = card.render(CardContext(FINAL, answer="x"))
    assert CardChange(view, view).data == {}


def test_a_view_tells_the_gateway_all_it_needs(bot):
    view = prepare_card(bot()).render(CardContext(FINAL, answer="x"))
    assert (view.kind, view.native["content_key"], view.title) == ("ai", "msgContent", "小助手")
    assert view.native["template_id"].endswith(".schema")
    own = prepare_card(bot("card: {kind: ai, template_id: t, content_key: c}"))
    view = own.render(CardContext(FINAL, answer="x"))
    assert (view.native, view.data["c"]) == ({"template_id": "t", "content_key": "c"}, "x")


@pytest.mark.parametrize(
    ("wanted", "kind", "who"), [(True, "group", "u1"), (True, "single", ""), (False, "group", "")]
)
def test_who_asked_is_mentioned_in_groups_where_the_bot_file_wants_it(bot, wanted, kind, who):
    spec = bot()
    card = prepare_card(replace(spec, card=replace(spec.card, mention_sender=wanted)))
    view = card.render(CardContext(FINAL, sender=Sender("u1"), conversation_kind=kind))

    assert (view.mention.id if view.mention else "") == who


def test_a_standard_card_is_a_whole_layout_with_the_answer_beside_it(bot):
    view = prepare_card(bot("card: {kind: standard}")).render(
        CardContext(FINAL, answer="x", suggestions=("s",))
    )
    assert [block["type"] for block in view.data["contents"]] == ["markdown", "divider", "markdown", "action"]
    assert view.text.startswith("x\n\n---\n- [s]")
    assert view.native["content_key"] == ""


def test_a_markdown_message_is_its_own_text(bot):
    card = prepare_card(
        bot('card:\n  kind: markdown\n  templates:\n    final: {title: T, text: "{{ answer }} (bye)"}\n')
    )
    view = card.render(CardContext(FINAL, answer="x"))
    assert (dict(view.data), view.title, view.text) == ({"title": "T", "text": "x (bye)"}, "T", "x (bye)")
    assert not card.live


def test_what_people_write_is_never_a_template(bot):
    card = prepare_card(
        bot('card:\n  kind: ai\n  templates:\n    final: {msgContent: "{{ question }}|{{ answer }}"}\n')
    )
    text = "{{ 7*7 }} {% if %} <<HOME>>"
    assert content(card.render(CardContext(FINAL, question=text, answer=text))) == f"{text}|{text}"


def test_an_answer_of_any_length_is_shown_whole(bot):
    card = prepare_card(bot('card:\n  kind: ai\n  templates:\n    final: {msgContent: "{{ answer }}!"}\n'))
    answer = "长" * 3_000_000
    view = card.render(CardContext(FINAL, answer=answer))
    assert (content(view), view.text) == (answer + "!", answer)


def test_a_layout_that_trips_a_guard_falls_back_and_says_so_once(bot, caplog):
    card = prepare_card(
        bot(
            "card:\n  kind: ai\n  templates:\n    streaming:\n"
            '      msgContent: "{% for a in answer[10000:] %}{% for b in answer[10000:] %}{{ b }}{% endfor %}{% endfor %}"\n'
        )
    )
    long = "x" * 50_000
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert content(card.render(CardContext(CardPhase.STREAMING, question="a", answer=long))) == long
        card.render(CardContext(CardPhase.STREAMING, question="b", answer=long))
    assert len(caplog.records) == 2
    assert "phase streaming" in caplog.records[0].getMessage()
    assert long[:100] not in caplog.text


def test_texts_are_drawn_with_the_same_variables(bot):
    card = prepare_card(bot('card: {kind: ai}\ntexts: {not_found: "{{ sender.nick }}: {{ question }}?"}\n'))
    assert card.text("not_found", CardContext(FINAL, question="q")) == ": q?"
    assert card.text("help", CardContext(FINAL)) == "您好，我是小助手"


def test_a_text_that_cannot_be_drawn_is_never_empty(bot, caplog):
    card = prepare_card(bot('card: {kind: ai}\ntexts: {error: "{{ 1 / (answer | length - 77) }}"}\n'))
    assert card.text("error", CardContext(FINAL, answer="x" * 77)) == "…"
    assert content(card.render(CardContext(CardPhase.ERROR, answer="x" * 77))).endswith("…")
    assert card.text("no_such_text", CardContext(FINAL)) == "…"


def test_layouts_can_use_the_texts_of_the_phases(bot):
    card = prepare_card(
        bot('card:\n  kind: ai\n  templates:\n    thinking: {msgContent: "⏳ {{ texts.thinking }}"}\n')
    )
    assert content(card.render(CardContext(CardPhase.THINKING))) == "⏳ 正在思考…"


def test_the_card_of_the_plan_draws(bot):
    card = prepare_card(
        bot("""\
card:
  kind: ai
  vars: {hotline: 400-000-0000}
  templates:
    final:
      msgTitle: "{{ question }}"
      msgContent: |
        {{ answer }}

        没有解决？请拨打 {{ vars.hotline }}
      msgButtons: "{{ buttons }}"
""")
    )
    view = card.render(CardContext(FINAL, question="q", answer="a"))
    assert view.data["msgTitle"] == "q"
    assert content(view) == "a\n\n没有解决？请拨打 400-000-0000"
    assert json.loads(view.data["sys_full_json_obj"])["msgButtons"][0]["id"] == "feedback:very_helpful"
