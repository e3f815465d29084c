"""What holds whatever happens, by the numbers of the invariants that no other flow shows."""

from imbot.platforms.dingtalk.gateway import DingTalkGateway

BOT = "credentials: {{client_id: app-{0}, client_secret: s3cret-value}}\nagent: {1}\n"
ECHO = "{type: echo, delay: 0ms}"
NOBODY = "{type: openai, base_url: 'http://127.0.0.1:9/v1', api_key: k, model: m}"


async def test_invariant_8_a_bots_failure_stays_in_that_bot(flow, monkeypatch):
    take = DingTalkGateway._take_message

    async def failing(self, data):
        if self._api.credentials.client_id == "app-broken":
            raise ZeroDivisionError("a defect")
        await take(self, data)

    monkeypatch.setattr(DingTalkGateway, "_take_message", failing)
    for name, agent in (("well", ECHO), ("broken", ECHO), ("mute", NOBODY)):
        flow.write(f"{name}.yaml", BOT.format(name, agent))
    async with flow.up():
        await flow.sim.say("app-broken", "u-lilei", "anyone?")
        assert (await flow.ask("app-mute", "anyone?")).data["flowStatus"] == "5"
        assert (await flow.ask("app-well", "anyone?")).data["flowStatus"] == "3"
        assert {(row.state, row.connections) for row in flow.supervisor.status()} == {("connected", 1)}


async def test_invariant_12_no_file_of_the_user_is_written(flow):
    def files():
        return {path: path.read_bytes() for path in flow.folder.rglob("*") if path.is_file()}

    flow.write("a.yaml", BOT.format("a", ECHO))
    flow.write("b.yaml", BOT.format("b", ECHO))
    flow.write("_defaults.yaml", "throttle: {interval: 1s}\n")
    async with flow.up():
        flow.write("a.yaml", BOT.format("a", "{type: ekko}"))
        before = files()
        await flow.until(lambda: flow.row("a").rejected)
        await flow.ask("app-a", "hello")
    async with flow.up(on_broken="last-good"):
        await flow.ask("app-a", "hello")
    assert files() == before
