"""All time limits and intervals of a DingTalk app, in one value, so that tests can choose shorter ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Time limits and intervals, all in seconds.

    - ``call_s``: an HTTP call, or a WebSocket upgrade, fails after this time
    - ``ack_s``: a message is acknowledged after this time at the latest
    - ``answer_s``: so is a click; the platform gives up after 2 s
    - ``heartbeat_s``: a ping is sent after this time without a frame; without a pong within half of it, the
      connection is dead
    - ``close_s``: how long to wait for the other side of a closing handshake
    - ``retry_first_s``, ``retry_cap_s``: the first and the longest delay between attempts to connect
    - ``refused_first_s``: the delay after a refusal that only a person can lift, and ``refused_cap_s`` is the most
      that is added to it
    - ``stable_s``: after a connection of this length the delays begin at the first one again
    - ``silent_s``: a connection without a message for about this time is replaced, because it may be broken
    - ``forget_s``: how long the ids of pushes are remembered, to notice repeated ones
    """

    call_s: float = 15.0
    ack_s: float = 1.0
    answer_s: float = 1.8
    heartbeat_s: float = 20.0
    close_s: float = 1.0
    retry_first_s: float = 1.0
    retry_cap_s: float = 60.0
    refused_first_s: float = 60.0
    refused_cap_s: float = 300.0
    stable_s: float = 60.0
    silent_s: float = 7200.0
    forget_s: float = 600.0
