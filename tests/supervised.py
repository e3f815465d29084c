"""A supervisor over fake gateways, and the little there is to say to it: files and changes of specs."""

from dataclasses import replace

from fakes import FakeAgent, FakeCard, FakeGateway

from imbot.behaviour import Behaviour
from imbot.config.loader import BotFile, LoadResult
from imbot.errors import ConfigError, Problem
from imbot.reload import gateway_pool
from imbot.reload import rollout as rollout
from imbot.spec import Secret


class World:
    """Its bots answer with what their title says. ``cut`` apps cannot be connected until they are mended."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.gateways = {}
        self.broken = set()
        self.opened = []
        self.failures = {}
        self.cut = set()
        self.agents = []
        monkeypatch.setattr(gateway_pool, "open_gateway", self.open)
        monkeypatch.setattr(rollout, "prepare", self.prepare)

    def open(self, type_name, credentials, endpoint, spent, limiter):
        gateway = FakeGateway()
        gateway.credentials = credentials
        gateway.limiter = limiter
        gateway.failures = self.failures
        identity = credentials["client_id"]
        if identity in self.cut:
            gateway.connected.clear()
            gateway.status = replace(
                gateway.status, state="connecting", connected_since=None, opened=0, error="no route"
            )
        self.gateways[identity] = gateway
        self.opened.append(identity)
        return gateway

    def mend(self, identity):
        self.cut.discard(identity)
        gateway = self.gateways[identity]
        gateway.status = replace(gateway.status, state="connected", connected_since=1.0, opened=1, error="")
        gateway.connected.set()

    def prepare(self, spec_):
        if spec_.name in self.broken:
            raise ConfigError([Problem(spec_.path, 1, 1, 1, 1, "", "x", "error", "broken card")])
        self.agents.append(FakeAgent(spec_.title, 0.1))
        return Behaviour(spec_, self.agents[-1], FakeCard())


def files(*specs):
    return LoadResult(tuple(BotFile(s.path, s.name, s, ()) for s in specs))


def changed(spec_, **changes):
    return replace(spec_, **{"fingerprint": spec_.fingerprint + "+", **changes})


def moved(spec_, identity, secret=None):
    """The same bot with another app; its secret is that app's own unless given."""
    credentials = {"client_id": identity, "client_secret": secret or Secret(identity.replace("id-", "s-"))}
    return replace(spec_, identity=identity, credentials=credentials, fingerprint=f"f-{identity}-{secret}")


def secret(spec_, secret):
    return replace(
        spec_, credentials={**spec_.credentials, "client_secret": secret}, fingerprint=f"f-{secret}"
    )


def state(supervisor_):
    return {row.name: (row.state, row.generation, row.rejected is not None) for row in supervisor_.status()}
