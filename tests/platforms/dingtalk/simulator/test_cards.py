import pytest

INSTANCES = "/v1.0/card/instances"
AI = "382e4302-551d-4880-bf29-a30acfab2e71.schema"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cardTemplateId": ""}, "param.cardTemplateIdEmpty"),
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"outTrackId": "x" * 65}, "param.invalid"),
        ({"cardData": None}, "param.cardPublicDataEmpty"),
        ({"cardData": {}}, "param.invalid"),
        ({"privateData": {"nobody": {"cardParamMap": {}}}}, "param.userIdNotExist"),
        ({"openSpaceId": ""}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "IM_ROBOT.u-lilei"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//NOWHERE.u-lilei"}, "param.openSpaceIdInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {"spaceType": "IM_GROUP"}}, "param.openDeliverModelError"),
    ],
)
async def test_wrong_cards_are_not_created(sim, client, change, code):
    status, body = await client.card(**change)
    assert (status, body["code"], body["message"]) == (400, code, code)
    assert not sim.cards


async def test_templates_may_be_restricted(sim, client):
    sim.set(templates=["own"])
    assert (await client.card("a"))[0] == 200
    assert (await client.card("b", cardTemplateId=AI))[1]["code"] == "param.templateNotExist"


async def test_used_id_is_an_error_or_ignored(sim, client):
    await client.card()
    again = {"cardData": {"cardParamMap": {"title": "new"}}}
    assert (await client.card(**again))[1]["code"] == "param.cardAlreadyExist"
    sim.set(reject_reused_cards=False)
    assert (await client.card(**again))[0] == 200
    assert sim.cards["card-1"].data["title"] == "t"


async def test_union_id_is_a_person_and_sender_id_is_not(sim, client):
    _, body = await client.card("a", openSpaceId="dtv1.card//IM_ROBOT.un-u-alex")
    assert body["result"]["deliverResults"][0]["success"] is True
    sender_id = sim.world.users["u-alex"].sender_id
    _, body = await client.card("b", openSpaceId=f"dtv1.card//IM_ROBOT.{sender_id}")
    assert body["result"]["deliverResults"][0]["success"] is False


async def test_foreign_robot_code_fails_the_delivery(client):
    model = {"spaceType": "IM_ROBOT", "robotCode": "other"}
    _, body = await client.card(imRobotOpenDeliverModel=model)
    assert body["result"]["deliverResults"][0]["errorMsg"] == "robotCode is illegal"


async def test_mentions_reach_the_message(sim, client):
    group = (await client.said(await client.connect(), group=True))["conversationId"]
    model = {"robotCode": "ding1", "atUserIds": {"u-lilei": "李雷", "nobody": "x"}}
    space = {"openSpaceId": f"dtv1.card//IM_GROUP.{group}", "imGroupOpenDeliverModel": model}
    await client.card(**space, cardAtUserIds=["u-alex"])
    assert sim.messages[-1].mentions == ["u-lilei", "u-alex"]


async def test_private_data_is_replaced_or_merged_by_person(sim, client):
    await client.card(privateData={"u-lilei": {"cardParamMap": {"seen": "no", "vote": "1"}}})
    change = {"outTrackId": "card-1", "privateData": {"un-u-lilei": {"cardParamMap": {"seen": "yes"}}}}
    merge = {"cardUpdateOptions": {"updatePrivateDataByKey": True}}
    await client.api("PUT", INSTANCES, change | merge)
    assert sim.cards["card-1"].private == {"u-lilei": {"seen": "yes", "vote": "1"}}
    await client.api("PUT", INSTANCES, change)
    assert sim.cards["card-1"].private == {"u-lilei": {"seen": "yes"}}
    assert sim.cards["card-1"].data == {"title": "t", "count": "3"}


async def test_update_needs_data(client):
    await client.card()
    _, body = await client.api("PUT", INSTANCES, {"outTrackId": "card-1"})
    assert body["code"] == "param.cardDataAndPrivateDataBothEmpty"


async def test_another_apps_card_does_not_exist(sim, client):
    await client.card()
    sim.add_app("ding2", "s2")
    client.id, client.secret, client.token = "ding2", "s2", ""
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {}}}
    assert (await client.api("PUT", INSTANCES, change))[1]["code"] == "param.cardNotExist"
    assert (await client.stream("x"))[1]["code"] == "param.stream.outTrackId"


async def test_flow_status_is_the_state_of_the_public_template(sim, client):
    await client.card(cardTemplateId=AI, cardData={"cardParamMap": {"flowStatus": "1"}})
    states = []
    for flow in "12345":
        change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"flowStatus": flow}}}
        await client.api("PUT", INSTANCES, change)
        states.append(sim.cards["card-1"].state)
    assert states == ["processing", "inputting", "finished", "processing", "failed"]
