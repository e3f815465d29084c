"""The lint of templates that no bot of the folder uses."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from imbot.errors import START, Problem

_LAYOUTS = "cards"  # where unused layouts are looked for, besides folders with a layout in use


def unused_templates(folder: Path, sources: Iterable[str]) -> Iterator[Problem]:
    """Layouts and texts below a bots folder that are not among ``sources``, all files that its bots use."""
    used = {os.path.normpath(path) for path in sources}
    layouts = {str(Path(path).parent) for path in used if path.endswith((".yaml", ".yml"))}
    for path in _templates(folder, layouts):
        if os.path.normpath(path) not in used:
            message = "no bot of this folder uses this template"
            hint = "delete it, or use it in a bot file"
            yield Problem.at(str(path), START, "file.unused", message, hint, severity="warning")


def _templates(folder: Path, used: set[str]) -> Iterator[Path]:
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        here = Path(top)
        holds_layouts = here != folder and (here.name == _LAYOUTS or os.path.normpath(here) in used)
        for name in sorted(names):
            layout = name.endswith((".yaml", ".yml")) and not name.endswith(".test.yaml")
            if name[0] not in "._" and (name.endswith(".j2") or (layout and holds_layouts)):
                yield here / name
