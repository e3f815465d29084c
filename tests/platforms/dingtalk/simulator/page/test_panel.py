"""The chat page's inspector: calls, card data, switches."""

import pytest
from page_driver import Page
from page_stage import AI_TEMPLATE
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


def test_the_panel_lists_calls_and_counts_those_of_the_reply(page: Page) -> None:
    assert not page.one("panel").is_displayed(), "it is closed at first"
    page.press("panel-toggle")
    card = page.stage.ask()
    for text in ("a", "ab", "abc"):
        page.stage.stream(card, text)
    page.until(lambda: page.texts("reply-calls") == ["4"], "four calls for this reply")
    assert page.texts("total-calls") == [str(page.stage.sim.calls[-1].id)]
    page.shows("call", "/card/streaming")
    page.one("call", '[data-status="200"] button').click()
    page.shows("card-json", card)


def test_the_calls_are_those_of_the_conversation(page: Page) -> None:
    page.press("panel-toggle")
    page.stage.stream(page.stage.ask("mine"), "mine")
    page.until(lambda: any("/card/streaming" in text for text in page.texts("call")), "my call is listed")
    mine = page.texts("call")
    other = page.stage.deliver(AI_TEMPLATE, {"msgTitle": "other", "flowStatus": "1"}, user="u-alex")
    page.stage.update(other, flowStatus="3")
    page.until(lambda: page.texts("total-calls") == [str(page.stage.sim.calls[-1].id)], "all calls have come")
    assert page.texts("call") == mine
    page.be("u-alex")
    page.until(
        lambda: any("PUT" in text and "flowStatus" in text for text in page.texts("call")), "those of Alex"
    )
    assert not any("/card/streaming" in text for text in page.texts("call"))
    page.be("u-lilei")
    page.until(lambda: page.texts("call") == mine, "mine again, in their order")


def test_escape_closes_the_panel(page: Page) -> None:
    page.press("panel-toggle")
    page.until(lambda: page.one("panel").is_displayed(), "it is open")
    page.one("composer").send_keys("half a sent", Keys.ESCAPE)
    page.until(lambda: not page.one("panel").is_displayed(), "it is closed")
    assert page.one("composer").get_property("value") == "half a sent"


def test_a_refused_call_stands_out(page: Page) -> None:
    page.press("panel-toggle")
    page.stage.do(lambda: page.stage.sim.fail("/streaming", 403, {"code": "Forbidden.X", "message": "no"}))
    with pytest.raises(AssertionError, match=r"Forbidden\.X"):
        page.stage.stream("nothing", "x")
    page.shows("call", "403 Forbidden.X", ".bad")
    assert page.texts("error-calls") == ["1"]


def test_switches_are_set_from_the_panel(page: Page) -> None:
    page.press("panel-toggle")
    page.browser.find_element("id", "tab-settings").click()
    field = page.field("qps")
    field.send_keys("7", Keys.TAB)
    page.until(lambda: page.stage.sim.settings.qps == 7, "the limit is set")
    field.clear()
    field.send_keys(Keys.TAB)
    page.until(lambda: page.stage.sim.settings.qps is None, "the limit is off")
    page.field("published").click()
    page.until(lambda: page.stage.sim.settings.published is False, "the switch is off")
