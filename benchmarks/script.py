"""What the agent answers to a question, and how much of which answer a text shows.

An answer is its question's key and then the alphabet over and over, so that every text tells whether it is
a true beginning of it. Both ``agent_server.py`` and ``stage.py`` know it by heart.
"""

import re
import string

LETTERS = string.ascii_lowercase
MOST = 12_000  # letters: what one card can take


def size(chunks):
    """Letters in each chunk of an answer: what a token has, less where it would not fit on a card."""
    return min(4, MOST // chunks)


def pieces(key, chunks):
    """The chunks of an answer."""
    letters = size(chunks)
    text = LETTERS * (chunks * letters // len(LETTERS) + 1)
    yield f"#{key} {text[:letters]}"
    for number in range(1, chunks):
        yield text[number * letters : (number + 1) * letters]


def shown(text, chunks):
    """Whose answer a text shows and how many of so many chunks; None where it is no beginning of one.

    ("", 0) where it shows none yet.
    """
    found = re.search(r"#(k\d+) ([a-z]*)", text)
    if not found:
        return "", 0
    key, letters = found.groups()
    true = (LETTERS * (len(letters) // len(LETTERS) + 1)).startswith(letters)
    return (key, len(letters) // size(chunks)) if true else None
