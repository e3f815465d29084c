"""The tiny platform itself, in this process: what people say waits in queues, what they see lies in a file."""

import asyncio
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any


class Hub:
    """All apps and all cards. The cards outlive the process in the file, as a platform's do."""

    def __init__(self, file: Path) -> None:
        self.queues: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)
        self.toasts: list[str] = []
        self.texts: list[str] = []
        self.dies_before_showing = False
        self._file = file
        self.cards: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.exists() else {}

    def make(self, app: str) -> str:
        """Make a card that nobody sees yet; its name."""
        name = f"card-{len(self.cards) + 1}"
        self.cards[name] = {"app": app, "shown": [], "content": None, "sequence": 0, "closed": False}
        self._save()
        return name

    def show(self, name: str, key: str) -> None:
        """Show a card in the chat, once for each key however often this is asked."""
        if self.dies_before_showing:
            os._exit(9)
        if key not in self.cards[name]["shown"]:
            self.cards[name]["shown"].append(key)
        self._save()

    def put(self, name: str, content: Any, sequence: int, *, closed: bool = False) -> None:
        """Take a card whole. What comes out of order is refused, as what comes after the end."""
        card = self.cards[name]
        assert sequence > card["sequence"], f"{sequence} after {card['sequence']}"
        assert not card["closed"], "a card that was closed changed again"
        card |= {"content": content, "sequence": sequence, "closed": closed}
        self._save()

    def _save(self) -> None:
        self._file.write_text(json.dumps(self.cards, ensure_ascii=False), "utf-8")


HUB = Hub(Path(os.environ.get("TINY_HUB", "tiny-hub.json")))
