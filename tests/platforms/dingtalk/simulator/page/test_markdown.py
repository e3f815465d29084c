"""The page's Markdown: what becomes of a text, that it stays text, and how it looks while it grows."""

import subprocess
from collections.abc import Iterator
from itertools import pairwise

import pytest
from browser import console_errors, open_browser
from page_stage import open_stage
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from imbot.text.plain import plain_markdown

pytestmark = pytest.mark.browser

_RENDER = """
  const [sources, streaming, done] = arguments;
  import("/page/markdown.js").then(({ renderMarkdown }) =>
    done(sources.map((source) => {
      const element = renderMarkdown(source, { streaming });
      element.querySelectorAll(".code-head, .cursor").forEach((node) => node.remove());
      const nodes = [...element.querySelectorAll("*")];
      const tags = nodes.map((node) => node.localName);
      const attributes = nodes.flatMap((node) => node.getAttributeNames());
      return [element.innerHTML, element.textContent, [...tags, ...attributes]];
    })));
"""

ANSWER = """## Plan **A**

Text with *em*, **strong**, `code` and a [link](https://example.com/a_b) 。

1. first
   - nested **one**
2. second

| name | price |
|:-----|------:|
| `x`  | **1** |

> quoted ~~gone~~

```python
a = b * c | d
```

![logo](https://example.com/a.png) <br> <a atId=u1>Li</a> end"""


@pytest.fixture(scope="module")
def english() -> Iterator[WebDriver]:
    with open_stage() as stage, open_browser(language="en-US") as browser:
        browser.get(stage.sim.url)
        yield browser
        assert console_errors(browser) == []


def render(english: WebDriver, *sources: str, streaming: bool = False) -> list[tuple[str, str, list[str]]]:
    return [tuple(item) for item in english.execute_async_script(_RENDER, sources, streaming)]


CASES = {
    "# One\n###### Six": "<h1>One</h1><h6>Six</h6>",
    "#hashtag": "<p>#hashtag</p>",
    "a\nb\n\nc<br/>d": "<p>a<br>b</p><p>c<br>d</p>",
    "**b** *i* ***bi*** ~~s~~ __b__ _i_": (
        "<p><strong>b</strong> <em>i</em> <strong><em>bi</em></strong> <s>s</s>"
        " <strong>b</strong> <em>i</em></p>"
    ),
    "**重要：**请看*这里*。": "<p><strong>重要：</strong>请看<em>这里</em>。</p>",
    "snake_case_name 2 * 3 * 4 ** x": "<p>snake_case_name 2 * 3 * 4 ** x</p>",
    r"\*plain\* \`x\`": "<p>*plain* `x`</p>",
    "`a*b*` ``c`d``": "<p><code>a*b*</code> <code>c`d</code></p>",
    "**a `**` b**": "<p><strong>a <code>**</code> b</strong></p>",
    "- a\n- b\n  - c\n    d\n- [x] e": (
        "<ul><li>a</li><li>b<ul><li>c<br>d</li></ul></li>"
        '<li class="task"><span class="check">☑ </span>e</li></ul>'
    ),
    "3. a\n\n   b\n4. c": '<ol start="3"><li><p>a</p><p>b</p></li><li>c</li></ol>',
    "1. a\n  - b\n2. c": "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>",
    "* a\n\ntext": "<ul><li>a</li></ul><p>text</p>",
    "> a\n> - b\n\nc": "<blockquote><p>a</p><ul><li>b</li></ul></blockquote><p>c</p>",
    "a\n\n---\n\nb": "<p>a</p><hr><p>b</p>",
    "x <font color=red>y</font>": "<p>x y</p>",
    "<a atId=u-lilei>李雷</a> hi": '<p><span class="mention" data-user="u-lilei">@李雷</span> hi</p>',
}


def test_text_becomes_what_its_marks_say(english: WebDriver) -> None:
    results = render(english, *CASES)
    assert dict(zip(CASES, [html for html, *_ in results], strict=True)) == CASES


def test_a_fence_keeps_its_text_as_it_is(english: WebDriver) -> None:
    [(html, text, _)] = render(english, "```js\n<b>**x**</b>\n\n  | a |\n```\nafter")
    assert text == "<b>**x**</b>\n\n  | a |after"
    assert '<pre tabindex="0"><code>&lt;b&gt;**x**' in html


def test_a_table_has_alignment_and_only_as_many_cells_as_its_head(english: WebDriver) -> None:
    [(html, _, _)] = render(english, "| a | b | c |\n|:--|:-:|--:|\n| 1 \\| `2|3` | | x | extra |")
    assert '<th>a</th><th class="center">b</th><th class="right">c</th>' in html
    row = '<td>1 | <code>2|3</code></td><td class="center"></td><td class="right">x</td></tr></tbody>'
    assert row in html


def test_links_open_only_what_is_safe(english: WebDriver) -> None:
    source = "[a](https://e.com/x_(y)) <https://f.com> https://g.com/h。 [b](javascript:attacked=1) [c](data:text/html,x)"
    [(html, text, _)] = render(english, source)
    assert text == "a https://f.com https://g.com/h。 b c"
    assert html.count('rel="noopener noreferrer"') == 3
    assert 'href="https://e.com/x_(y)"' in html
    assert 'href="https://g.com/h"' in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html


def test_images_are_shown_or_named(english: WebDriver) -> None:
    [(html, text, _)] = render(english, "![a](data:image/png;base64,iVBORw0KGgo=) ![b](file:///etc/passwd)")
    assert '<img src="data:image/png;base64,iVBORw0KGgo=" alt="a"' in html
    assert text.strip() == "b"
    assert html.count("<img") == 1


