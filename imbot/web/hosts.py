"""Names of hosts: which ones mean this machine, and which one a request names."""

import ipaddress
import re

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(?::(\d{1,5}))?", re.IGNORECASE)
_USUAL_PORTS = {"http": "80", "https": "443"}


def is_loopback(host: str) -> bool:
    """Whether a host is this machine; names other than ``localhost`` are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_address(host: str) -> bool:
    """Whether a host is an IP address: no web page can have one point elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def named_host(header: str) -> str:
    """The host in a ``Host`` header, without its port and brackets, in lower case; empty if it is not one."""
    found = _HOST.fullmatch(header)
    return found[1].strip("[]").lower() if found else ""


def is_origin(origin: str, host: str) -> bool:
    """Whether an ``Origin`` header names the server that a ``Host`` header names."""
    scheme, _, rest = origin.partition("://")
    theirs, ours = _HOST.fullmatch(rest), _HOST.fullmatch(host)
    if scheme not in _USUAL_PORTS or not (theirs and ours):
        return False
    usual = _USUAL_PORTS[scheme]
    return theirs[1].lower() == ours[1].lower() and (theirs[2] or usual) == (ours[2] or usual)
