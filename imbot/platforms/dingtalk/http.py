"""What the gateways of an event loop share: one HTTP session, and the right to connect.

A thousand bots need one pool of connections, and must not all knock at once.
"""

import asyncio
from dataclasses import dataclass
from urllib.request import getproxies
from weakref import WeakKeyDictionary

import aiohttp


@dataclass(slots=True)
class _Shared:
    session: aiohttp.ClientSession
    connects: asyncio.Semaphore
    users: int = 0


CONNECTS_AT_ONCE = 32  # over all apps of the process, however many begin or come back together

_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


def borrow() -> aiohttp.ClientSession:
    """The session of the running loop, made for the first who asks; each who asks gives it back once."""
    loop = asyncio.get_running_loop()
    shared = _shared.get(loop)
    if shared is None:
        # No limit: WebSockets hold a connection each, and calls are limited by each app's quota.
        shared = _shared[loop] = _Shared(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
                trust_env=bool(getproxies()),  # which reads the environment anew for every call
            ),
            asyncio.Semaphore(CONNECTS_AT_ONCE),
        )
    shared.users += 1
    return shared.session


def connects() -> asyncio.Semaphore:
    """Held by a borrower while it connects; who waits longest is next."""
    return _shared[asyncio.get_running_loop()].connects


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep the library from repeating a PUT whose connection broke: the platform may count it twice, we do not."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from None


async def give_back() -> None:
    """Say that one borrower is done; after the last one the session is closed."""
    loop = asyncio.get_running_loop()
    shared = _shared[loop]
    shared.users -= 1
    if not shared.users:
        del _shared[loop]
        await shared.session.close()
