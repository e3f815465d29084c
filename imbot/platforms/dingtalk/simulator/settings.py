"""The simulator's settings: limits, times, and the points where reports about the platform disagree.

Every value may be changed while the simulator runs, by the chat page or by a test. Where the platform's
behaviour is unknown the default is the suggestion of the protocol notes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Names ending in ``_s`` are seconds, ``_ms`` milliseconds; ``None`` turns a limit off."""

    qps: int | None = 20  # calls per second of one app on one API
    monthly: int | None = None  # calls of the whole organisation, counted from when this was set
    latency_ms: int = 0  # added to every API call
    redelivery_s: float | None = None  # bot messages without an ack are pushed again after this time
    redelivery_same_id: bool = False  # ... under the same headers.messageId
    redelivery_max: int = 3
    event_retry_s: float = 60.0
    ticket_s: float = 90.0
    ticket_refusal: int = 401  # status of an upgrade with a used or expired ticket
    disconnect_grace_s: float = 10.0
    dead_peer_s: float = 0.0  # how long a connection that died without a close frame is still selected
    ping_s: float | None = 60.0
    system_frames: bool = False  # CONNECTED, REGISTERED and KEEPALIVE frames
    callback_s: float = 2.0  # time for the answer to a card click
    token_s: int = 7200
    webhook_s: float = 5400.0
    published: bool = True  # an unpublished robot is not told staff ids
    denied_scopes: tuple[str, ...] = ()
    templates: tuple[str, ...] | None = None  # the only card templates there are; None: any
    reopen_finalized: bool = True  # streaming after isFinalize is accepted
    reject_reused_cards: bool = True  # a used outTrackId is an error, not silently ignored
    append_markdown: bool = False  # isFull=false is accepted on a markdown variable
    samples_without_title: bool = True  # sampleMarkdown needs no title
    webhooks_without_text: bool = (
        False  # session webhooks need no title and no text; else 400402, 400403, 40035
    )
    stream_max: int | None = None  # bytes of `content` in one streaming call

    def to_json(self) -> dict[str, Any]:
        """The settings as the chat page reads them."""
        return asdict(self)

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """A copy with some values replaced. Raises ValueError, which names the first one that does not fit."""
        for name, value in changes.items():
            if name not in _HINTS:
                raise ValueError(f"unknown setting: {name}")
            if not _fits(value, _HINTS[name]) or (name.endswith("_ms") and value > _LONGEST_MS):
                raise ValueError(f"invalid value for setting {name}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
        }
        return replace(self, **values)


_LONGEST_MS = 600_000  # of what every call waits for: longer, and the page itself seems dead
_LARGEST = 1e9  # of a number: neither infinity nor what no clock can count
_HINTS = get_type_hints(Settings)


def _fits(value: Any, hint: Any) -> bool:
    """Is this a value of the annotated type, as JSON would carry it?"""
    if isinstance(hint, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if hint in (NoneType, bool):
        return isinstance(value, hint)
    if hint in (int, float):
        kinds = (int,) if hint is int else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
