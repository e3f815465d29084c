"""Error answers in the platform's two forms: HTTP status and code, or HTTP 200 and errcode."""

import uuid
from typing import Any


class Refusal(Exception):  # noqa: N818 -- a refused call is an answer, not a failure of the simulator
    """A call the platform refuses, with the answer to give."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def request_id() -> str:
    """A fresh id in the platform's spelling."""
    return str(uuid.uuid4()).upper()


def refuse(code: str, message: str = "", *, status: int = 400, **more: Any) -> Refusal:
    """A refusal of the Open API. ``message`` is the code unless given; ``more`` are further fields of the body."""
    return Refusal(status, {"requestid": request_id(), "code": code, "message": message or code, **more})


def refuse_legacy(errcode: int, errmsg: str) -> Refusal:
    """A refusal of the older APIs, which answer 200 to everything."""
    return Refusal(200, {"errcode": errcode, "errmsg": errmsg})


def unknown_error() -> Refusal:
    """The refusal that the platform gives for mistakes that it has no code for."""
    return refuse("unknownError", "未知错误", status=500)
