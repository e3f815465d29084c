import pytest

AI = "382e4302-551d-4880-bf29-a30acfab2e71.schema"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"outTrackId": "no"}, "param.stream.outTrackId"),
        ({"guid": ""}, "param.stream.guidEmpty"),
        ({"key": None}, "param.stream.keyEmpty"),
        ({"content": None}, "param.stream.contentEmpty"),
        ({"isFull": None}, "param.stream.isFull"),
    ],
)
async def test_wrong_calls_name_what_is_wrong(sim, client, change, code):
    await client.card()
    status, body = await client.stream("x", **change)
    assert (status, body["code"]) == (400, code)
    assert sim.cards["card-1"].state == "processing"


async def test_public_template_streams_only_its_content_variable(client):
    await client.card(cardTemplateId=AI)
    assert (await client.stream("x", key="msgTitle"))[1]["code"] == "unknownError"
    assert (await client.stream("x", key="msgContent"))[0] == 200


async def test_empty_content_is_accepted(client):
    await client.card()
    assert (await client.stream("", isError=True))[0] == 200


async def test_oversize_where_a_limit_is_set(sim, client):
    await client.card()
    sim.set(stream_max=10)
    _, body = await client.stream("x" * 11)
    assert (body["code"], body["message"]) == ("param.stream.content", "content is too large")


async def test_finalized_card_reopens_or_refuses(sim, client):
    await client.card()
    await client.stream("end", isFinalize=True)
    assert (await client.stream("more"))[0] == 200
    assert sim.cards["card-1"].state == "inputting"
    await client.stream("end", isFinalize=True)
    sim.set(reopen_finalized=False)
    assert (await client.stream("more"))[0] == 400
    assert sim.cards["card-1"].data["content"] == "end"


async def test_repeated_final_call_succeeds_on_a_finalized_card(sim, client):
    sim.set(reopen_finalized=False)
    await client.card()
    for _ in range(2):
        assert (await client.stream("end", isFinalize=True, guid="last"))[0] == 200
