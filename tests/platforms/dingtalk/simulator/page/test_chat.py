"""Talking on the chat page, and everything around the conversation."""

from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from browser import open_browser
from page_driver import Page, buttons
from page_stage import Stage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

TABLE = """\
| 名称 | 说明 | 价格 | 每月调用次数 | 支持方式与时间 |
|---|---|--:|--:|---|
| 体验版 | 适合个人开发者试用，功能完整 | 免费 | 1,000 | 社区论坛里提问，不保证回答 |
| 标准版 | 适合小团队 | ¥299 | 100,000 | 工作日九点到十八点有人值守，两小时内回复 |"""


def test_enter_sends_and_shift_enter_starts_a_new_line(page: Page) -> None:
    page.one("composer").send_keys("first", Keys.SHIFT, Keys.ENTER, Keys.NULL, "second", Keys.ENTER)
    page.shows("message", "first\nsecond", '[data-from="user"]')
    assert [message.text for message in page.stage.sim.messages] == ["first\nsecond"]
    assert page.one("composer").get_property("value") == ""


def test_enter_that_confirms_an_input_method_does_not_send(page: Page) -> None:
    page.one("composer").send_keys("ni hao")
    page.js(
        "const keys = {key: 'Enter', bubbles: true, cancelable: true};"
        "arguments[0].dispatchEvent(new KeyboardEvent('keydown', {...keys, isComposing: true}));"
        "arguments[0].dispatchEvent(new KeyboardEvent('keydown', {...keys, keyCode: 229}));",
        page.one("composer"),
    )
    assert page.one("composer").get_property("value") == "ni hao"
    page.one("send").click()
    page.shows("message", "ni hao")
    assert len(page.stage.sim.messages) == 1


def test_a_message_to_a_bot_without_connection_is_marked(page: Page) -> None:
    page.stage.hang_up()
    page.until(lambda: page.all("app", '[data-online="false"]'), "the bot is shown as offline")
    page.say("anybody?")
    page.shows("message", "未送达")
    assert page.one("composer").get_property("value") == ""
    assert page.texts("toast") == [""]


def test_a_message_the_simulator_refuses_stays_in_the_composer(page: Page) -> None:
    page.stage.do(lambda: page.stage.sim.world.users.pop("u-lilei"))
    page.say("hello")
    page.until(lambda: page.one("composer").get_property("value") == "hello", "the text is back")
    page.shows("toast", "找不到")


def test_people_of_a_group_see_each_other(page: Page) -> None:
    page.one("mode-group").click()
    page.say("from me")
    page.shows("message", "@小助手 from me")
    page.be("u-alex")
    page.say("from Alex")
    page.shows("message", "from Alex")
    assert [message.sender.nick for message in page.stage.sim.messages] == ["李雷", "Alex"]
    mine = page.js("return [...document.querySelectorAll('.message.mine')].map((node) => node.innerText)")
    assert len(mine) == 1
    assert "from Alex" in mine[0]


def test_single_chats_are_private(page: Page) -> None:
    page.say("only for me")
    page.shows("message", "only for me")
    page.be("u-hanmeimei")
    page.until(lambda: not page.all("message"), "the other user's chat is empty")


def test_what_a_bot_says_elsewhere_is_counted(page: Page) -> None:
    page.one("mode-group").click()
    page.stage.ask("a private answer")
    page.until(lambda: page.js("return document.querySelector('.badge')?.innerText") == "1", "one is unread")
    page.one("mode-single").click()
    page.until(lambda: not page.js("return document.querySelector('.badge')"), "nothing is unread")


def answer_something_else(port: int) -> None:
    """Be another server for one request: a browser gives up on events that are none."""
    with HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as server:
        server.timeout = 10
        server.handle_request()


def test_a_lost_simulator_is_shown_and_found_again(page: Page) -> None:
    page.say("before")
    page.shows("message", "before")
    port = int(page.stage.sim.url.rsplit(":", 1)[1])
    page.stage.hang_up()
    page.stage.run(page.stage.sim.stop())
    gone = "return !document.querySelector('.gone').hidden"
    page.until(lambda: page.js(gone), "the loss is shown")
    answer_something_else(port)
    page.stage.sim = type(page.stage.sim)()
    page.stage.start(port)
    page.until(lambda: not page.js(gone), "the page is back", seconds=15)
    page.until(lambda: not page.all("message"), "the new simulator's state is shown")


