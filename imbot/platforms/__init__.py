"""The Meta: what every IM platform is to the rest of imbot, and the table of platform types.

A *platform type* (``dingtalk-stream``) knows one way to reach users. Its *gateway* is the live link
of one app: it receives messages and clicks for the handler attached to it, and shows cards. Nothing
above this package names a platform.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from imbot.model import CardPhase, CardRef, CardView, Message
from imbot.platforms.gateway import Gateway, Going, Made, Spent, unseen
from imbot.spec import CardSpec
from imbot.usage.accounting import Calendar

if TYPE_CHECKING:  # it brings asyncio along, which `check` does without
    from imbot.usage.rate_limit import RateLimiter

DEFAULT_TYPE = "dingtalk-stream"  # the schema's default for `type`

# name in a bot file -> "module:PlatformType"; imported only when a bot names it
TYPES = {
    "dingtalk-stream": "imbot.platforms.dingtalk:STREAM",
}


@dataclass(frozen=True, slots=True, eq=False)
class PlatformType:
    """One way to reach people: all that the rest of imbot asks of a platform.

    ``gateway``, ``dry_run`` and ``diagnosis`` are "module:class", imported when they are opened. ``kinds`` are
    the card kinds it has by their names in a bot file; its schema lists them too, the default first.
    ``calls_of`` tells how many calls it takes to show a card in a phase: to make it, to update it, to end it.
    ``renderer`` is the module that draws its cards on web pages, a ``Renderer``, ``simulator`` the class of a
    platform of this type for one machine, a ``Simulator``. ``month`` is the calendar by
    which it counts calls, if it does. ``say_link`` makes the address that sends a text as who presses the link,
    where there is such a thing.
    """

    name: str
    gateway: str
    dry_run: str
    diagnosis: str
    kinds: Mapping[str, str]
    calls_of: Callable[[CardSpec, CardPhase], int]
    renderer: str
    simulator: str = ""
    month: Calendar | None = None
    say_link: Callable[[str], str] | None = None


@cache
def platform_type(name: str) -> PlatformType:
    """The platform type of that name."""
    found: PlatformType = _imported(TYPES[name])
    return found


def calendars() -> frozenset[Calendar]:
    """The calendars of all platform types that count calls by the month."""
    return frozenset(month for name in TYPES if (month := platform_type(name).month))


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def open_gateway(
    type_name: str,
    credentials: Mapping[str, Any],
    endpoint: str | None = None,
    spent: Spent = unseen,
    limiter: "RateLimiter | None" = None,
) -> Gateway:
    """A gateway of that platform type, not yet connected; it keeps to ``quota``, or to one of its own."""
    gateway: Gateway = _imported(platform_type(type_name).gateway)(credentials, endpoint, spent, limiter)
    return gateway


class DryRun(Protocol):
    """A platform type without its platform: decides on the same calls as its gateway, and makes none.

    The class takes ``called``, which is awaited with the card's id in the place of each call.
    """

    def address(self, message: Message) -> Mapping[str, Any]:
        """What ``Message.address`` would be."""
        ...

    def overflow_bytes(self, view: CardView) -> int:
        """As ``Gateway.overflow_bytes``."""
        ...

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """As ``Gateway.create_card``."""
        ...

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """As ``Gateway.update_card``."""
        ...

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """As ``Gateway.finish_card``."""
        ...

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """As ``Gateway.send_text``."""
        ...

    def layout(self, view: CardView) -> Mapping[str, Any]:
        """What a card shows, under the names that its layout uses."""
        ...

    def answer(self, view: CardView) -> str:
        """What people read of the answer on a card."""
        ...


def open_dry_run(type_name: str, called: Callable[[str], Awaitable[None]]) -> DryRun:
    """A dry run of that platform type."""
    dry_run: DryRun = _imported(platform_type(type_name).dry_run)(called)
    return dry_run


@dataclass(frozen=True, slots=True)
class Doubt:
    """Nothing failed, but something is to be known: what was found, why, and what to do about it."""

    found: str
    cause: str
    cure: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to find out by trying it.

    ``ask`` returns what it found, in a few words; what it raises names cause and cure. ``needs`` are
    the names of the probes without whose success asking is pointless. ``calls`` is what it takes of a
    month's calls at most.
    """

    name: str
    ask: Callable[[], Awaitable[str | Doubt]]
    needs: tuple[str, ...] = ()
    calls: int = 0


class Diagnosis(Protocol):
    """A look at the platform with one app's eyes, by calls that nobody in a chat notices.

    The class takes ``(credentials, endpoint)``; ``endpoint`` None is the real platform.
    """

    def probes(self, view: CardView) -> Sequence[Probe]:
        """What to try, in order, for an app that will show cards like this one."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...


def open_diagnosis(type_name: str, credentials: Mapping[str, Any], endpoint: str | None = None) -> Diagnosis:
    """A diagnosis of that platform type."""
    diagnosis: Diagnosis = _imported(platform_type(type_name).diagnosis)(credentials, endpoint)
    return diagnosis


class Renderer(Protocol):
    """How web pages draw the cards of a platform type: a module with what its own page uses.

    ``PAGE`` is the folder with ``card.js``, which draws what ``page_card`` returns.
    """

    PAGE: Path

    def page_card(self, view: CardView) -> Mapping[str, Any] | None:
        """A card as ``card.js`` takes it, JSON values; None where there is only a message."""
        ...


def open_renderer(type_name: str) -> Renderer:
    """The renderer of that platform type."""
    renderer: Renderer = cast(Renderer, importlib.import_module(platform_type(type_name).renderer))
    return renderer


class Simulator(Protocol):
    """A platform of a type for one machine, with a page to chat on. The class takes ``open_apps``: whoever comes is let in."""

    @property
    def url(self) -> str:
        """Its address, while it listens: of the page, and the ``endpoint`` of gateways."""
        ...

    def add_app(self, client_id: str, secret: str, title: str = "") -> object:
        """Let an app in, or give it another secret and title."""
        ...

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; 0 takes a free port. Raises OSError."""
        ...

    async def stop(self) -> None:
        """Close everything."""
        ...


def open_simulator(type_name: str, *, open_apps: bool = True) -> Simulator:
    """A simulator of that platform type, which does not listen yet."""
    simulator: Simulator = _imported(platform_type(type_name).simulator)(open_apps=open_apps)
    return simulator
