"""How long things may take and how often: an argument, so that tests are quick and nothing is hidden."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds.

    ``call_s``: one HTTP call, or one WebSocket upgrade. ``ack_s``: a message is acknowledged by
    then. ``answer_s``: a click is; the platform gives up after 2. ``heartbeat_s``: a ping goes out
    after that silence, and half of it later a connection without pong is dead. ``close_s``: patience
    with the other side of a closing handshake. ``retry_first_s`` and ``retry_cap_s``: between
    attempts to connect; ``refused_first_s`` and up to ``refused_cap_s`` more: after a refusal that
    only a person can lift. ``stable_s``: a connection that lived as long starts the growth anew.
    ``silent_s``: a connection by which no message came for about as long is replaced, as it may be
    deaf. ``forget_s``: how long pushes are remembered to notice repeated ones.
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
