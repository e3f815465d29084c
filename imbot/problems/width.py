"""How wide text is on a terminal: what decides under which characters a caret stands."""


def widths(text: str) -> list[int]:
    """The cells each character takes; what joins the one before it takes none."""
    if text.isascii():  # as most lines are: the tables take 8 ms to import
        return [1] * len(text)
    from wcwidth import iter_graphemes, wcswidth

    found: list[int] = []
    for cluster in iter_graphemes(text):
        cells = wcswidth(cluster)  # -1: a control character, which is shown by a sign of one cell
        found += [abs(cells), *[0] * (len(cluster) - 1)]
    return found


def width(text: str) -> int:
    """The cells a text takes."""
    return sum(widths(text))
