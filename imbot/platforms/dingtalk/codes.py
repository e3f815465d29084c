"""What DingTalk's refusals mean: the one place that decides which are transient or fatal, and names the cure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imbot.errors import CardMissingError, FatalError, PlatformError, TransientError
from imbot.text.masking import shortened

TOKEN_REFUSED = frozenset({"InvalidAuthentication", "40014"})
CARD_EXISTS = frozenset({"param.cardAlreadyExist", "duplicateKey"})
CARD_MISSING = frozenset({"param.cardNotExist", "param.stream.outTrackId", "cardInstance.notExist"})
CARD_TOO_LARGE = frozenset({"param.stream.content"})
WEBHOOK_GONE = "300001"


@dataclass(frozen=True, slots=True)
class Meaning:
    """Why DingTalk answers with a code, and what a person can do about it.

    ``retry_after_s`` is set exactly when the platform did nothing, so that any call is safe to repeat.
    """

    cause: str = ""
    cure: str = ""
    transient: bool = False
    retry_after_s: float | None = None


_SECRET = Meaning("client_id or client_secret is wrong", "copy both again from the app's credentials page")
_TOKEN = Meaning(
    "DingTalk did not accept its own fresh token", "check DINGTALK_OPENAPI_ENDPOINT and any proxy"
)
_TOO_FAST = Meaning(
    "more calls per second than the app may make",
    "choose `pace: economy`, or buy a higher limit",
    transient=True,
    retry_after_s=1.0,
)
_PER_MINUTE = Meaning(
    "more than 20 messages a minute", "let the bot send fewer messages", transient=True, retry_after_s=10.0
)
_QUOTA = Meaning(
    "the organisation's monthly calls are used up", "buy more calls, and choose `pace: economy` to use fewer"
)
_TEMPLATE = Meaning(
    "no such template is published for this app",
    "check `card.template_id`: the template must exist, be published and belong to this app",
)
_CARD = Meaning("the card does not exist: it was never made, or it is too old", "ask the bot again")
_ROBOT = Meaning(
    "DingTalk does not know the robot, or it belongs to another app",
    "check `credentials.robot_code`, and that the app has a published robot",
)
_PERSON = Meaning(
    "the person is not in this organisation, or may not use the app",
    "make the app visible to that person in the developer console",
)
_GROUP = Meaning(
    "the robot is not in this group, or the group belongs to another organisation",
    "add the robot to the group",
)
_TOO_LONG = Meaning("the text is longer than DingTalk accepts", "let the agent give shorter answers")
_CONTENT = Meaning("DingTalk's content policy refuses the text", "change the text that the bot sends")
_BUSY = Meaning(
    "DingTalk, or a proxy before it, has a problem",
    "wait a minute; if it persists, look for a proxy that answers instead of DingTalk",
    transient=True,
)
_UNKNOWN = Meaning()

# By code. A code is looked up whole, then without its last dotted part, and so on. The last entries are our own.
MEANINGS = {
    "authFailed": _SECRET,
    "invalidClientIdOrSecret": _SECRET,
    "40096": _SECRET,
    "InvalidAuthentication": _TOKEN,
    "40014": _TOKEN,
    "QpsLimit": _TOO_FAST,
    "90002": _TOO_FAST,
    "90018": _TOO_FAST,
    "90019": _TOO_FAST,
    "130101": _TOO_FAST,
    "302033": _TOO_FAST,
    "410100": _PER_MINUTE,
    "660026": _PER_MINUTE,
    "1111": Meaning(
        "too many calls from this address",
        "make fewer calls from this address; the block ends after five minutes",
        transient=True,
        retry_after_s=300.0,
    ),
    "Forbidden.AccessDenied.ApiCountLimitForOrg": _QUOTA,
    "90020": _QUOTA,
    "90030": _QUOTA,
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": Meaning(
        "the app lacks a permission", "grant the app the permission {scopes} in the developer console"
    ),
    "Forbidden.AccessDenied.IpNotInWhiteList": Meaning(
        "the app does not accept calls from this machine",
        "add this machine's address to the app's allowed addresses in the developer console",
    ),
    "invalidParameter": Meaning(
        "the app is not published, or its robot does not receive in Stream mode",
        "publish the app, with a robot that receives in Stream mode",
    ),
    "invalidParameter.robotCode": _ROBOT,
    "invalid.robotCode": _ROBOT,
    "robot.oto.notExist": _ROBOT,
    "chatbotId.notAllow.sendOTO": _ROBOT,
    "invalidParameter.userIds": _PERSON,
    "invalid.user": _PERSON,
    "staffId.notExisted": _PERSON,
    "param.userIdNotExist": _PERSON,
    "invalidParameter.openConversationId": _GROUP,
    "invalid.openConversationId": _GROUP,
    "deliver.failed": Meaning(
        "the robot is not published, or not in this group", "publish the robot, and add it to the group"
    ),
    "param.templateNotExist": _TEMPLATE,
    "param.templateUnpublished": _TEMPLATE,
    "template": _TEMPLATE,
    "param.cardNotExist": _CARD,
    "param.stream.outTrackId": _CARD,
    "cardInstance.notExist": _CARD,
    "param.stream.content": _TOO_LONG,
    "invalidParameter.msgParam.tooLong": _TOO_LONG,
    "460101": _TOO_LONG,
    "101002": _TOO_LONG,
    "param.contentUnsafe": _CONTENT,
    "430101": _CONTENT,
    "430102": _CONTENT,
    "430103": _CONTENT,
    "430104": _CONTENT,
    "system": _BUSY,
    "unknownError": Meaning(
        "perhaps the template lacks the content key or has not enabled a state, or a permission is missing",
        "check `card.content_key`, the states enabled in the template, and the permission Card.Streaming.Write",
    ),
    "clock": Meaning(
        "with a wrong clock, certificates, tokens and webhooks seem expired or not yet valid",
        "set this machine's clock from the network (NTP)",
    ),
    "descriptors": Meaning(
        "this process has as many connections and files as the system lets it",
        "raise `ulimit -n` and start again, or run fewer bots in one process",
        transient=True,
        retry_after_s=1.0,
    ),
    "endpoint": Meaning("the address is not a URL", "check DINGTALK_OPENAPI_ENDPOINT"),
    "stream.address": Meaning(
        "DingTalk, or a proxy in between, handed out an address that cannot be used",
        "nothing: another address is asked for soon; if it persists, check any proxy, and tell DingTalk's support",
        transient=True,
    ),
    "network": Meaning(
        "the connection broke",
        "if it persists, check the network, and any firewall or proxy",
        transient=True,
    ),
    "network.unreachable": Meaning(
        "this machine cannot reach that host",
        "open the firewall for that host, or set HTTPS_PROXY if there is a proxy",
        transient=True,
        retry_after_s=1.0,
    ),
    "network.name": Meaning(
        "this machine cannot find that host's address",
        "check the network and its name server, or set HTTPS_PROXY if there is a proxy",
        transient=True,
        retry_after_s=1.0,
    ),
    "network.proxy": Meaning(
        "the environment names a proxy that imbot cannot use",
        "set HTTPS_PROXY and HTTP_PROXY to a proxy that speaks HTTP, or name DingTalk's hosts in NO_PROXY",
    ),
    "network.certificate": Meaning(
        "a proxy in between uses a certificate of its own, or this machine's clock is wrong",
        "set the clock, or install the proxy's certificate (SSL_CERT_FILE)",
        transient=True,
        retry_after_s=1.0,
    ),
    "timeout": Meaning(
        "DingTalk is slow, or a firewall or proxy drops the connection",
        "check the network, and any firewall or proxy",
        transient=True,
    ),
    "upgrade": Meaning(
        "DingTalk did not accept the ticket, or a proxy blocks WebSockets",
        "if it persists, let the proxy pass WebSockets",
        transient=True,
    ),
    "incomplete": Meaning(
        "something other than DingTalk answers",
        "check DINGTALK_OPENAPI_ENDPOINT and any proxy",
        transient=True,
    ),
}


def failure(status: int, body: Any, otherwise: str = "") -> PlatformError | None:
    """The error that a response reports; None if it reports success. DingTalk reports errors with HTTP 200, too.

    ``body`` is the parsed JSON, None if the response had none. ``otherwise`` is the code in ``MEANINGS`` that
    explains codes which are not in there.
    """
    if not isinstance(body, Mapping):
        return error(f"HTTP {status} without JSON", "", status)
    code, words = _refusal(status, body)
    if not code:
        return None
    request_id = body.get("requestid") or body.get("requestId")
    message = f"DingTalk refused: {words or code}" + (f", request {request_id}" if request_id else "")
    return error(shortened(message, 300), code, status, _scopes(body), otherwise)


def error(message: str, code: str, status: int = 0, scopes: str = "", otherwise: str = "") -> PlatformError:
    """The error for a code, with its cause and cure from ``MEANINGS``."""
    meaning = _meaning(code, status)
    if meaning == _UNKNOWN and otherwise:
        meaning = MEANINGS[otherwise]
    cure = meaning.cure.replace("{scopes}", scopes or "it lacks")
    if meaning.transient:
        return TransientError(
            message,
            code=code,
            status=status,
            hint=cure,
            cause=meaning.cause,
            retry_after_s=meaning.retry_after_s,
        )
    kind = CardMissingError if code in CARD_MISSING else FatalError
    return kind(message, code=code, status=status, hint=cure, cause=meaning.cause)


def too_fast(error: PlatformError) -> bool:
    """Whether the platform counted too many calls of one API."""
    return _meaning(error.code, error.status) is _TOO_FAST


def billed(error: PlatformError) -> bool:
    """Whether the platform counts the failed call in its month. It does, unless it refused the call unread."""
    if isinstance(error, TransientError) and error.retry_after_s is not None:
        return False
    return error.code not in TOKEN_REFUSED and _meaning(error.code, error.status) is not _QUOTA


def about_robot(error: PlatformError) -> bool:
    """Whether the platform does not know the robot, or says that it belongs to another app."""
    return _meaning(error.code, error.status) is _ROBOT


def _refusal(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    """The code and the message of a refusal; both empty if the response is none."""
    words = str(body.get("message") or body.get("errmsg") or "")
    if "errcode" in body and str(body["errcode"]) != "0":
        return str(body["errcode"]), words
    if body.get("punish"):
        return str(body.get("status") or "1111"), "calls from this address are blocked"
    if status >= 300 or body.get("success") is False:
        return str(body.get("code") or status), words
    return _not_delivered(body)


def _not_delivered(body: Mapping[str, Any]) -> tuple[str, str]:
    result = body.get("result")
    results = result.get("deliverResults") if isinstance(result, Mapping) else None
    for each in results if isinstance(results, list) else ():
        if isinstance(each, Mapping) and each.get("success") is False:
            return "deliver.failed", str(each.get("errorMsg") or "the card was not delivered")
    if body.get("invalidStaffIdList"):
        return "staffId.notExisted", "the message did not reach the person"
    if body.get("flowControlledStaffIdList"):
        return "QpsLimit", "the person gets too many messages"
    return "", ""


def _meaning(code: str, status: int) -> Meaning:
    name = "QpsLimit" if "QpsLimit" in code else code
    while name:
        if name in MEANINGS:
            return MEANINGS[name]
        name = name.rpartition(".")[0]
    if status == 429:
        return _TOO_FAST
    # Not JSON means that something before DingTalk answered: a proxy, a gateway, a ban page.
    return _BUSY if status >= 500 or not code else _UNKNOWN


def _scopes(body: Mapping[str, Any]) -> str:
    detail = body.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, Mapping) else None
    return ", ".join(map(str, scopes)) if isinstance(scopes, list) else ""
