"""The apps of the organisation, which some clients list before they connect, to learn their own name."""

from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import App

_ACTIVE = 1


def _list(call: ApiCall) -> Body:
    return {"appList": [_app(app, "icon", "desc") for app in call.world.apps.values()]}


def _older_list(call: ApiCall) -> Body:
    apps = [_app(app, "appIcon", "appDesc") for app in call.world.apps.values()]
    return {"errcode": 0, "errmsg": "ok", "appList": apps}


def _app(app: App, icon: str, description: str) -> Body:
    return {"agentId": app.agent_id, "name": app.name, "appStatus": _ACTIVE, icon: "", description: app.name}


ROUTES = (
    Route("GET", "/v1.0/microApp/allInnerApps", _list, body="none"),
    Route("POST", "/microapp/list", _older_list, auth="query", body="none", legacy=True),
)
