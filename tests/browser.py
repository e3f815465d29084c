"""A headless Chromium for tests that look at a page."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_PHONE_WIDTH = 720
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@contextmanager
def open_browser(
    width: int = 1280, height: int = 800, *, dark: bool = False, language: str = "zh-CN", calm: bool = False
) -> Iterator[webdriver.Chrome]:
    """A fresh browser of that size; ``calm`` asks pages for less motion.

    Where there is no Chromium the test is skipped, or fails when ``IMBOT_REQUIRE_BROWSER=1``.
    """
    chromium, driver = _programs()
    profile = tempfile.mkdtemp(prefix="browser-")
    options = Options()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--lang={language}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        browser = webdriver.Chrome(options=options, service=Service(driver))
        try:
            _shape(browser, width, height, dark=dark, language=language, calm=calm)
            yield browser
        finally:
            browser.quit()
    finally:
        shutil.rmtree(profile, ignore_errors=True)


def console_errors(browser: webdriver.Chrome) -> list[str]:
    """What the page itself has done wrong since the last look; answers like 404 and 409 are not that."""
    entries = browser.get_log("browser")
    return [
        entry["message"] for entry in entries if entry["level"] == "SEVERE" and entry["source"] != "network"
    ]


def _shape(
    browser: webdriver.Chrome, width: int, height: int, *, dark: bool, language: str, calm: bool
) -> None:
    """Size, colours and language by emulation: a window cannot be as narrow as a phone."""
    phone = width <= _PHONE_WIDTH
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    agent = {"userAgent": browser.execute_script("return navigator.userAgent"), "acceptLanguage": language}
    browser.execute_cdp_cmd("Network.setUserAgentOverride", agent)


def _programs() -> tuple[str, str]:
    paths = [Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        reason = f"no browser: {', '.join(missing)} not found"
        if os.environ.get("IMBOT_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return str(paths[0]), str(paths[1])