def test_content_never_becomes_markup(english: WebDriver) -> None:
    attacks = [
        "<img src=x onerror=attacked=1>",
        "<script>attacked=1</script>",
        '[x](https://e.com/"onmouseover=attacked=1)',
        '![x" onerror="attacked=1](https://e.com/a.png)',
        "<a atId='x\" onclick=\"attacked=1'>y</a>",
        "```\n</code></pre><script>attacked=1</script>\n```",
        "[x](JaVaScRiPt:attacked=1) [y](&#106;avascript:attacked=1) [z](java\tscript:attacked=1)",
        "| <svg onload=attacked=1> |\n|---|\n| <iframe src=javascript:attacked=1> |",
    ]
    banned = {"script", "iframe", "style", "onerror", "onload", "onclick", "onmouseover"}
    for attack, (_, _, found) in zip(attacks, render(english, *attacks), strict=True):
        assert not banned & set(found), attack
    [(_, text, found), (_, shown, _)] = render(english, *attacks[:2])
    assert (text, found) == ("<img src=x onerror=attacked=1>", ["p"])
    assert shown == "<script>attacked=1</script>"
    assert english.execute_script("return window.attacked") is None


def test_a_growing_text_never_shows_its_marks(english: WebDriver) -> None:
    prefixes = [ANSWER[:end] for end in range(1, len(ANSWER) + 1)]
    inside_fence = ANSWER.index("```python"), ANSWER.index("![logo]")
    for prefix, (_, text, _) in zip(prefixes, render(english, *prefixes, streaming=True), strict=True):
        marks = ("**", "`", "](", "~~", "##", "|--", "<a", "<br", "![")
        found = [mark for mark in marks if mark in text]
        assert not found, f"{found} in {text!r} for {prefix[-30:]!r}"
        if not inside_fence[0] <= len(prefix) <= inside_fence[1]:
            assert "|" not in text.split("a = b")[0]


def test_a_growing_text_ends_as_the_finished_one(english: WebDriver) -> None:
    [(growing, *_)] = render(english, ANSWER, streaming=True)
    [(finished, *_)] = render(english, ANSWER)
    assert growing == finished


def test_a_growing_text_only_grows(english: WebDriver) -> None:
    texts = [
        text for _, text, _ in render(english, *(ANSWER[:end] for end in range(len(ANSWER))), streaming=True)
    ]
    shrunk = [(before, after) for before, after in pairwise(texts) if len(after) < len(before) - 4]
    assert shrunk == []


@pytest.mark.parametrize(
    "hostile",
    [
        "*" * 20_000,
        "[" * 20_000,
        "> " * 10_000,
        "`" * 20_000 + "a",
        "**a " * 8_000,
        "- " * 10_000,
        "![](" * 6_000,
    ],
    ids=["stars", "brackets", "quotes", "ticks", "bolds", "items", "images"],
)
def test_a_hostile_text_does_not_hang_the_page(english: WebDriver, hostile: str) -> None:
    english.set_script_timeout(5)
    render(english, hostile)
    render(english, hostile, streaming=True)


FONTS = """
  const node = document.createElement("p");
  node.textContent = arguments[0];
  document.body.replaceChildren(node);
"""


@pytest.mark.parametrize(
    "text", ["\U0001f604", "\U0001f605\u200d\u2640\ufe0f", "\u2705", "\u2b50", "\u2764\ufe0f"]
)
def test_emoji_are_in_colour_where_the_machine_has_them(english: WebDriver, text: str) -> None:
    if not has_font("Noto Color Emoji"):
        pytest.skip("no font with coloured emoji on this machine")
    # a page draws with another font until the one that it names is there
    WebDriverWait(english, 10).until(lambda page: any("Color Emoji" in name for name in fonts_of(page, text)))


@pytest.mark.parametrize("text", ["0123456789", "#*", "\u2713\u2611", "(c)"])
def test_what_is_text_stays_text(english: WebDriver, text: str) -> None:
    assert not any("Emoji" in name for name in fonts_of(english, text))


def has_font(name: str) -> bool:
    listing = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False)
    return name in listing.stdout


def fonts_of(browser: WebDriver, text: str) -> list[str]:
    """The fonts that the page really draws a text with."""
    browser.execute_script(FONTS, text)
    root = browser.execute_cdp_cmd("DOM.getDocument", {"depth": -1})["root"]
    browser.execute_cdp_cmd("CSS.enable", {})
    node = browser.execute_cdp_cmd("DOM.querySelector", {"nodeId": root["nodeId"], "selector": "body > p"})
    fonts = browser.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
    return [font["familyName"] for font in fonts["fonts"]]


HOSTILE = """[say it](dtmd://dingtalkclient/sendMessage?content=I+quit) ![x](https://a.b/c.png) **b** `c` ~~s~~ _e_ https://a.b
# Title
- item
1. item
> quote
| a | b |
|---|---|
<font color=red>red</font> <a atId=u1>@u1</a> \\[x](y) &lt;
[r]: dtmd://x
---"""


def test_what_a_person_typed_is_shown_as_it_was_typed(english: WebDriver) -> None:
    (_, text, found), (_, _, raw) = render(english, plain_markdown(HOSTILE), HOSTILE)
    markup = {"a", "img", "strong", "em", "code", "s", "table", "ul", "ol", "blockquote", "hr", "font", "h1"}
    assert len(markup & {*raw}) > 6
    assert not markup & {*found}
    assert "".join(text.split()) == "".join(HOSTILE.split())
