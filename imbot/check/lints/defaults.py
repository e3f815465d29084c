"""The lint of files whose name is nearly that of the defaults, and which are therefore not read."""

import re
from collections.abc import Iterator
from pathlib import Path

from imbot.config.loader.defaults import DEFAULTS_FILES
from imbot.errors import START, Problem

_NEARLY = re.compile(r"_default.*\.ya?ml", re.IGNORECASE)


def misnamed_defaults(folder: Path) -> Iterator[Problem]:
    """Files such as ``_default.yaml``: not bots, because they begin with ``_``, and not the defaults."""
    for path in sorted(folder.glob("_*")):
        if _NEARLY.fullmatch(path.name) and path.name not in DEFAULTS_FILES and path.is_file():
            message = f"no bot reads this file: defaults are in {DEFAULTS_FILES[0]}"
            hint = "rename it; if it is a draft, give it another name"
            yield Problem.at(str(path), START, "defaults.name", message, hint, severity="warning")
