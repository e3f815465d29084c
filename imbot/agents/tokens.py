"""Numbers of tokens as agents report them, which may be anything."""

MOST_TOKENS = 10**12  # of one answer; a larger number cannot be true, and the store could not hold it


def token_count(value: object) -> int:
    """A number of tokens as an agent reports it; 0 for anything that is none."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else 0
