import aiohttp
import pytest


async def upload(sim, client, kind, field="media"):
    await client.card()
    form = aiohttp.FormData()
    form.add_field(field, b"x", filename="a.png", content_type="image/png")
    form.add_field("type", kind)
    url = f"{sim.url}/media/upload?access_token={client.token}"
    async with client.session.post(url, data=form) as response:
        return response.status, await response.json()


async def test_type_may_travel_in_the_form(sim, client):
    status, body = await upload(sim, client, "image")
    assert (status, body["errcode"], body["type"]) == (200, 0, "image")


@pytest.mark.parametrize(("kind", "field", "errcode"), [("noise", "media", 40004), ("image", "other", 40035)])
async def test_wrong_uploads(sim, client, kind, field, errcode):
    status, body = await upload(sim, client, kind, field)
    assert (status, body["errcode"]) == (200, errcode)


async def test_unknown_file_is_not_found(sim, client):
    async with client.session.get(f"{sim.url}/sim/files/no") as response:
        assert response.status == 404
