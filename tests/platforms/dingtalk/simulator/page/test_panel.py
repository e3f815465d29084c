"""The chat page's inspector: calls, card data, switches."""

import pytest
from page_driver import Page
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


def test_the_panel_lists_calls_and_counts_those_of_the_reply(page: Page) -> None:
    card = page.stage.ask()
    for text in ("a", "ab", "abc"):
        page.stage.stream(card, text)
    page.until(lambda: page.texts("reply-calls") == ["4"], "four calls for this reply")
    assert page.texts("total-calls") == [str(page.stage.sim.calls[-1].id)]
    page.shows("call", "/card/streaming")
    page.one("call", '[data-status="200"] button').click()
    page.shows("card-json", card)


def test_a_refused_call_stands_out(page: Page) -> None:
    page.stage.do(lambda: page.stage.sim.fail("/streaming", 403, {"code": "Forbidden.X", "message": "no"}))
    with pytest.raises(AssertionError, match=r"Forbidden\.X"):
        page.stage.stream("nothing", "x")
    page.shows("call", "403 Forbidden.X", ".bad")
    assert page.texts("error-calls") == ["1"]


def test_switches_are_set_from_the_panel(page: Page) -> None:
    page.browser.find_element("id", "tab-settings").click()
    field = page.field("qps")
    field.send_keys("7", Keys.TAB)
    page.until(lambda: page.stage.sim.settings.qps == 7, "the limit is set")
    field.clear()
    field.send_keys(Keys.TAB)
    page.until(lambda: page.stage.sim.settings.qps is None, "the limit is off")
    page.field("published").click()
    page.until(lambda: page.stage.sim.settings.published is False, "the switch is off")
