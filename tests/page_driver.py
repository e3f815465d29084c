"""The simulator's chat page in a browser: elements by their test ids, and waiting for what should come."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from page_stage import Stage
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select


class Page:
    """The page in a browser: elements by their test ids, and waiting for what should come."""

    def __init__(self, browser: WebDriver, stage: Stage) -> None:
        self.browser = browser
        self.stage = stage
        browser.get(stage.sim.url)
        self.until(lambda: self.all("app"), "the page shows its bots")

    def all(self, name: str, extra: str = "") -> list[WebElement]:
        return self.browser.find_elements("css selector", f'[data-testid="{name}"]{extra}')

    def one(self, name: str, extra: str = "") -> WebElement:
        self.until(lambda: self.all(name, extra), f"{name}{extra} is there")
        return self.all(name, extra)[-1]

    def press(self, name: str, extra: str = "") -> None:
        """Click it once it is seen: the page draws at the next frame, not at once."""
        self.until(lambda: self.one(name, extra).is_displayed(), f"{name}{extra} is seen")
        self.one(name, extra).click()

    def field(self, name: str) -> WebElement:
        """A field of the panel's form, once it is drawn."""
        self.until(lambda: self.browser.find_elements("name", name), f"the field {name} is there")
        return self.browser.find_element("name", name)

    def texts(self, name: str, extra: str = "") -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((node) => node.innerText)"
        shown = self.js(script, f'[data-testid="{name}"]{extra}')
        return [re.sub(r"\n\s*", "\n", text.strip()) for text in shown]

    def js(self, script: str, *values: Any) -> Any:
        return self.browser.execute_script(script, *values)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"never came true: {what}"
            time.sleep(0.02)

    def shows(self, name: str, text: str, extra: str = "") -> None:
        self.until(lambda: any(text in shown for shown in self.texts(name, extra)), f"{name} shows {text!r}")

    def say(self, text: str) -> None:
        self.one("composer").send_keys(text, Keys.ENTER)

    def be(self, user: str) -> None:
        Select(self.one("user-select")).select_by_value(user)

    def width_is_held(self) -> bool:
        return self.js("return document.documentElement.scrollWidth <= innerWidth")


def buttons(*items: dict[str, Any]) -> str:
    """The AI template's `sys_full_json_obj` with these buttons."""
    return json.dumps({"order": ["msgTitle", "msgContent", "msgButtons"], "msgButtons": items})
