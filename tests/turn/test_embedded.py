import base64
import random

import pytest

from imbot.turn.embedded import Embedded

DATA = base64.b64encode(bytes(range(256)) * 200).decode()  # 68,000 letters
PNG = f"data:image/png;base64,{DATA}"


def shown(pieces):
    embedded, text = Embedded(), ""
    for piece in pieces:
        back, added = embedded.without(piece, lambda: "(left out)")
        text = text[: len(text) - back] + added
    return text


CASES = [
    (f"看：![图]({PNG})\n完", "看：(left out)\n完"),
    (f'a ![图](<{PNG}> "title") b', "a (left out) b"),
    (f"[file](data:application/pdf;base64,{DATA}) b", "(left out) b"),
    (f'a <img alt="x" src="{PNG}" width="3"/> b', "a (left out) b"),
    (f"a {PNG} b", "a (left out) b"),
    (f"a {PNG}\nhello world", "a (left out)\nhello world"),
    (f"{PNG}", "(left out)"),
    (f"![1]({PNG}) and ![2]({PNG})", "(left out) and (left out)"),
    ("![图](data:image/svg+xml;charset=utf-8,%3Csvg%3E) b", "(left out) b"),
    (f"![图]({PNG[:200]}\n{DATA[200:300]}) b", "(left out) b"),
    (f"![图]({PNG}\n\nnext **one**", "(left out)\n\nnext **one**"),
    ("![图](https://x/y.png) stays", "![图](https://x/y.png) stays"),
    ("metadata: image/png, data: image", "metadata: image/png, data: image"),
    ("write `data:image/` before it", "write `data:image/` before it"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_one_line_stands_in_the_place_of_embedded_data(text, expected):
    assert shown([text]) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_pieces_of_any_length_make_no_difference(text, expected):
    short = text.replace(DATA, DATA[:90])
    assert shown(short) == expected
    for seed in range(30):
        chance, pieces, rest = random.Random(seed), [], short
        while rest:
            at = chance.randint(1, 40)
            pieces.append(rest[:at])
            rest = rest[at:]
        assert shown(pieces) == expected
