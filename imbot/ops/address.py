"""The address of the admin endpoint of a running process, and the small file that holds it.

``run`` and ``dev`` write the file beside the bots; commands that ask a running process read it.
"""

import contextlib
import errno
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from imbot.web.hosts import is_loopback

# The header with the id of the process that a request is for, and that answers it.
PROCESS = "Imbot-Process"


@dataclass(frozen=True, slots=True)
class AdminAddress:
    """A host and a port; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``HOST:PORT`` or ``[IPV6]:PORT``. Raises ValueError with the reason."""
        host, colon, port = text.strip().rpartition(":")
        if not colon or not host:
            raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8870")
        if not (port.isascii() and port.isdigit() and int(port) <= 65535):
            raise ValueError(f"{port!r} is not a port")
        bracketed = host.startswith("[") and host.endswith("]")
        if ":" in host and not bracketed:
            raise ValueError(f"an IPv6 address needs brackets: [{host}]:{port}")
        return cls(host[1:-1] if bracketed else host, int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def why_not_bound(error: OSError) -> str:
    """Why an address cannot be used, in the system's words, without the address that asyncio puts first."""
    if isinstance(error, socket.gaierror):
        return str(error.strerror)
    # asyncio of Python 3.13 gives no number where this machine does not have the address.
    return os.strerror(error.errno or errno.EADDRNOTAVAIL)


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """Where to listen, the token that requests need (empty: none), and the file to write the address to.

    ``or_free``: the port is only the default, so a free one may replace it if it is in use.
    """

    address: AdminAddress
    file: Path
    token: str = field(default="", repr=False)
    or_free: bool = False


@dataclass(frozen=True, slots=True)
class Beacon:
    """A running process: the address of its admin endpoint, and its ids. ``process`` is random and unique."""

    address: str
    pid: int
    process: str

    @classmethod
    def new(cls, address: AdminAddress) -> Self:
        """The beacon of this process."""
        return cls(str(address), os.getpid(), secrets.token_hex(8))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The beacon in a file; None if there is none, or it is not valid."""
        try:
            found = json.loads(path.read_bytes())
            return cls(str(found["address"]), int(found["pid"]), str(found["process"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Write it to a file, atomically. Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{self.process}")
        new.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")
        new.replace(path)

    def remove(self, path: Path) -> None:
        """Remove the file, unless another process has written its own meanwhile."""
        if Beacon.read(path) == self:
            with contextlib.suppress(OSError):
                path.unlink()
