"""Access tokens: the three APIs that give them, and the app that each belongs to."""

import secrets

from imbot.platforms.dingtalk.simulator.answers import refuse, refuse_legacy, unknown_error
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import CORP_ID, App
from imbot.platforms.dingtalk.simulator.world import World


def app_of_token(world: World, token: str) -> App | None:
    """The app that a token was given to; None if the token is unknown or has expired."""
    app = world.tokens.get(token)
    if app is None or app.token_expires <= world.now():
        return None
    return app


def revoke(world: World, app: App) -> None:
    """Let an app's token expire now."""
    world.tokens.pop(app.token, None)
    app.token = ""


def _token(call: ApiCall, app: App) -> Body:
    """The answer of the newer API with the app's token, which stays the same until it expires."""
    world, call.known_app = call.world, app
    if app_of_token(world, app.token) is None:
        revoke(world, app)
        app.token = secrets.token_hex(16)
        app.token_expires = world.now() + world.settings.token_s
        world.tokens[app.token] = app
    return {"accessToken": app.token, "expireIn": world.settings.token_s}


def _legacy_names(answer: Body) -> Body:
    return {"access_token": answer["accessToken"], "expires_in": answer["expireIn"]}


def _access_token(call: ApiCall) -> Body:
    for name in ("appKey", "appSecret"):
        if not call.body.get(name):
            raise refuse(f"Missing{name}", f"{name} is mandatory for this action.")
    app = call.world.app_of(call.body["appKey"], call.body["appSecret"])
    if app is None:
        raise refuse("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
    return _token(call, app)


def _corp_token(call: ApiCall) -> Body:
    if call.match["corp"] != CORP_ID:
        raise unknown_error()
    if call.body.get("grant_type") != "client_credentials":
        raise refuse("unsupported.grant.type")
    app = call.world.app_of(call.body.get("client_id"), call.body.get("client_secret"))
    if app is None:
        raise refuse("invalid.client")
    return _legacy_names(_token(call, app))


def _gettoken(call: ApiCall) -> Body:
    key, secret = call.query.get("appkey"), call.query.get("appsecret")
    if not key or not secret:
        raise refuse_legacy(40035, "缺少参数 appkey or appsecret")
    app = call.world.app_of(key, secret)
    if app is None:
        raise refuse_legacy(40096, "不合法的appKey或appSecret")
    return {"errcode": 0, "errmsg": "ok", **_legacy_names(_token(call, app))}


ROUTES = (
    Route("POST", "/v1.0/oauth2/accessToken", _access_token, auth="none"),
    Route("POST", "/v1.0/oauth2/{corp}/token", _corp_token, auth="none"),
    Route("GET", "/gettoken", _gettoken, auth="none", body="none", legacy=True),
)
