"""A push: one frame on its way to an app, until it is acked."""

import asyncio
import json
from dataclasses import dataclass, field

from imbot.platforms.dingtalk.simulator.connection import Connection, Topic
from imbot.platforms.dingtalk.simulator.frames import Ack, Verdict, new_message_id
from imbot.platforms.dingtalk.simulator.values import App


@dataclass(slots=True, eq=False)
class Push:
    """Data to deliver to an app until it is acked. ``connection`` is None if no connection took it."""

    app: App
    topic: Topic
    data: str
    headers: dict[str, str]
    retry_s: float | None
    message_id: str = field(default_factory=new_message_id)
    connection: Connection | None = None
    attempts: int = 0
    late: bool = False
    acked: asyncio.Future[Ack] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    timer: asyncio.TimerHandle | None = None

    @property
    def delivered(self) -> bool:
        """Was it written to a connection?"""
        return self.connection is not None

    async def ack(self, timeout: float = 5) -> Ack:
        """The client's ack. Raises TimeoutError if none comes within ``timeout`` seconds; a later one is *late*."""
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self.acked)
        except TimeoutError:
            self.late = True
            raise

    def verdict(self, connection: Connection, ack: Ack) -> Verdict:
        """How an ack with this push's id fits to the push."""
        if self.topic[1] == "ping" and ack.content() != json.loads(self.data):
            return "malformed"
        if self.acked.done():
            return "duplicate"
        if self.late:
            return "late"
        return "matched" if self.connection is connection else "strayed"

    def wants_retry(self, ack: Ack) -> bool:
        """Did the client ask to get an event once more?"""
        return self.topic[0] == "EVENT" and (ack.code != 200 or ack.content().get("status") == "LATER")
