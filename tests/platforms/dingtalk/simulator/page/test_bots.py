"""What the chat page shows of bots that it was told of: those that wait, are broken or do not run."""

import pytest
from browser import open_browser
from page_driver import Page
from page_stage import APP, Stage

pytestmark = pytest.mark.browser

PROBLEM = {
    "path": "bots/hr.yaml", "line": 5, "column": 9, "code": "schema.enum", "severity": "error",
    "message": "`type` must be one of: echo, faq", "hint": "did you mean `echo`?",
    "source": {"number": 5, "before": "  type: ", "marked": "ehco", "after": " # <b>mine</b>"},
}  # fmt: skip
UNSET = PROBLEM | {
    "path": "bots/wait.yaml",
    "code": "placeholder.unset",
    "message": "LLM_BASE_URL is not set",
}
MINE = {"name": "mine", "title": "小助手", "app": APP}
WAITS = {"name": "wait", "title": "wait", "path": "bots/wait.yaml", "state": "waiting", "problems": [UNSET]}
BROKEN = {"name": "hr", "title": "hr", "path": "bots/hr.yaml", "state": "rejected", "problems": [PROBLEM]}


def tell(stage: Stage, *bots: dict) -> None:
    stage.do(lambda: stage.sim.show_bots(bots))


def test_bots_that_do_not_run_stand_in_the_list_with_their_problems(page: Page) -> None:
    tell(page.stage, WAITS, BROKEN, MINE)
    page.shows("app", "文件有错误", '[data-state="rejected"]')
    page.shows("app", "等待变量", '[data-state="waiting"]')
    assert page.one("connection").get_attribute("data-state") == "online", (
        "the page opens on the one that runs"
    )
    page.press("app", '[data-bot="hr"]')
    page.shows("problem", "bots/hr.yaml:5:9")
    assert page.js("return document.querySelector('.problem mark').innerText") == "ehco"
    page.shows("problem", "did you mean echo?")
    page.shows("problem", "# <b>mine</b>")
    assert not page.one("composer").is_displayed()
    page.press("app", '[data-bot="wait"]')
    page.shows("notice", "没有启动：还有变量没有设置")
    page.shows("problem", "LLM_BASE_URL is not set")


def test_a_bot_that_waited_opens_where_it_was_chosen(page: Page) -> None:
    tell(page.stage, WAITS)
    page.press("app", '[data-bot="wait"]')
    page.shows("problem", "LLM_BASE_URL")
    tell(page.stage, WAITS | {"app": APP, "state": "running", "problems": []})
    page.until(lambda: page.one("composer").is_displayed(), "it can be asked")
    assert not page.one("notice").is_displayed()
    assert len(page.all("app")) == 1, "the app is the bot's, no entry of its own"


def test_a_broken_file_of_a_running_bot_is_told_above_its_chat(page: Page) -> None:
    at = page.js("return new Date(2026, 0, 2, 14, 3).getTime()")
    tell(page.stage, MINE | {"since": at, "problems": [PROBLEM]})
    page.shows("notice", "14:03 的版本")
    page.shows("app", "文件有错误", '[data-state="broken"]')
    page.press("notice-fold")
    page.until(lambda: not page.all("problem"), "the problems are folded away")
    assert page.one("composer").is_displayed()
    tell(page.stage, MINE | {"since": at, "problems": [PROBLEM | {"line": 6}]})
    page.shows("problem", ":6:9")
    tell(page.stage, MINE)
    page.until(lambda: not page.one("notice").is_displayed(), "the file is mended")


def test_nobody_is_missed_where_there_are_bots(page: Page) -> None:
    nobody = "return document.body.innerText.includes('还没有机器人')"
    page.stage.do(lambda: page.stage.sim.remove_app(APP))
    page.until(lambda: page.js(nobody), "there is no bot")
    page.shows("app-list", "连上模拟器")
    tell(page.stage, BROKEN)
    page.shows("problem", "bots/hr.yaml")
    assert not page.js(nobody)
    tell(page.stage)
    page.until(lambda: page.js(nobody), "there is no bot again")
    page.shows("app-list", "imbot init")


def test_what_else_is_wrong_is_told_beside_the_chat(page: Page) -> None:
    tell(page.stage, MINE | {"trouble": ["the agent at 127.0.0.1:1 cannot be reached"]})
    page.shows("notice", "cannot be reached")
    assert page.one("composer").is_displayed()


def test_questions_to_begin_with_are_the_bots_own(page: Page) -> None:
    assert page.all("starter") == []
    tell(page.stage, {"name": "other", "title": "other"}, MINE | {"questions": ["怎么退货？"]})
    page.press("starter")
    page.shows("message", "怎么退货？", '[data-from="user"]')


def test_problems_fit_a_phone_in_english_too(stage: Stage) -> None:
    long = PROBLEM | {
        "source": PROBLEM["source"] | {"after": " long" * 60},
        "path": "bots/" + "deep/" * 30 + "x.yaml",
    }
    with open_browser(390, 844, dark=True, language="en-GB") as browser:
        page = Page(browser, stage)
        tell(stage, BROKEN | {"problems": [long, PROBLEM]}, MINE)
        page.press("app", '[data-bot="hr"]')
        page.shows("notice", "Not started: its file has an error")
        assert page.width_is_held()


FAILED = {"reason": "Incorrect API key (HTTP 401)", "cure": "check `agent.api_key`"}


def test_a_failed_answer_says_why_and_which_key_to_look_at(page: Page) -> None:
    card = page.stage.ask(flowStatus="5", msgContent="Sorry")
    fine = page.stage.ask(flowStatus="3", msgContent="Fine")
    tell(page.stage, MINE | {"failures": [FAILED | {"card": card, "message": "m"}]})
    page.until(
        lambda: page.texts("failure") == ["Incorrect API key (HTTP 401) — check agent.api_key"], "it is told"
    )
    assert page.js("return document.querySelector('.failure code').innerText") == "agent.api_key"
    assert page.one("app").get_attribute("data-state") == "online", "one failure is no failing bot"
    page.stage.update(fine, msgContent="Still fine")
    page.shows("card-content", "Still fine")
    assert len(page.all("failure")) == 1


def test_an_answer_without_a_card_fails_at_its_question(page: Page) -> None:
    page.say("hello")
    page.shows("message", "hello")
    (message,) = page.stage.sim.messages
    tell(page.stage, MINE | {"failures": [FAILED | {"card": "", "message": message.id}]})
    page.shows("failure", "HTTP 401")


def test_a_failing_bot_has_a_red_mark(page: Page) -> None:
    at = page.js("return new Date(2026, 0, 2, 14, 3).getTime()")
    tell(page.stage, MINE | {"failing": FAILED | {"since": at, "answers": 4}})
    page.shows("app", "回答都失败了", '[data-state="failing"]')
    page.shows("notice", "14:03 起，4 次回答都失败了")
    page.shows("notice", "check agent.api_key")
    red = page.js("return getComputedStyle(document.querySelector('.app .dot')).backgroundColor")
    tell(page.stage, MINE)
    page.until(lambda: page.all("app", '[data-state="online"]'), "it answers again")
    assert page.js("return getComputedStyle(document.querySelector('.app .dot')).backgroundColor") != red
