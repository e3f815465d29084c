import pytest

from imbot.text.plain import plain_markdown


@pytest.mark.parametrize(
    "text",
    [
        "怎么退货？",
        "C++ 与 C# 的区别? a_b_c 2*3",
        "[图片] ok",
        "3.14, in 2024. Then",
        "a & b < c",
        "~5",
        "x | y",
        "",
    ],
)
def test_ordinary_words_stay_as_they_are(text):
    assert plain_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "[点我](dtmd://dingtalkclient/sendMessage?content=x)",
            r"\[点我\](dtmd:\/\/dingtalkclient/sendMessage?content=x)",
        ),
        ("![x](http://a/b.png)", r"!\[x\](http:\/\/a/b.png)"),
        ("[a][b]\n[b]: dtmd://x", "\\[a\\]\\[b\\]\n\\[b\\]: dtmd:\\/\\/x"),
        ("# T\n- a\n1. b\n> q\n---", "\\# T\n\\- a\n1\\. b\n\\> q\n\\---"),
        ("**b** `c` ~~s~~ _e_", r"\*\*b\*\* \`c\` \~\~s\~\~ \_e\_"),
        ("<font color=red>", r"\<font color=red>"),
        ("&lt;b", r"\&lt;b"),
        (r"\[x](y)", r"\\\[x\](y)"),
        (r"\\[x](y)", r"\\\\\[x\](y)"),
        ("www.evil.com", r"www\.evil.com"),
        ("| a |\n|---|", "\\| a \\|\n\\|---\\|"),
    ],
)
def test_markup_is_escaped(text, shown):
    assert plain_markdown(text) == shown
