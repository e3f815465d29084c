"""The proxies that the environment names: which one a call takes, and which of them imbot cannot use.

The HTTP library reads ``HTTPS_PROXY`` and ``NO_PROXY`` as well, but knows no networks (``10.0.0.0/8``) in ``NO_PROXY``
and fails at a SOCKS proxy without a word of it.
"""

import logging
import re
from functools import cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

log = logging.getLogger(__name__)


class ProxyError(OSError):
    """The environment names a proxy for this call that imbot cannot use. The text names the variable, not its value."""


def proxy_for(url: str) -> str | None:
    """The URL of the proxy for a call to this URL, which may hold a password; None if it takes none.

    Raises ProxyError.
    """
    proxies = getproxies()  # anew for every call, as the variables of a process may change
    note_unused()
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme)
    if not proxy or _is_excluded(parts.hostname or "", parts.port, proxies.get("no", "")):
        return None
    scheme, separator, _ = proxy.partition("://")
    if not separator:
        return f"http://{proxy}"
    if scheme.lower() not in ("http", "https"):
        name = f"{parts.scheme.upper()}_PROXY"
        what = "a SOCKS proxy" if scheme.lower().startswith("socks") else "no HTTP proxy"
        raise ProxyError(f"{name} is {what}, which imbot cannot use")
    return proxy


def unused_proxies() -> str:
    """What the environment says of proxies that imbot does not follow; empty if there is nothing."""
    proxies = getproxies()
    if "all" in proxies and not {"http", "https"} <= proxies.keys():
        return "ALL_PROXY is not used, only HTTPS_PROXY and HTTP_PROXY are"
    return ""


@cache
def note_unused() -> None:
    """Log what is not followed, once."""
    if words := unused_proxies():
        log.warning("%s", words)


def _is_excluded(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` names this host: itself, its domain, its network, or everything (``*``)."""
    host = host.lower().rstrip(".")
    for entry in re.split(r"[\s,;]+", no_proxy.lower()):
        if entry == "*" or (entry and (_in_network(host, entry) or _names(entry, host, port))):
            return True
    return bool(proxy_bypass(host))  # also what Windows and macOS have set up


def _in_network(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


def _names(entry: str, host: str, port: int | None) -> bool:
    with_port = re.fullmatch(r"(.*?)\]?:([0-9]+)", entry)
    if with_port and (entry.startswith("[") or ":" not in with_port[1]):
        if port != int(with_port[2]):
            return False
        entry = with_port[1]
    name = entry.strip("[]").removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))
