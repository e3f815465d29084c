from pathlib import Path

import pytest
from botfolder import write
from preview_bot import BOT, FINAL

from imbot.model import CardPhase
from imbot.preview.look import Looker
from imbot.preview.samples import SAMPLES


@pytest.fixture
def bots(tmp_path: Path) -> Path:
    """A folder with one bot and its card."""
    return write(tmp_path / "bots", {"a.yaml": BOT, "cards/final.yaml": FINAL})


@pytest.fixture
def looker(bots):
    """Looks at the bot, with these phases and samples."""

    def make(*phases, samples=SAMPLES, name="a.yaml"):
        return Looker(bots / name, samples, phases or [*CardPhase])

    return make
