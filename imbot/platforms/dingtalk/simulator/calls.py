"""An API call on its way through the simulator, and the description of an API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from imbot.platforms.dingtalk.simulator.values import App
from imbot.platforms.dingtalk.simulator.world import World

Body = dict[str, Any]


@dataclass(slots=True)
class ApiCall:
    """One call. Handlers set the fields that only the journal needs: ``known_app``, ``card``, ``summary``."""

    world: World
    method: str
    path: str
    host: str
    query: dict[str, str] = field(default_factory=dict)
    match: dict[str, str] = field(default_factory=dict)
    form: Body = field(default_factory=dict)
    body: Body = field(default_factory=dict)
    size: int = 0
    known_app: App | None = None
    card: str | None = None
    summary: str = ""

    @property
    def app(self) -> App:
        """The calling app. Only for routes that need a token."""
        assert self.known_app is not None
        return self.known_app


@dataclass(frozen=True, slots=True)
class Route:
    """One API. ``auth``: where its token is sent; ``legacy``: its errors are HTTP 200 with an errcode."""

    method: str
    path: str
    handle: Callable[[ApiCall], Body]
    auth: Literal["header", "query", "none"] = "header"
    scope: str = ""
    body: Literal["json", "form", "none"] = "json"
    legacy: bool = False
