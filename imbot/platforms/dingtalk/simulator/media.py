"""Uploads of pictures, sounds and files. An uploaded file is served under its media id."""

import secrets

from aiohttp.web_request import FileField

from imbot.platforms.dingtalk.simulator.answers import refuse_legacy
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import now_ms
from imbot.platforms.dingtalk.simulator.world import File

_KINDS = ("image", "voice", "video", "file")


def _upload(call: ApiCall) -> Body:
    kind = call.query.get("type") or call.form.get("type")
    if kind not in _KINDS:
        raise refuse_legacy(40004, "不合法的媒体文件类型")
    media = call.form.get("media")
    if not isinstance(media, FileField):
        raise refuse_legacy(40035, "缺少参数 media")
    media_id = f"@lAD{secrets.token_urlsafe(24)}"
    call.world.files[media_id] = File(media.file.read(), media.content_type)
    return {"errcode": 0, "errmsg": "ok", "type": kind, "media_id": media_id, "created_at": now_ms()}


ROUTES = (Route("POST", "/media/upload", _upload, auth="query", body="form", legacy=True),)
