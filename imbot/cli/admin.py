"""``--admin`` on both sides: where `run` and `dev` serve the endpoint, and how other commands ask it."""

import http.client
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from imbot.cli.common import state_file
from imbot.ops.address import PROCESS, AdminAddress, AdminSettings, Beacon

DEFAULT = "127.0.0.1:8870"
TIMEOUT_S = 120.0  # a reload may have to wait for connections

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILES = ("admin.json", "dev-admin.json")  # of `run`, of `dev`


def _address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> AdminAddress | None:
    if value is None or value == "off":
        return None
    try:
        return AdminAddress.parse(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}; or 'off'") from None


def serve_option(default: str, shown: str) -> Callable[[_Command], _Command]:
    """``--admin`` of the commands that run bots; ``shown`` tells the default to people."""
    return click.option(
        "--admin", envvar="IMBOT_ADMIN", default=default, callback=_address, metavar="HOST:PORT|off",
        help=f"Address of the admin endpoint: status, reload, metrics.  [default: {shown}]",
    )  # fmt: skip


ask_option = click.option(
    "--admin",
    envvar="IMBOT_ADMIN",
    callback=_address,
    metavar="HOST:PORT",
    help="The admin endpoint to ask.  [default: that of the process that runs BOTS]",
)


def token() -> str:
    """The value of ``IMBOT_ADMIN_TOKEN``, empty where unset. Raises UsageError if no header can carry it."""
    value = os.environ.get("IMBOT_ADMIN_TOKEN", "").strip()
    if not all("!" <= char <= "~" for char in value):
        raise click.UsageError("IMBOT_ADMIN_TOKEN may contain only visible ASCII characters, and no spaces")
    return value


def settings(address: AdminAddress | None, bots: Path, *, dev: bool = False) -> AdminSettings | None:
    """Settings to serve at this address; None: not at all.

    A port that is in use is replaced by a free one only where the address is the default. Raises UsageError
    for an address that other machines can reach while no token is set.
    """
    if address is None:
        return None
    secret = token()
    if not secret and not address.loopback:
        raise click.UsageError(
            f"--admin {address} can be reached from other machines: set IMBOT_ADMIN_TOKEN to a secret "
            f"that clients must send, or use a loopback address such as {DEFAULT}"
        )
    by_default = click.get_current_context().get_parameter_source("admin") is ParameterSource.DEFAULT
    return AdminSettings(address, state_file(bots, _FILES[dev]), secret, or_free=by_default)


class NothingRunsError(click.ClickException):
    """No running imbot answers."""


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A running imbot with an admin endpoint.

    ``process`` is its id, empty where only the address is known.
    """

    address: AdminAddress
    process: str = ""
    token: str = field(default="", repr=False)

    def ask(self, method: str, path: str) -> Any:
        """The JSON it answers. Raises NothingRunsError if nothing answers, ClickException for a refusal."""
        status, body = self._answer(method, path)
        if status == 421:
            raise NothingRunsError(f"the process at {self.address} runs other bots")
        if status == 401:
            name = "IMBOT_ADMIN_TOKEN"
            raise click.ClickException(
                f"{self.address} requires a token: " + (f"{name} is wrong" if self.token else f"set {name}")
            )
        if status != 200 or not isinstance(body, dict):
            why = body.get("error") if isinstance(body, dict) else "this is not an admin endpoint of imbot"
            raise click.ClickException(f"{self.address} answered {status}: {why}")
        return body

    def _answer(self, method: str, path: str) -> tuple[int, Any]:
        headers = {PROCESS: self.process} if self.process else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        link = http.client.HTTPConnection(self.address.host, self.address.port, timeout=TIMEOUT_S)
        try:
            link.request(method, path, headers=headers)
            response = link.getresponse()
            body = _json(response.read())
            return response.status, body if PROCESS in response.headers else None
        except ConnectionRefusedError:
            raise NothingRunsError(f"nothing answers at {self.address}") from None
        except TimeoutError:
            raise click.ClickException(f"no answer from {self.address} within {TIMEOUT_S:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            raise NothingRunsError(f"no answer from {self.address}: {why}") from None
        finally:
            link.close()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def ask(bots: Path, address: AdminAddress | None, method: str, path: str) -> Any:
    """Ask the process at this address, or the one that runs these bots. Raises as ``RunningProcess.ask``."""
    if address is not None and address.port:
        return RunningProcess(address, token=token()).ask(method, path)
    for beacon in filter(None, (Beacon.read(state_file(bots, name)) for name in _FILES)):
        try:
            return RunningProcess(AdminAddress.parse(beacon.address), beacon.process, token()).ask(
                method, path
            )
        except NothingRunsError:  # it was killed before it could remove its file
            continue
    raise NothingRunsError(
        f"no running imbot found for {bots}: it was not started, or with --admin off, "
        "or its --admin address was in use"
    )
