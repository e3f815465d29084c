from collections.abc import Iterator

import pytest
from browser import console_errors, open_browser
from page_driver import Page
from page_stage import Stage, open_stage
from selenium.webdriver.remote.webdriver import WebDriver


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as stage:
        yield stage


@pytest.fixture(scope="package")
def browser() -> Iterator[WebDriver]:
    with open_browser(1280, 800) as browser:
        yield browser


@pytest.fixture
def page(browser: WebDriver, stage: Stage) -> Iterator[Page]:
    browser.get_log("browser")
    yield Page(browser, stage)
    assert console_errors(browser) == []
