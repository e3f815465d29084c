import pytest

from imbot.errors import FatalError, TransientError
from imbot.platforms.dingtalk.codes import MEANINGS, billed, error, failure


@pytest.mark.parametrize(
    "body",
    [
        {"success": True, "result": True},
        {"errcode": 0, "errmsg": "ok"},
        {"errcode": "0", "errmsg": "ok"},
        {"accessToken": "t", "expireIn": 7200},
        {"success": True, "result": {"outTrackId": "c", "deliverResults": [{"success": True}]}},
        {"success": True, "result": {"deliverResults": None}},
        {"processQueryKey": "q", "invalidStaffIdList": [], "flowControlledStaffIdList": []},
        {},
    ],
)
def test_success_is_no_failure(body):
    assert failure(200, body) is None


@pytest.mark.parametrize(
    ("status", "body", "code", "hint"),
    [
        (401, {"code": "authFailed", "message": "鉴权失败"}, "authFailed", "client_secret"),
        (400, {"code": "invalidClientIdOrSecret", "message": "x"}, "invalidClientIdOrSecret", "client_secret"),
        (400, {"code": "param.templateUnpublished"}, "param.templateUnpublished", "template_id"),
        (400, {"code": "invalidParameter", "message": "ua invalid"}, "invalidParameter", "Stream"),
        (400, {"code": "invalidParameter.robotCode.empty"}, "invalidParameter.robotCode.empty", "robot_code"),
        (500, {"code": "unknownError", "message": "未知错误"}, "unknownError", "content_key"),
        (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"}, "Forbidden.AccessDenied.ApiCountLimitForOrg", "monthly"),
        (403, {"code": "Forbidden.AccessDenied.IpNotInWhiteList"}, "Forbidden.AccessDenied.IpNotInWhiteList", "address"),
        (200, {"errcode": 90020, "errmsg": "x"}, "90020", "monthly"),
        (200, {"errcode": "300001", "errmsg": "session 不存在"}, "300001", ""),
        (200, {"errcode": 404, "errmsg": "请求的URI地址不存在"}, "404", ""),
        (200, {"success": False, "code": "x.y"}, "x.y", ""),
        (200, {"success": True, "result": {"deliverResults": [{"success": True}, {"success": False, "errorMsg": "no"}]}}, "deliver.failed", "group"),
        (200, {"processQueryKey": "q", "invalidStaffIdList": ["u1"]}, "staffId.notExisted", "person"),
        (400, {"code": "anything.else"}, "anything.else", ""),
    ],
)  # fmt: skip
def test_refusals_that_stay_are_fatal_and_name_the_cure(status, body, code, hint):
    error = failure(status, body)

    assert isinstance(error, FatalError)
    assert error.code == code
    assert error.status == status
    assert hint in f"{error.cause}: {error.hint}"


@pytest.mark.parametrize(
    ("status", "body", "retry_after_s"),
    [
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, 1.0),
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForApi"}, 1.0),
        (200, {"errcode": 90018, "errmsg": "x"}, 1.0),
        (429, {"message": "slow down"}, 1.0),
        (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}, 300.0),
        (200, {"processQueryKey": "q", "flowControlledStaffIdList": ["u1"]}, 1.0),
        (500, {"code": "system.busy"}, None),
        (400, {"code": "system.error"}, None),
        (503, {"code": "whatever"}, None),
        (504, {}, None),
        (502, None, None),
        (200, None, None),
        (400, None, None),
        (200, [], None),
    ],
)
def test_what_may_pass_is_transient_and_says_when(status, body, retry_after_s):
    error = failure(status, body)

    assert isinstance(error, TransientError)
    assert error.retry_after_s == retry_after_s


def test_a_missing_permission_is_named():
    error = failure(
        403,
        {
            "code": "Forbidden.AccessDenied.AccessTokenPermissionDenied",
            "message": "no",
            "accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]},
        },
    )

    assert error
    assert "Card.Instance.Write" in str(error)


@pytest.mark.parametrize("detail", [None, {}, {"requiredScopes": "x"}])
def test_a_missing_permission_without_detail_reads_well(detail):
    error = failure(
        403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "accessdenieddetail": detail}
    )

    assert error
    assert "{" not in str(error)


def test_the_request_id_is_told_for_the_platforms_support():
    error = failure(400, {"code": "x", "message": "bad", "requestid": "ED20"})

    assert "bad, request ED20" in str(error)


@pytest.mark.parametrize("code", MEANINGS)
def test_every_code_that_is_known_has_a_cause_and_a_cure(code):
    assert MEANINGS[code].cause
    assert MEANINGS[code].cure


def test_a_code_without_a_meaning_of_its_own_may_have_one_by_its_place():
    stranger, known = {"code": "app.offline"}, {"code": "authFailed"}

    assert "Stream mode" in failure(400, stranger, "invalidParameter").hint
    assert failure(400, stranger, "invalidParameter").code == "app.offline"
    assert "credentials page" in failure(401, known, "invalidParameter").hint


@pytest.mark.parametrize(("status", "body", "counts"), [
    (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, False),
    (429, {"code": "whatever"}, False),
    (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"}, False),
    (200, {"errcode": 90020}, False),
    (400, {"code": "InvalidAuthentication"}, False),
    (400, {"code": "param.cardNotExist"}, True),
    (500, {"code": "unknownError"}, True),
    (502, None, True),
    (200, {"success": True, "result": {"deliverResults": [{"success": False}]}}, True),
])  # fmt: skip
def test_a_failed_call_counts_unless_the_platform_did_not_look_at_it(status, body, counts):
    assert billed(failure(status, body)) is counts


@pytest.mark.parametrize(
    ("code", "counts"), [("network", True), ("timeout", True), ("network.unreachable", False)]
)
def test_a_call_that_may_have_arrived_counts(code, counts):
    assert billed(error("m", code)) is counts
