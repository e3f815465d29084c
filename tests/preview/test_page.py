"""The page in a real browser: alone from a file, and live behind its server."""

import re
import subprocess
import sys
import time

import pytest
from botfolder import write
from browser import console_errors, open_browser
from preview_bot import BOT, FINAL
from selenium.webdriver.support.ui import Select

from imbot.model import CardPhase
from imbot.platforms.dingtalk.renderer import PAGE
from imbot.preview.onepage import one_page
from imbot.preview.samples import SAMPLES, given

pytestmark = pytest.mark.browser

PHASES = ["thinking", "streaming", "final", "error", "stopped"]
BOARDS = ["phone-light", "phone-dark", "desktop-light", "desktop-dark"]


class Page:
    """The preview in a browser: elements by their test ids."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, url):
        self.browser.get("about:blank")  # only another address after `#` would not load the page again
        self.browser.get(url)
        self.until(lambda: self.all("bot"), "the bot is named")
        return self

    def all(self, name, within=""):
        return self.browser.find_elements("css selector", f'{within} [data-testid="{name}"]')

    def values(self, name, attribute, within=""):
        return [element.get_attribute(attribute) for element in self.all(name, within)]

    def texts(self, name, within=""):
        return [element.text for element in self.all(name, within)]

    def press(self, name, within=""):
        (button,) = self.all(name, within)
        button.click()

    def until(self, condition, what, seconds=15):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"never came true: {what}"
            time.sleep(0.03)

    def colour(self, selector, what="backgroundColor"):
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        found = self.browser.execute_script(script, selector, what)
        return [int(part) for part in re.findall(r"\d+", found)[:3]]

    def width(self, selector):
        script = "return document.querySelector(arguments[0]).getBoundingClientRect().width"
        return self.browser.execute_script(script, selector)

    def width_is_held(self):
        return self.browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def wide():
    with open_browser(1920, 1000, calm=True) as browser:
        yield browser


@pytest.fixture
def page(wide):
    wide.get_log("browser")
    yield Page(wide)
    assert console_errors(wide) == []


@pytest.fixture
def written(looker, bots, tmp_path):
    """The page of a bot as a file; what to say of its card instead may be given."""

    def make(card="", *phases, samples=SAMPLES):
        if card:
            write(bots, {"a.yaml": re.sub(r"card:\n(  .*\n)+", f"card: {card}\n", BOT)})
        look = looker(*phases, samples=samples).look()
        assert look.gallery, look.problems
        file = tmp_path / "page.html"
        file.write_text(one_page(look.to_page(), PAGE), encoding="utf-8")
        return file.as_uri()

    return make


def test_all_phases_in_both_colours_and_widths_without_a_server(page, written):
    page.open(written())
    assert page.values("board", "data-board") == BOARDS
    for board in BOARDS:
        within = f'[data-board="{board}"]'
        assert page.values("picture", "data-phase", within) == PHASES
        assert len(page.all("card", within)) == 5
    assert page.width('[data-board="phone-light"] .card') == 343
    assert page.width('[data-board="desktop-light"] .card') == 580
    assert min(page.colour('[data-board="phone-light"] .card')) > 200
    assert max(page.colour('[data-board="phone-dark"] .card')) < 60
    assert page.texts("bot") == ["小助手"]
    assert page.all("link") == []
    assert page.width_is_held()


def test_all_boards_end_at_one_edge_and_the_kind_names_its_key(page, written):
    page.open(written())
    edges = {board.rect["x"] + board.rect["width"] for board in page.all("board")}
    assert len(edges) == 1
    assert max(edges) > 1800
    tag = page.browser.find_element("css selector", ".bot .tag")
    assert (tag.text, "card.kind" in tag.get_attribute("title")) == ("card.kind: ai", True)


def test_the_phases_stand_in_one_row_where_they_fit(page, written):
    page.open(written())
    tops = {element.location["y"] for element in page.all("picture", '[data-board="phone-light"]')}
    assert len(tops) == 1


def test_a_choice_narrows_what_is_seen_and_survives_a_reload(page, written):
    url = written()
    page.open(url)
    page.press("phase-final")
    page.press("theme-dark")
    page.press("width-phone")
    assert page.values("board", "data-board") == ["phone-dark"]
    assert page.values("picture", "data-sample") == [sample.name for sample in SAMPLES]
    page.browser.refresh()
    assert page.values("picture", "data-phase") == ["final"] * len(SAMPLES)
    page.press("sample-rich")
    assert page.values("picture", "data-sample") == ["rich"]
    assert page.browser.find_elements("css selector", ".card table, .card pre code")


def test_nasty_characters_are_text(page, written):
    page.open(written() + "#sample=nasty&phase=final&theme=light&width=phone")
    (text,) = page.texts("card-content")
    assert "{{ 7*7 }} {% raw %} ${x}" in text
    assert "<b>&amp;</b>" in text
    assert page.width('[data-board="phone-light"] .card') == 343


def test_a_click_shows_what_the_clicker_would_see(page, written):
    page.open(written() + "#phase=final&sample=short&width=phone")
    assert "good" not in "".join(page.texts("card-content"))
    light, dark = '[data-board="phone-light"]', '[data-board="phone-dark"]'
    page.browser.find_element("css selector", f'{light} [data-action="feedback:good"]').click()
    page.until(lambda: "good" in page.texts("card-content", light)[0], "the rating is shown")
    assert "good" not in page.texts("card-content", dark)[0]
    assert page.browser.find_elements("css selector", f'{light} .primary[data-action="feedback:good"]')


def test_what_is_sent_can_be_seen(page, written):
    page.open(written() + "#phase=final&sample=short&theme=light&width=phone")
    assert page.all("sent") == []
    page.press("data")
    (sent,) = page.texts("sent")
    assert '"flowStatus": "3"' in sent


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        ("{kind: standard}", "StandardCard"),
        ("{template_id: mine.schema, content_key: body}", "generic"),
        ("{kind: markdown}", "message"),
    ],
)
def test_every_kind_is_shown(page, written, card, shown):
    page.open(written(card, samples=(given("Why?", "Because of **this**."),)) + "#theme=light&width=phone")
    cards = page.all("card") or page.all("message")
    assert len(cards) == (3 if shown == "message" else 5)
    assert any("Because of this." in element.text for element in cards)
    if shown == "StandardCard":
        assert page.values("problem", "data-code") == ["card.no-callback"]


def test_a_phase_nobody_sees_says_so(page, written):
    page.open(written("{kind: markdown}", CardPhase.THINKING))
    assert page.all("picture") == []
    assert "没有可显示的卡片" in page.browser.find_element("tag name", "main").text


def test_a_phone_shows_it_too(written):
    with open_browser(375, 760, dark=True, language="en-US", calm=True) as browser:
        page = Page(browser).open(written() + "#sample=rich")
        assert page.width_is_held()
        assert page.values("picture", "data-phase", '[data-board="phone-light"]') == PHASES
        assert "Thinking" in page.all("picture")[0].text
        cut = (
            "return [...document.querySelectorAll('.bar button, .bar select')].filter((node) => node.checkVisibility())"
            ".filter((node) => node.getBoundingClientRect().right > innerWidth || node.offsetHeight < 24).length"
        )
        assert browser.execute_script(cut) == 0
        assert page.texts("phase-final") == [""], "many choices are a list here"
        Select(page.all("select-sample")[0]).select_by_value("long")
        Select(page.all("select-phase")[0]).select_by_value("final")
        page.until(lambda: {*page.values("picture", "data-phase")} == {"final"}, "one phase is shown")
        assert page.all("select-sample")[0].get_property("value") == "all", "the samples follow"
        assert console_errors(browser) == []


def test_cards_follow_their_files_and_a_problem_is_shown_in_place(page, bots):
    words = [sys.executable, "-m", "imbot", "preview", "bots/a.yaml", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=bots.parent) as process:
        try:
            process.stdout.readline()
            page.open(process.stdout.readline().split()[-1] + "#theme=light&width=phone")
            page.until(lambda: page.all("card"), "cards are shown")
            assert page.values("link", "data-online") == ["true"]

            write(bots, {"cards/final.yaml": FINAL.replace("{{ answer }}", "中文 {{ anwser }}")})
            page.until(lambda: page.all("problem"), "the problem is shown")
            assert "bots/cards/final.yaml:2:20" in page.texts("problem")[0]
            assert "did you mean answer?" in page.texts("problem")[0]
            assert page.browser.find_element("css selector", "mark").text == "anwser"
            assert len(page.all("card")) == 5
            assert page.browser.find_element("tag name", "main").get_attribute("data-stale") == "true"
            (rating,) = page.browser.find_elements("css selector", '.end [data-action="feedback:good"]')
            assert page.browser.execute_script("return arguments[0].closest('[inert]') !== null", rating)

            write(bots, {"cards/final.yaml": FINAL.replace("{{ answer }}", "Mended {{ answer }}")})
            page.until(lambda: not page.all("problem"), "the problem is gone")
            assert any("Mended" in text for text in page.texts("card-content"))
        finally:
            process.terminate()
            process.wait(10)
        page.until(lambda: page.values("link", "data-online") == ["false"], "the page sees the server go")
