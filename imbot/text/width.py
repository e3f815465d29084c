"""How wide text is on a terminal, so that carets stand under the right characters."""


def widths(text: str) -> list[int]:
    """The cells that each character takes. A character that joins the one before it takes none."""
    if text.isascii():  # most lines are, and importing the tables takes 8 ms
        return [1] * len(text)
    from wcwidth import iter_graphemes, wcswidth

    found: list[int] = []
    for cluster in iter_graphemes(text):
        cells = wcswidth(cluster)  # -1: a control character, which is shown as a sign of one cell
        found += [abs(cells), *[0] * (len(cluster) - 1)]
    return found


def width(text: str) -> int:
    """The cells that a text takes."""
    return sum(widths(text))
