"""Quotes below a text: the message that somebody answers, each line of it after ``> ``."""

MOST_QUOTED = 4_000  # characters of a quoted message that the agent gets


def as_quote(words: str) -> str:
    """These words as a quote, cut at ``MOST_QUOTED`` characters."""
    words = f"{words[:MOST_QUOTED]}…" if len(words) > MOST_QUOTED else words
    return "\n".join(f"> {line}".rstrip() for line in words.splitlines())


def with_quote(text: str, quote: str) -> str:
    """A text with the quote that it answers below it."""
    return f"{text}\n\n{quote}".strip() if quote else text


def without_quote(text: str, quote: str) -> str:
    """The text that ``with_quote`` put above the quote."""
    return text.removesuffix(quote).rstrip() if quote else text
