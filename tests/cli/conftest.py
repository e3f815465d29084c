import gc
import logging

import pytest

from imbot import log


@pytest.fixture(autouse=True)
def unchanged(monkeypatch):
    """The process gets back what a command that runs for long sets for all of it."""
    monkeypatch.setattr(log, "set_up", lambda *_, **__: None)
    threshold, level = gc.get_threshold(), logging.getLogger("imbot").level
    yield
    gc.set_threshold(*threshold)
    logging.getLogger("imbot").setLevel(level)
