"""Opens WebSocket connections: asks for a ticket, connects, and after failures waits and tries again.

``stream.py`` asks for a connection here whenever it needs one, and does the talking.
"""

import asyncio
import logging
from collections.abc import Iterable
from urllib.parse import quote_plus

import aiohttp

from imbot.backoff import Backoff
from imbot.errors import FatalError, PlatformError
from imbot.platforms.dingtalk import codes, http
from imbot.platforms.dingtalk.openapi import OpenApi, network_error
from imbot.platforms.dingtalk.times import Times
from imbot.proxies import proxy_for

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 16 * 1024 * 1024

Socket = aiohttp.ClientWebSocketResponse


class Connector:
    """Connects one app.

    ``opened`` is the number of connections made so far. ``error`` says why there is none now; empty if there is
    one, or if that is not known.
    """

    def __init__(self, api: OpenApi, topics: Iterable[str], user_agent: str, times: Times) -> None:
        self.name = api.credentials.client_id  # in the log; the bot's name once it has a bot
        self.opened = 0
        self.error = ""
        self.backoff = Backoff(first_s=times.retry_first_s, cap_s=times.retry_cap_s)
        self._api = api
        self._topics = list(topics)
        self._user_agent = user_agent
        self._times = times
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Do not wait any longer before the next attempt, because something changed that may let it succeed."""
        self._hurry.set()

    async def connect(self, delay_s: float) -> Socket:
        """Wait ``delay_s`` seconds, then try until there is a connection, and return it."""
        refusals = Backoff(first_s=self._times.refused_first_s, cap_s=self._times.refused_cap_s)
        while True:
            await self._pause(delay_s)
            try:
                socket = await self._open()
            except FatalError as error:
                delay_s = self._times.refused_first_s + refusals.next()
                self._failed(error, delay_s)
            except PlatformError as error:
                delay_s = self.backoff.next()
                self._failed(error, delay_s)
            else:
                self.opened += 1
                self.error = ""
                return socket

    async def _open(self) -> Socket:
        self._api.session()  # borrows what is used below
        async with http.connects():
            return await self._connected()

    async def _connected(self) -> Socket:
        endpoint, ticket = await self._api.open_connection(self._topics, self._user_agent)
        begin = "&" if "?" in endpoint else "?"
        try:
            async with asyncio.timeout(self._times.call_s):
                return await http.websockets().ws_connect(
                    f"{endpoint}{begin}ticket={quote_plus(ticket)}",
                    proxy=proxy_for(endpoint),
                    heartbeat=self._times.heartbeat_s,
                    max_msg_size=MAX_FRAME_BYTES,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise codes.error("the WebSocket was refused", "upgrade", error.status) from None
        except ValueError:  # what the library does not take for an address
            raise codes.error("DingTalk gave an address that is not one", "stream.address") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise network_error(error) from None

    async def _pause(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()  # not before the wait: the change may have come during the attempt that failed

    def _failed(self, error: PlatformError, delay_s: float) -> None:
        again = str(error) == self.error
        self.error = str(error)
        level = logging.ERROR if isinstance(error, FatalError) else logging.WARNING
        level = logging.DEBUG if again else level
        log.log(
            level,
            "%s: cannot connect: %s; next try in %.1f s",
            self.name,
            error,
            delay_s,
        )
