"""The list of bots on the chat page: in order, searched, named in full, calm."""

import pytest
from page_driver import Page
from page_stage import APP, Stage

pytestmark = pytest.mark.browser

# The contrast of a text with its own background, as WCAG 2 computes it; colours are read back from a canvas.
CONTRAST = """
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = rgb(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/\\/ 0\\)|, 0\\)|transparent/.test(backgroundColor)) return backgroundColor;
    }
    return "white";
  };
  const nodes = [...document.querySelectorAll(arguments[0])].filter((node) => node.checkVisibility());
  return nodes.map((node) => {
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    return [node.innerText, Math.round(((a + 0.05) / (b + 0.05)) * 100) / 100];
  });
"""


def join(stage: Stage, *names: str) -> None:
    for number, name in enumerate(names):
        stage.do(lambda number=number, name=name: stage.sim.add_app(f"app-{number}", "secret", name))


def names(page: Page) -> list[str]:
    return page.js("return [...document.querySelectorAll('.app-name')].map((node) => node.innerText)")


def test_bots_stand_in_natural_order(page: Page) -> None:
    join(page.stage, "bot 10", "bot 2", "bot 1", "机器人 10", "机器人 9")
    page.until(lambda: len(names(page)) == 6, "all have come")
    found = names(page)
    for before, after in (("bot 1", "bot 2"), ("bot 2", "bot 10"), ("机器人 9", "机器人 10")):
        assert found.index(before) < found.index(after), found


def test_many_bots_can_be_searched(page: Page) -> None:
    assert not page.one("search").is_displayed()
    join(page.stage, *(f"bot {number}" for number in range(1, 31)))
    page.until(lambda: page.one("search").is_displayed(), "there are many now")
    assert page.js("return document.documentElement.scrollHeight <= innerHeight"), (
        "the page itself never scrolls"
    )
    page.one("search").send_keys("BOT 2")
    page.until(
        lambda: names(page) == ["bot 2", *(f"bot {number}" for number in range(20, 30))], "they are found"
    )
    page.one("search").clear()
    page.one("search").send_keys("dingpage")
    page.until(lambda: names(page) == ["小助手"], "an id is found too")
    page.one("search").send_keys("nobody")
    page.until(lambda: "没有找到" in page.texts("app-list")[0], "it says that there is nothing")


def test_a_name_that_is_cut_is_told_in_full(page: Page) -> None:
    join(page.stage, "a very long name " * 5)
    page.until(lambda: len(names(page)) == 2, "it has come")
    titles = page.js("return [...document.querySelectorAll('.app-name')].map((node) => node.title)")
    assert ("a very long name " * 5).strip() in [title.strip() for title in titles]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("# Head\n\n- **one**\n- [two](https://example.com)", "Head one two"),
        ("```py\nx = 1\n```", "x = 1"),
        ("a_b * c # d", "a_b * c # d"),
    ],
)
def test_what_was_said_last_is_shown_without_marks(page: Page, said: str, shown: str) -> None:
    page.stage.ask(flowStatus="3", msgContent=said)
    preview = "return document.querySelector('.app-preview').innerText"
    page.until(lambda: page.js(preview) == shown, f"the list shows {shown!r}")


def test_names_and_labels_can_be_read(page: Page) -> None:
    join(page.stage, *(f"bot {number}" for number in range(24)))
    told = {
        "name": "mine",
        "title": "小助手",
        "app": APP,
        "problems": [{"severity": "error", "message": "m"}],
    }
    page.stage.do(lambda: page.stage.sim.show_bots([told]))
    page.press("app", f'[data-app="{APP}"]')
    page.press("panel-toggle")
    page.stage.stream(page.stage.ask(), "text")
    page.until(lambda: any("PUT" in text for text in page.texts("call")), "a PUT is listed")
    page.say("hello")
    texts = ".avatar, .method, .app-name, .app-preview, .head-state, .card-foot, .tile span, .notice-fold, .status"
    light = page.js(CONTRAST, texts)
    page.press("theme")
    dark = page.js(CONTRAST, texts)
    assert [found for found in light + dark if found[1] < 4.5] == []
    assert light != dark


def test_what_can_be_pressed_is_large_enough(page: Page) -> None:
    page.stage.ask(flowStatus="3", msgContent="```\nx\n```")
    page.one("inspect")
    small = page.js(
        "return [...document.querySelectorAll('button, select, input')].filter((node) => node.checkVisibility())"
        ".map((node) => [node.className, node.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)"
    )
    assert small == []
