"""Cards on the chat page: every generation, streaming, buttons."""

import json
import time

import pytest
from page_driver import Page, buttons
from page_stage import APP, BY_KEY

pytestmark = pytest.mark.browser


def test_a_card_streams_in_place(page: Page) -> None:
    card = page.stage.ask("What is it?")
    page.shows("card", "正在思考", '[data-state="processing"]')
    page.js("document.querySelector('[data-testid=card]').mark = 1")
    page.stage.update(card, flowStatus="2")
    page.stage.stream(card, "It is **bo")
    page.shows("card-content", "It is bo")
    assert page.one("card").get_attribute("aria-busy") == "true"
    assert page.js("return document.querySelectorAll('.cursor').length") == 1
    page.stage.stream(card, "It is **bold**")
    page.stage.update(card, flowStatus="3", sys_full_json_obj=buttons())
    page.until(lambda: page.all("card", '[data-state="finished"]'), "the card is finished")
    assert page.texts("card-content") == ["It is bold"]
    assert page.js("return document.querySelectorAll('.cursor').length") == 0
    assert page.js("return document.querySelector('[data-testid=card]').mark") == 1
    assert page.one("card").get_attribute("data-card-id") == card


def test_a_failed_card_says_so(page: Page) -> None:
    card = page.stage.ask()
    page.stage.update(card, flowStatus="5", msgContent="Sorry")
    page.shows("card", "失败", '[data-state="failed"]')


def test_blocks_stand_in_the_order_the_bot_asks_for(page: Page) -> None:
    order = {"order": ["staticMsgContent", "msgContent", "msgTextList"], "msgTextList": ["one", "two"]}
    page.stage.ask(
        "hidden", msgContent="B", staticMsgContent="A", flowStatus="3", sys_full_json_obj=json.dumps(order)
    )
    page.until(lambda: page.texts("card") == ["A\nB\none\ntwo"], "the blocks are in order")


def test_a_click_changes_the_card_for_the_clicker_only(page: Page) -> None:
    button = {"text": "Good", "id": "feedback:good", "request": True}
    thanks = buttons({"text": "Thanks!", "id": "done", "request": True})
    page.stage.answer = lambda action: {
        "cardUpdateOptions": BY_KEY,
        "userPrivateData": {"cardParamMap": {"msgContent": action, "sys_full_json_obj": thanks}},
    }
    card = page.stage.ask(flowStatus="3", msgContent="Answer", sys_full_json_obj=buttons(button))
    page.one("card-button")
    time.sleep(0.1)
    page.one("card-button", '[data-action="feedback:good"]').click()
    page.shows("card-button", "Thanks!")
    assert page.texts("card-content") == ["feedback:good"]
    assert page.texts("inspect") == ["{ }\n1 次调用"]  # not how long it took until the click
    assert set(page.stage.sim.cards[card].private) == {"u-lilei"}
    assert page.stage.sim.cards[card].data["msgContent"] == "Answer"


def test_a_click_without_answer_is_pending_then_failed(page: Page) -> None:
    page.stage.answer = lambda _action: None
    page.stage.do(lambda: page.stage.sim.set(callback_s=0.3))
    button = {"text": "Good", "id": "good", "request": True}
    page.stage.ask(flowStatus="3", msgContent="Answer", sys_full_json_obj=buttons(button))
    page.one("card-button").click()
    page.until(lambda: page.all("card-button", '[data-click="pending"]'), "the click is pending")
    page.until(lambda: page.all("card-button", '[data-click="failed"]'), "the click has failed")
    page.shows("card", "回调失败")


def test_a_card_of_another_template_shows_all_it_was_given(page: Page) -> None:
    actions = json.dumps([{"text": "Agree", "id": "agree", "request": True}])
    card = page.stage.deliver("mine.schema", {"title": "T", "body": "", "price": "12", "actions": actions})
    page.stage.stream(card, "- so\n- far", key="body")
    page.until(lambda: page.texts("card-content") == ["so\nfar"], "the stream is shown")
    page.stage.stream(card, "- so\n- far", key="body", isFinalize=True)
    page.until(lambda: page.all("card", '[data-state="finished"]'), "the card is finished")
    assert page.texts("card") == ["T\nso\nfar\nprice\n12\nAgree"]
    assert page.one("card-button").get_attribute("data-action") == "agree"


def test_buttons_of_a_standard_card_do_not_call_back(page: Page) -> None:
    request = {"type": "button", "label": {"type": "text", "text": "Ask"}, "actionType": "request", "id": "b"}
    layout = {
        "header": {"title": {"type": "text", "text": "Head"}},
        "contents": [
            {"type": "markdown", "text": "**strong**"},
            {"type": "divider"},
            {"type": "section", "fields": {"list": [{"type": "text", "text": "field"}]}},
            {"type": "action", "actions": [request]},
        ],
    }
    body = {"cardTemplateId": "StandardCard", "robotCode": APP, "cardBizId": "biz-1"}
    receiver = {"singleChatReceiver": json.dumps({"userId": "u-lilei"}), "cardData": json.dumps(layout)}
    page.stage.call("POST", "/v1.0/im/v1.0/robot/interactiveCards/send", body | receiver)
    page.shows("card", "Head")
    page.shows("card-content", "strong\nfield\nAsk")
    assert "StandardCard" in page.one("card-button").get_attribute("title")
    page.one("card-button").click()
    page.shows("card", "没有 Stream 回调")
    assert not page.all("card-button", "[data-click]")


def test_a_link_may_speak_for_the_reader(page: Page) -> None:
    link = "DTMD://dingtalkclient/sendMessage?content=%E4%BD%A0%E5%A5%BD"
    page.stage.ask(
        flowStatus="3",
        msgContent=f"[say it]({link})",
        sys_full_json_obj=buttons({"text": "Say", "url": link, "color": "blue"}),
    )
    page.one("card-button").click()
    page.until(lambda: page.texts("message", '[data-from="user"]') != [], "the button spoke")
    page.js("document.querySelector('.markdown .say').click()")
    page.until(lambda: len(page.texts("message", '[data-from="user"]')) == 2, "the link spoke")
    said = [message.text for message in page.stage.sim.messages if message.sender]
    assert said == ["你好", "你好"]


def test_a_card_needs_no_chat_around_it(page: Page) -> None:
    script = """
      const done = arguments[1];
      import("/page/card.js").then(({ renderCard }) => {
        const element = renderCard(arguments[0], { viewer: "u1" });
        done([element.dataset.state, element.innerText.trim() || element.textContent]);
      });
    """
    card = {
        "id": "x",
        "template": "other",
        "data": {"content": "public"},
        "private": {"u1": {"content": "mine"}},
        "state": "finished",
        "streamed": None,
        "callback": True,
    }
    assert page.browser.execute_async_script(script, card) == ["finished", "mine"]
