import pytest


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"msgtype": "markdown", "markdown": {"title": "T", "text": "**b**"}}, "**b**"),
        (
            {
                "msgtype": "actionCard",
                "actionCard": {"title": "T", "text": "x", "singleTitle": "Go", "singleURL": "https://a"},
            },
            "x\n\n[Go](https://a)",
        ),
        (
            {
                "msgtype": "actionCard",
                "actionCard": {"title": "T", "text": "x", "btns": [{"title": "A", "actionURL": "https://a"}]},
            },
            "x\n\n[A](https://a)",
        ),
        (
            {"msgtype": "link", "link": {"title": "T", "text": "x", "messageUrl": "https://a"}},
            "x\n\n[T](https://a)",
        ),
        (
            {"msgtype": "feedCard", "feedCard": {"links": [{"title": "A", "messageURL": "https://a"}]}},
            "- [A](https://a)",
        ),
    ],
)
async def test_each_kind_shows_in_the_conversation(sim, client, body, text):
    data = await client.said(await client.connect())
    assert (await client.call("POST", data["sessionWebhook"], body))[1]["errcode"] == 0
    assert (sim.messages[-1].type, sim.messages[-1].text) == (body["msgtype"], text)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"msgtype": "image"}, 400105),
        ({"msgtype": ["text"]}, 400105),
        ({"msgtype": "text"}, 40035),
        ({"msgtype": "text", "text": {}}, 40035),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 400402),
        ({"msgtype": "markdown", "markdown": {"text": "x", "title": ""}}, 400402),
        ({"msgtype": "markdown", "markdown": {"title": "T"}}, 400403),
        ({"msgtype": "markdown", "markdown": {"title": "T", "text": ""}}, 400403),
        ({"msgtype": "markdown"}, 40035),
        ({"msgtype": "link", "link": {"text": "x", "messageUrl": "https://a"}}, 40035),
        ({"msgtype": "feedCard", "feedCard": {}}, 40035),
    ],
)
async def test_incomplete_bodies_are_refused_with_200(sim, client, body, errcode):
    data = await client.said(await client.connect())
    status, answer = await client.call("POST", data["sessionWebhook"], body)
    assert (status, answer["errcode"]) == (200, errcode)
    assert len(sim.messages) == 1


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, ("", "x")),
        ({"msgtype": "markdown", "markdown": {"title": "T", "text": ""}}, ("T", "")),
        ({"msgtype": "text", "text": {}}, ("", "")),
        ({"msgtype": "link", "link": {"text": "x", "messageUrl": "https://a"}}, ("", "x\n\n[](https://a)")),
        (
            {"msgtype": "actionCard", "actionCard": {"btns": [{"title": "A", "actionURL": "u"}]}},
            ("", "\n\n[A](u)"),
        ),
    ],
)
async def test_webhooks_without_title_or_text_are_taken_by_switch(sim, client, body, shown):
    sim.set(webhooks_without_text=True)
    data = await client.said(await client.connect())
    assert (await client.call("POST", data["sessionWebhook"], body))[1]["errcode"] == 0
    assert (sim.messages[-1].title, sim.messages[-1].text) == shown


@pytest.mark.parametrize(
    "body",
    [
        {"msgtype": "markdown", "markdown": {"title": 5, "text": "x"}},
        {"msgtype": "link", "link": {"title": "T", "text": "x"}},
    ],
)
async def test_what_no_switch_allows_stays_refused(sim, client, body):
    sim.set(webhooks_without_text=True)
    data = await client.said(await client.connect())
    assert (await client.call("POST", data["sessionWebhook"], body))[1]["errcode"] != 0


async def test_webhook_counts_for_the_month(sim, client):
    data = await client.said(await client.connect())
    sim.set(monthly=1)
    body = {"msgtype": "text", "text": {"content": "x"}, "at": {"isAtAll": True}}
    answers = [await client.call("POST", data["sessionWebhook"], body) for _ in range(2)]
    assert [answer["errcode"] for _, answer in answers] == [0, 90030]


async def test_at_all_mentions_everybody_in_the_conversation(sim, client):
    data = await client.said(await client.connect(), group=True)
    body = {"msgtype": "text", "text": {"content": "x"}, "at": {"isAtAll": True}}
    await client.call("POST", data["sessionWebhook"], body)
    assert sim.messages[-1].mentions == ["u-lilei", "u-hanmeimei", "u-alex"]


async def test_webhooks_can_be_expired(sim, client):
    data = await client.said(await client.connect())
    sim.expire_webhooks()
    assert (await client.call("POST", data["sessionWebhook"], {}))[1]["errcode"] == 300001


async def test_webhook_of_a_message_leads_to_its_own_conversation(sim, client):
    link = await client.connect()
    group, single = await client.said(link, group=True), await client.said(link)
    for data in (single, group):
        await client.call("POST", data["sessionWebhook"], {"msgtype": "text", "text": {"content": "x"}})
    places = [message.conversation for message in sim.messages[-2:]]
    assert places == [single["conversationId"], group["conversationId"]]
