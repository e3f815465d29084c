import asyncio
import logging

from fakes import spec
from virtual import run_virtual

from imbot.reload import agent_probe
from imbot.reload.agent_probe import AgentProbe
from imbot.reload.plan import Step

HERE = ("agent.test", 80)


class Line:
    """Connections that are asked for: refused, until they are let through."""

    def __init__(self, monkeypatch, failure=None):
        self.failure = failure or ConnectionRefusedError(111, "Connection refused")
        self.asked = []
        monkeypatch.setattr(agent_probe.asyncio, "open_connection", self.open)

    async def open(self, *address):
        self.asked.append(address)
        await asyncio.sleep(0.01)
        if self.failure:
            raise self.failure
        return None, self

    def close(self):
        pass

    async def wait_closed(self):
        pass


def played(scenario):
    async def main():
        probe = AgentProbe()
        try:
            await scenario(probe)
        finally:
            await probe.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())


def warnings(probe, name="a"):
    return [
        each.code for each in probe.with_warning(Step("update", name, "bots/a.yaml", spec(name))).problems
    ]


def test_an_agent_that_cannot_be_reached_is_told_once_for_all_bots_and_until_it_can(monkeypatch, caplog):
    line = Line(monkeypatch)

    async def scenario(probe):
        probe.set_address("a", HERE)
        probe.set_address("b", HERE)
        for event in probe.tried(["a", "b", "none"]):
            await event.wait()
        assert len(line.asked) == 1
        assert (
            probe.trouble("a")
            == probe.trouble("b")
            == "the agent at agent.test:80 cannot be reached: Connection refused"
        )
        assert warnings(probe) == ["agent.unreachable"]
        assert warnings(probe, "none") == []
        await asyncio.sleep(600)
        assert 10 < len(line.asked) < 60
        line.failure = None
        await asyncio.sleep(120)
        assert (probe.trouble("a"), warnings(probe)) == ("", [])

    with caplog.at_level(logging.INFO):
        played(scenario)
    assert [record.getMessage() for record in caplog.records] == [
        "a, b: the agent at agent.test:80 cannot be reached: Connection refused",
        "a, b: the agent at agent.test:80 can be reached",
    ]


def test_an_agent_that_was_just_reached_is_not_tried_again_for_the_next_bot(monkeypatch):
    line = Line(monkeypatch)
    line.failure = None

    async def scenario(probe):
        for name in "abc":
            probe.set_address(name, HERE)
            await asyncio.sleep(1)
        assert len(line.asked) == 1
        await asyncio.sleep(agent_probe.FINE_S)
        probe.set_address("a", HERE)
        await asyncio.sleep(1)
        assert len(line.asked) == 2

    played(scenario)


def test_an_agent_that_no_bot_uses_any_more_is_left_alone(monkeypatch):
    line = Line(monkeypatch)

    async def scenario(probe):
        probe.set_address("a", HERE)
        probe.set_address("b", HERE)
        await asyncio.sleep(1)
        probe.set_address("a", None)
        assert (probe.trouble("a"), bool(probe.trouble("b"))) == ("", True)
        probe.set_address("b", ("other.test", 81))
        await asyncio.sleep(0.1)
        before = line.asked.count(HERE)
        await asyncio.sleep(600)
        assert line.asked.count(HERE) == before

    played(scenario)


def test_a_silent_address_is_given_up_in_time(monkeypatch):
    async def scenario(probe):
        monkeypatch.setattr(agent_probe.asyncio, "open_connection", lambda *_: asyncio.sleep(1000))
        probe.set_address("a", HERE)
        await asyncio.sleep(agent_probe.CONNECT_S + 0.1)
        assert probe.trouble("a") == "the agent at agent.test:80 cannot be reached: no connection within 2 s"

    played(scenario)


def test_a_name_that_no_host_can_have_is_no_defect(monkeypatch):
    Line(monkeypatch, failure=UnicodeError("label too long"))

    async def scenario(probe):
        probe.set_address("a", HERE)
        await asyncio.sleep(1)
        assert probe.trouble("a") == "the agent at agent.test:80 cannot be reached: no connection"

    played(scenario)
