"""The message types of the robot's Open API: what each ``msgKey`` needs, and how the chat shows it."""

import json
from typing import Any
from urllib.parse import quote

from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall

_MOST_BYTES = 15_000
_TITLE_TEXT = ("title", "text")

# msgKey -> (type shown, required keys of msgParam)
_SAMPLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "sampleText": ("text", ("content",)),
    "sampleMarkdown": ("markdown", _TITLE_TEXT),
    "sampleImageMsg": ("image", ("photoURL",)),
    "sampleLink": ("link", (*_TITLE_TEXT, "messageUrl")),
    "sampleActionCard": ("actionCard", (*_TITLE_TEXT, "singleTitle", "singleURL")),
    "sampleActionCard2": ("actionCard", (*_TITLE_TEXT, "actionTitle1", "actionURL1")),
    "sampleActionCard3": ("actionCard", (*_TITLE_TEXT, "actionTitle1", "actionURL1")),
    "sampleActionCard4": ("actionCard", (*_TITLE_TEXT, "actionTitle1", "actionURL1")),
    "sampleActionCard5": ("actionCard", (*_TITLE_TEXT, "actionTitle1", "actionURL1")),
    "sampleActionCard6": ("actionCard", (*_TITLE_TEXT, "buttonTitle1", "buttonUrl1")),
    "sampleAudio": ("audio", ("mediaId", "duration")),
    "sampleFile": ("file", ("mediaId", "fileName", "fileType")),
    "sampleVideo": ("video", ("videoMediaId", "videoType", "duration")),
}

_BUTTONS = (
    ("singleTitle", "singleURL"),
    *((f"actionTitle{n}", f"actionURL{n}") for n in range(1, 6)),
    *((f"buttonTitle{n}", f"buttonUrl{n}") for n in range(1, 3)),
)


def read(call: ApiCall) -> tuple[str, str, str]:
    """Type, title and text of the message to send. Raises Refusal if its ``msgParam`` does not fit."""
    key = call.body.get("msgKey")
    if not key:
        raise refuse("invalidParameter.msgKey.empty")
    if key not in _SAMPLES:
        raise refuse("invalidParameter.msgKey.invalid")
    kind, needed = _SAMPLES[key]
    param = _param(call.body.get("msgParam"))
    if key == "sampleMarkdown" and call.world.settings.samples_without_title:
        param = {"title": "", **param}
    if any(not isinstance(param.get(name), str) for name in needed):
        raise refuse("invalidParameter.msgParam.invalid")
    return kind, param.get("title", ""), _text(call, kind, param)


def _param(text: Any) -> dict[str, Any]:
    if not isinstance(text, str):
        raise refuse("invalidParameter.msgParam.invalid")
    if len(text.encode()) > _MOST_BYTES:
        raise refuse("invalidParameter.msgParam.tooLong")
    try:
        param = json.loads(text)
    except ValueError:
        param = None
    if not isinstance(param, dict):
        raise refuse("invalidParameter.msgParam.invalid")
    return param


def _text(call: ApiCall, kind: str, param: dict[str, Any]) -> str:
    if kind == "image":
        return _media_url(call, param["photoURL"])
    if kind == "link":
        return f"{param['text']}\n\n[{param['title']}]({param['messageUrl']})"
    if kind == "actionCard":
        links = (
            f"[{param[title]}]({param[url]})" for title, url in _BUTTONS if title in param and url in param
        )
        return f"{param['text']}\n\n{' '.join(links)}"
    return str(param.get("content") or param.get("text") or param.get("fileName") or "")


def _media_url(call: ApiCall, name: str) -> str:
    """The address of a picture: the simulator's if it was uploaded, else the one that was given."""
    return f"{call.world.url}/sim/files/{quote(name)}" if name in call.world.files else name
