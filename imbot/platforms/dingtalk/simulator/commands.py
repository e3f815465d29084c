"""What a test in any language can order over HTTP: ``POST /sim/NAME`` calls the simulator's method of that name."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import NoneType, UnionType
from typing import Any, Protocol, get_args, get_origin, get_type_hints

from aiohttp import web

from imbot.platforms.dingtalk.simulator.frames import Ack
from imbot.platforms.dingtalk.simulator.page_api import answer
from imbot.platforms.dingtalk.simulator.push import Push
from imbot.platforms.dingtalk.simulator.values import User
from imbot.platforms.dingtalk.simulator.world import World
from imbot.web.serving import json_in

COMMANDS = (
    "fail",
    "mend",
    "disconnect",
    "drop",
    "close",
    "freeze",
    "ping",
    "push",
    "push_event",
    "send_text",
    "revoke_token",
    "expire_webhooks",
    "remove_app",
    "add_user",
    "add_template",
    "idle",
)
_MOST_ACKS = 1_000
_LONGEST_S = 600
_ESCAPED = ("data", "body")  # halves of characters travel in them as escapes of JSON
_APPS = ("app", "client_id")
_KINDS = {
    NoneType: "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a string",
    dict: "an object",
}
_Limit = tuple[Callable[[Any], bool], str]
_TIME: _Limit = (lambda value: 0 <= value <= _LONGEST_S, f"from 0 to {_LONGEST_S} seconds")
_LIMITS: dict[str, _Limit] = {
    "status": (lambda value: value in (None, 0) or 200 <= value <= 599, "0 or from 200 to 599"),
    "times": (lambda value: 1 <= value <= 1_000_000, "from 1 to 1,000,000"),
    "code": (lambda value: 1000 <= value <= 4999, "from 1000 to 4999"),
    "delay_s": _TIME,
    "quiet_s": _TIME,
    "timeout": _TIME,
}


class Commanded(Protocol):
    """The simulator, which has a method for every command."""

    world: World

    @property
    def acks(self) -> list[Ack]:
        """The clients' answers to pushes, oldest first."""
        ...


class Commands:
    """The handlers of the commands. The arguments of a method are the keys of a JSON object."""

    def __init__(self, simulator: Commanded) -> None:
        self._simulator = simulator

    def register(self, app: web.Application) -> None:
        """Add the commands' paths to the web application, after those of the page."""
        app.router.add_get("/sim/acks", self._acks)
        app.router.add_post("/sim/{command}", self._run)

    async def _acks(self, _: web.Request) -> web.StreamResponse:
        return answer({"acks": [_shown(ack) for ack in self._simulator.acks[-_MOST_ACKS:]]})

    async def _run(self, request: web.Request) -> web.StreamResponse:
        name, arguments = request.match_info["command"], await json_in(request)
        if name not in COMMANDS:
            return _wrong(f"there is no command {name}; there are {', '.join(COMMANDS)}", 404)
        method = getattr(self._simulator, name)
        if why := _misfit(method, arguments):
            return _wrong(why)
        for key in _APPS:
            if key in arguments and arguments[key] not in self._simulator.world.apps:
                return _wrong(f"unknown app {arguments[key]}", 404)
        try:
            result = method(**arguments)
            if inspect.isawaitable(result):
                result = await result
        except TimeoutError:
            return _wrong("calls or acks still came when the time was over", 504)
        return answer(_result(result))


def _misfit(method: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """Why a method does not take these arguments; empty if it does."""
    parameters, hints = inspect.signature(method).parameters, get_type_hints(method)
    for name in arguments:
        if name not in parameters:
            takes = ", ".join(parameters) or "no arguments"
            return f"unknown argument {name}; the command takes {takes}"
    for name, parameter in parameters.items():
        if name not in arguments:
            if parameter.default is parameter.empty:
                return f"{name} is missing"
        elif not _fits(arguments[name], hints[name]):
            return f"{name} must be {_kind(hints[name])}"
        elif name in _LIMITS and not _LIMITS[name][0](arguments[name]):
            return f"{name} must be {_LIMITS[name][1]}"
        elif name not in _ESCAPED and not _is_whole(arguments[name]):
            return f"{name} holds half of a character, which no frame can carry"
    return ""


def _is_whole(value: Any) -> bool:
    """Can all texts in a value be written as UTF-8?"""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _fits(value: Any, hint: Any) -> bool:
    """Is this a value of the annotated type, as JSON carries it?"""
    if isinstance(hint, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if hint is Any:
        return True
    if get_origin(hint) is dict:
        inner = get_args(hint)[1]
        return isinstance(value, dict) and all(_fits(part, inner) for part in value.values())
    if hint in (int, float):
        return isinstance(value, int if hint is int else (int, float)) and not isinstance(value, bool)
    if hint in _KINDS:
        return isinstance(value, hint)
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _kind(hint: Any) -> str:
    if isinstance(hint, UnionType):
        return " or ".join(map(_kind, get_args(hint)))
    if get_origin(hint) is dict and get_args(hint)[1] is str:
        return "an object of strings"
    return _KINDS.get(get_origin(hint) or hint, "a list of strings")


def _result(result: Any) -> dict[str, Any]:
    match result:
        case Push():
            return _pushed(result)
        case list():
            return {"pushes": [_pushed(push) for push in result]}
        case User():
            return result.to_json()
        case _:
            return {"ok": True}


def _pushed(push: Push) -> dict[str, Any]:
    return {"messageId": push.message_id, "delivered": push.delivered}


def _shown(ack: Ack) -> dict[str, Any]:
    fields = asdict(ack)
    return {"messageId": fields.pop("message_id"), **fields}


def _wrong(why: str, status: int = 400) -> web.Response:
    return answer({"error": why}, status)
