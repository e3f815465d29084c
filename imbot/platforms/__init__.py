"""Platform types: what every IM platform provides to the rest of imbot, and the table of the types.

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

if TYPE_CHECKING:  # it imports asyncio, which `check` does without
    from imbot.usage.rate_limit import RateLimiter

DEFAULT_TYPE = "dingtalk-stream"  # the schema's default for `type`

# name in a bot file -> "module:PlatformType"; imported only when a bot names it
TYPES = {
    "dingtalk-stream": "imbot.platforms.dingtalk:STREAM",
}


@dataclass(frozen=True, slots=True, eq=False)
class PlatformType:
    """One way to reach people: all that the rest of imbot needs of a platform.

    Classes are written as "module:class" and modules by their names; each is imported when it is opened.

    - ``name``: the ``type`` in a bot file
    - ``gateway``, ``dry_run``, ``diagnosis``: classes, see ``Gateway``, ``DryRun`` and ``Diagnosis``
    - ``kinds``: the classes of its card kinds, by their names in a bot file; its schema lists the same names, the
      default first
    - ``calls_of``: returns how many calls it takes to make a card (phase thinking), to update it (streaming) or
      to end it (the other phases)
    - ``renderer``: the module that draws its cards on web pages, see ``Renderer``
    - ``simulator``: the class of its ``Simulator``
    - ``month``: the calendar by which it counts calls; None if it does not count them by the month
    - ``say_link``: makes the address of a link which sends a text in the name of the person who presses it; None
      if there are no such links
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
    """The platform type of that name. Raises KeyError if there is none."""
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
    """A gateway of that platform type, not yet connected; its arguments are explained at ``Gateway``."""
    gateway: Gateway = _imported(platform_type(type_name).gateway)(credentials, endpoint, spent, limiter)
    return gateway


class DryRun(Protocol):
    """Decides on the same calls as the gateway of its platform type, but makes none.

    Its class takes one argument, ``called``. Where the gateway would make a call about a card, the dry run
    awaits ``called`` with the id of the card instead.
    """

    def address(self, message: Message) -> Mapping[str, Any]:
        """The ``Message.address`` that the gateway would set."""
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
        """The answer as people read it on a card."""
        ...


def open_dry_run(type_name: str, called: Callable[[str], Awaitable[None]]) -> DryRun:
    """A dry run of that platform type; ``called`` as ``DryRun`` says."""
    dry_run: DryRun = _imported(platform_type(type_name).dry_run)(called)
    return dry_run


@dataclass(frozen=True, slots=True)
class Doubt:
    """A warning of a probe that did not fail: what it found, the cause, and what to do about it."""

    found: str
    cause: str
    cure: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that a diagnosis tries.

    ``ask`` returns what it found, in a few words or as a ``Doubt``. If it fails it raises PlatformError, which has
    the cause and the cure. ``needs`` are the names of probes that must have succeeded before. ``calls`` is the
    largest number of the month's calls that it takes.
    """

    name: str
    ask: Callable[[], Awaitable[str | Doubt]]
    needs: tuple[str, ...] = ()
    calls: int = 0


class Diagnosis(Protocol):
    """Tries what one app may do on its platform, by calls that nobody in a chat notices.

    Its class takes ``(credentials, endpoint)``; ``endpoint`` None is the real platform.
    """

    def probes(self, view: CardView) -> Sequence[Probe]:
        """The probes, in the order to run them, for an app that will show cards like ``view``."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...


def open_diagnosis(type_name: str, credentials: Mapping[str, Any], endpoint: str | None = None) -> Diagnosis:
    """A diagnosis of that platform type for one app; its arguments are explained at ``Diagnosis``."""
    diagnosis: Diagnosis = _imported(platform_type(type_name).diagnosis)(credentials, endpoint)
    return diagnosis


class Renderer(Protocol):
    """A module by which web pages draw the cards of a platform type.

    ``PAGE`` is the folder of the scripts and styles. Its ``card.js`` draws what ``page_card`` returns.
    """

    PAGE: Path

    def page_card(self, view: CardView) -> Mapping[str, Any] | None:
        """A card as ``card.js`` takes it, JSON values; None for a view that is a message and no card."""
        ...


def open_renderer(type_name: str) -> Renderer:
    """The renderer of that platform type."""
    renderer: Renderer = cast(Renderer, importlib.import_module(platform_type(type_name).renderer))
    return renderer


class Simulator(Protocol):
    """A platform that runs on one machine, with a page to chat on.

    Its class takes ``open_apps``: whether an unknown app that calls is let in.
    """

    @property
    def url(self) -> str:
        """The address of the page while it listens. It is also the ``endpoint`` for gateways."""
        ...

    @property
    def page_url(self) -> str:
        """The address of its page for a person, while it listens; with a token where other machines can reach it."""
        ...

    def add_app(self, client_id: str, secret: str, title: str = "") -> object:
        """Let an app in, or give it another secret and title."""
        ...

    def remove_app(self, client_id: str) -> None:
        """Close an app's connections and take it off the page."""
        ...

    def show_bots(self, bots: Sequence[Mapping[str, Any]]) -> None:
        """Show on the page what is known of the bots, as JSON values; it replaces what was shown before.

        Each has ``name``, ``title``, ``app`` (its client id; null: it does not run), ``state`` (``running``,
        ``waiting``, ``rejected``, ``pending`` or ``folder``: no bot, but the folder, which cannot be loaded), ``since`` (the version that runs, in epoch milliseconds),
        ``problems`` (as ``problems.page`` makes them; of a running bot: why a newer version of its file does
        not run), ``trouble`` (what else is wrong, sentences), ``questions`` (to begin with), ``failing`` (null, or
        ``since``, ``answers``, ``reason`` and ``cure``: all answers fail) and ``failures``: the last answers that
        failed, each with its ``card``, the ``message`` that was asked, ``reason`` and ``cure``.
        """
        ...

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError if that is not possible."""
        ...

    async def stop(self) -> None:
        """Close everything."""
        ...


def open_simulator(type_name: str, *, open_apps: bool = True) -> Simulator:
    """A simulator of that platform type, which does not listen yet."""
    simulator: Simulator = _imported(platform_type(type_name).simulator)(open_apps=open_apps)
    return simulator
