"""How a folder of bots and the files in it are named."""

from pathlib import Path

DEFAULT_FOLDER = Path("bots")


def names_bot(name: str) -> bool:
    """Whether a file of that name, directly in a bots folder, is a bot file."""
    return (
        name[:1] not in ("", ".", "_")
        and name.endswith((".yaml", ".yml"))
        and not name.endswith(".test.yaml")
    )
