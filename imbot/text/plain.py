"""Writes a person's words into Markdown so that they are shown as they were typed: no link, no markup."""

import re

# What Markdown reads as markup. Each is written with a backslash before it; ordinary words stay as they are, so that
# they also look right where a text is shown without Markdown.
_MARKUP = re.compile(
    r"""
      (?P<escape>\\(?=[!-/:-@\[-`{-~]))
    | (?P<address>(?:(?<=:)/(?=/))|(?:(?<=:/)/)|(?<=mailto):|(?<=www)\.(?=\w))
    | (?P<tag>[<&](?=[A-Za-z/!?\#]))
    | (?P<begin>^[ \t]*(?:\#(?=\#{0,5}(?:\s|$))|>|[-+*](?=[ \t])|[-=*_](?=[-=*_ \t]*$)
        |\d{1,9}[.)](?=\s|$)))
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_LINK = re.compile(r"\]\s*[(\[:]")
_PAIRED = "*`~|"
_UNDERSCORES = re.compile(r"(?<!\w)_+|_+(?!\w)")  # within a word they are no markup


def plain_markdown(text: str) -> str:
    """The text as Markdown that shows it literally, also names of addresses such as ``dtmd://``."""
    text = _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)
    if _LINK.search(text):
        text = _escaped(text, "[]")
    for sign in _PAIRED:
        if text.count(sign) > 1:
            text = _escaped(text, sign)
    if len(_UNDERSCORES.findall(text)) > 1:
        text = _escaped(text, "_")
    return text


def _escaped(text: str, signs: str) -> str:
    """The text with a backslash before each of these signs that has none."""
    return re.sub(
        rf"(?<!\\)(?:\\\\)*[{re.escape(signs)}]", lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text
    )
