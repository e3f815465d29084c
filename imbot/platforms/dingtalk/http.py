"""Shared by all gateways of an event loop: sessions for calls and WebSockets, and a limit on how many connect at once.

A thousand bots need one pool of connections for their calls, and must not all connect at the same moment.
"""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import aiohttp

from imbot.descriptors import FOR_CALLS, FOR_FILES, sockets


@dataclass(slots=True)
class _Shared:
    session: aiohttp.ClientSession
    websockets: aiohttp.ClientSession
    connects: asyncio.Semaphore
    users: int = 0


CONNECTS_AT_ONCE = 32  # of all apps of the process, even if all of them reconnect at the same time

_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


def borrow() -> aiohttp.ClientSession:
    """The session of the running loop, made at the first call. For each call, ``give_back`` is called once."""
    loop = asyncio.get_running_loop()
    shared = _shared.get(loop)
    if shared is None:
        shared = _shared[loop] = _Shared(
            _session(FOR_FILES, _once),
            _session(FOR_FILES + FOR_CALLS),
            asyncio.Semaphore(CONNECTS_AT_ONCE),
        )
    shared.users += 1
    return shared.session


def websockets() -> aiohttp.ClientSession:
    """A borrower's session for WebSockets, whose sockets leave descriptors to calls."""
    return _shared[asyncio.get_running_loop()].websockets


def _session(keep: int, *middlewares: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
    """A session that leaves so many file descriptors to others."""
    # No limit: WebSockets hold a connection each, and calls are limited by each app's quota.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, socket_factory=sockets(keep)),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=middlewares,
    )


def connects() -> asyncio.Semaphore:
    """The semaphore that a borrower of the session holds while it connects. Waiters get it in order of arrival."""
    return _shared[asyncio.get_running_loop()].connects


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from repeating a PUT whose connection broke: the platform may count both, and we only one."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from None


async def give_back() -> None:
    """End one use of the session. After the last one it is closed."""
    loop = asyncio.get_running_loop()
    shared = _shared[loop]
    shared.users -= 1
    if not shared.users:
        del _shared[loop]
        await shared.session.close()
        await shared.websockets.close()
