"""The floor: a bare asyncio client that makes the same calls as an echo bot, and nothing else.

``python benchmarks/bare_client.py ENDPOINT CLIENT_ID SECRET``: connects, acks each message, answers it
with one finished card. No journal, no templates, no order, no retries.
"""

import asyncio
import json
import sys
import uuid

import aiohttp

TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"


async def answer(http, endpoint, headers, data):
    user = data["senderStaffId"]
    content = json.dumps({"order": ["msgTitle", "msgContent"]})
    body = {
        "cardTemplateId": TEMPLATE,
        "outTrackId": uuid.uuid4().hex,
        "callbackType": "STREAM",
        "cardData": {
            "cardParamMap": {
                "flowStatus": "3",
                "msgTitle": "Echo",
                "msgContent": data["text"]["content"],
                "sys_full_json_obj": content,
            }
        },
        "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
        "imRobotOpenSpaceModel": {"supportForward": True},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": data["robotCode"]},
        "userIdType": 1,
    }
    url = f"{endpoint}/v1.0/card/instances/createAndDeliver"
    async with http.post(url, json=body, headers=headers) as response:
        result = await response.json()
        assert response.status == 200, result


async def main(endpoint, client_id, secret):
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as answers:
        keys = {"appKey": client_id, "appSecret": secret}
        async with http.post(f"{endpoint}/v1.0/oauth2/accessToken", json=keys) as response:
            headers = {"x-acs-dingtalk-access-token": (await response.json())["accessToken"]}
        opening = {
            "clientId": client_id,
            "clientSecret": secret,
            "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}],
        }
        async with http.post(f"{endpoint}/v1.0/gateway/connections/open", json=opening) as response:
            opened = await response.json()
        async with http.ws_connect(f"{opened['endpoint']}?ticket={opened['ticket']}") as socket:
            async for frame in socket:
                push = json.loads(frame.data)
                ack = {"code": 200, "message": "OK", "headers": push["headers"], "data": push["data"]}
                if push["type"] == "CALLBACK":
                    ack["data"] = '{"response":null}'
                    answers.create_task(answer(http, endpoint, headers, json.loads(push["data"])))
                await socket.send_str(json.dumps(ack))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