def test_the_log_follows_only_while_the_reader_is_at_its_end(page: Page) -> None:
    cards = [page.stage.ask(flowStatus="3", msgContent="line\n\n" * 30) for _ in range(2)]
    page.until(lambda: len(page.all("card")) == len(cards), "both cards are there")
    at_end = "const log = document.querySelector('.log'); return log.scrollHeight - log.scrollTop - log.clientHeight < 3"
    page.until(lambda: page.js(at_end), "the log is at its end")
    page.js("document.querySelector('.log').scrollTop = 0")
    page.until(lambda: not page.js(at_end), "the reader has scrolled up")
    page.stage.ask("one more")
    page.until(
        lambda: page.js("return !document.querySelector('.more').hidden"), "a new message is announced"
    )
    assert page.js("return document.querySelector('.log').scrollTop") == 0
    page.js("document.querySelector('.more').click()")
    page.until(lambda: page.js(at_end), "the log is at its end again")


def test_a_growing_card_below_is_announced(page: Page) -> None:
    page.stage.ask(flowStatus="3", msgContent="line\n\n" * 40)
    card = page.stage.ask("grows", flowStatus="2")
    page.stage.stream(card, "first")
    page.shows("card-content", "first")
    page.js("document.querySelector('.log').scrollTop = 0")
    more = "return !document.querySelector('.more').hidden"
    page.until(lambda: page.js("return document.querySelector('.log').scrollTop") == 0, "the reader is above")
    assert not page.js(more)
    page.stage.stream(card, "first\n\n" + "second\n\n" * 9)
    page.until(lambda: page.js(more), "what grew is announced")


def test_arrow_up_brings_back_what_was_sent(page: Page) -> None:
    value = lambda: page.one("composer").get_property("value")  # noqa: E731 - read again and again below
    for text in ("first", "second", "first"):
        page.say(text)
    page.one("composer").send_keys(Keys.ARROW_UP)
    assert value() == "first"
    page.one("composer").send_keys(Keys.ARROW_UP)
    assert value() == "second"
    page.one("composer").send_keys(Keys.ARROW_UP)
    assert value() == "second", "there is nothing older"
    page.one("composer").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert value() == ""
    page.one("composer").send_keys("my own", Keys.ARROW_UP)
    assert value() == "my own", "what was typed stays"


def test_dark_mode_can_be_chosen_and_lasts(page: Page) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = page.js(colour)
    page.one("theme").click()
    dark = page.js(colour)
    assert dark != light
    page.browser.refresh()
    assert page.js(colour) == dark


def test_a_phone_shows_one_view_at_a_time_without_sideways_scrolling(stage: Stage) -> None:
    wide = "| a | b |\n|---|---|\n| " + "long " * 30 + "| x |\n\n```\n" + "y" * 300 + "\n```\n\n" + "z" * 200
    with open_browser(360, 740, dark=True) as browser:
        page = Page(browser, stage)
        colours = page.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert max(colours) < 60
        assert page.width_is_held()
        assert not page.one("composer").is_displayed()
        page.press("app")
        page.until(lambda: page.one("composer").is_displayed(), "the chat is open")
        stage.ask(
            "长" * 80,
            flowStatus="3",
            msgContent=wide,
            sys_full_json_obj=buttons({"text": "B" * 60, "id": "b", "request": True}),
        )
        page.shows("card", "zzz")
        assert page.width_is_held()
        assert page.js(
            "const log = document.querySelector('.log'); return log.scrollWidth <= log.clientWidth"
        )
        stage.ask(flowStatus="3", msgContent=TABLE)
        page.shows("card", "社区")
        table = "const table = [...document.querySelectorAll('.table')].at(-1);"
        assert page.js(table + "return table.scrollWidth > table.clientWidth"), "the table scrolls by itself"
        heights = page.js(table + "return [...table.querySelectorAll('tr')].map((row) => row.offsetHeight)")
        assert max(heights) < 110, "no row is a column of single characters"
        assert page.width_is_held()
        page.press("inspect")
        page.shows("card-json", "msgContent")
        assert page.width_is_held()
        page.press("panel-close")
        page.press("back")
        page.until(lambda: page.one("app").is_displayed(), "the list is back")


def test_english_readers_are_spoken_to_in_english(stage: Stage) -> None:
    with open_browser(language="en-GB") as browser:
        page = Page(browser, stage)
        assert browser.title == "imbot simulator"
        assert page.one("composer").get_attribute("placeholder") == "Message 小助手"
        untranslated = page.js("return /[\\u4e00-\\u9fff]/.test(document.querySelector('.panel').innerText)")
        assert not untranslated
