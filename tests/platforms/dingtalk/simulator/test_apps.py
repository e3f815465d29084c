"""The lists of apps, in which Koishi looks itself up before it connects."""

APPS = "/v1.0/microApp/allInnerApps"


async def test_an_app_finds_itself_among_those_of_the_organisation(sim, client):
    sim.add_app("ding2", "s2", "Second")
    status, body = await client.api("GET", APPS)
    assert (status, [app["name"] for app in body["appList"]]) == (200, ["小助手", "Second"])
    assert len({app["agentId"] for app in body["appList"]}) == 2

    again = (await client.api("GET", APPS))[1]
    assert again == body, "ids stay the same"


async def test_the_older_list_has_the_same_apps(client):
    _, body = await client.api("GET", APPS)
    _, older = await client.call("POST", f"/microapp/list?access_token={client.token}")
    assert (older["errcode"], older["errmsg"]) == (0, "ok")
    assert [(app["name"], app["agentId"]) for app in older["appList"]] == [
        (app["name"], app["agentId"]) for app in body["appList"]
    ]


async def test_strangers_get_no_list(client):
    assert (await client.call("GET", APPS))[0] == 400
    assert (await client.call("POST", "/microapp/list?access_token=no"))[1]["errcode"] == 40014
