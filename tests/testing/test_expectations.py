import pytest

from imbot.model import CardPhase, CardView
from imbot.platforms import open_dry_run
from imbot.testing.expectations import ABSENT, Outcome, at_pointer, misses
from imbot.testing.snapshots import Snapshots
from imbot.testing.stage import Shown

DRY_RUN = open_dry_run("dingtalk-stream", None)
DATA = {
    "msgContent": "第一行\n第二行",
    "msgTitle": "T",
    "sys_full_json_obj": '{"msgButtons": [{"text": "好", "n": 1}]}',
}


def outcome(**changes):
    shown = Shown(10.0, DRY_RUN)
    shown.views = [
        CardView(
            "ai", CardPhase.THINKING, {"msgContent": "请稍候"}, "", "", native={"content_key": "msgContent"}
        ),
        CardView("ai", CardPhase.FINAL, DATA, "", "", native={"content_key": "msgContent"}),
    ]
    shown.calls, shown.updates, shown.first_at, shown.last_at = 4, 3, 10.5, 12.0
    return Outcome(
        **{"shown": shown, "phase": "final", "answer": "答", "user": "u", "rating": None, **changes}
    )


def found(tmp_path, expect, **changes):
    return [*misses(expect, "", outcome(**changes), Snapshots(tmp_path, "a", update=False))]


@pytest.mark.parametrize(
    "expect",
    [
        {"phase": "final"},
        {"text": "第一行\n第二行"},
        {
            "text": {
                "equals": "第一行\n第二行",
                "contains": ["第一", "第二"],
                "not_contains": "第三",
                "matches": "(?m)^第二行$",
            }
        },
        {"answer": "答"},
        {"never": ["错误", "Traceback"]},
        {"updates": 3, "calls": {"at_least": 4, "at_most": 4}},
        {"first_card": {"at_least": "500ms", "at_most": "500ms"}, "total": {"at_most": "2s"}},
        {"card": {"/msgTitle": "T", "/msgButtons/0/n": 1, "/msgButtons/0/text": {"contains": "好"}}},
        {"card": {"/msgButtons": {"equals": [{"text": "好", "n": 1}]}, "/msgButtons/1": {"absent": True}}},
        {"feedback": "none"},
    ],
)
def test_what_is_as_expected_is_not_told(tmp_path, expect):
    assert found(tmp_path, expect) == []


@pytest.mark.parametrize(
    ("expect", "at", "expected", "got"),
    [
        ({"phase": "error"}, "/phase", "error", "final"),
        ({"text": "第"}, "/text", "第", "第一行\n第二行"),
        ({"text": {"equals": "第"}}, "/text/equals", "第", "第一行\n第二行"),
        ({"text": {"contains": "第三"}}, "/text/contains", "", "第一行\n第二行"),
        ({"text": {"contains": ["第一", "第三"]}}, "/text/contains/1", "", "第一行\n第二行"),
        ({"text": {"not_contains": ["第三", "第一"]}}, "/text/not_contains/1", "", "第一行\n第二行"),
        ({"text": {"matches": "^第二行$"}}, "/text/matches", "", "第一行\n第二行"),
        ({"answer": {"contains": "问"}}, "/answer/contains", "", "答"),
        ({"never": "请稍候"}, "/never", "", "请稍候"),
        ({"never": ["错误", "第一"]}, "/never/1", "", "第一行\n第二行"),
        ({"updates": 1}, "/updates", "1 update", "3 updates"),
        ({"updates": {"at_least": 4}}, "/updates/at_least", "at least 4 updates", "3 updates"),
        ({"calls": {"at_most": 1}}, "/calls/at_most", "at most 1 call", "4 calls"),
        ({"first_card": {"at_most": "400ms"}}, "/first_card/at_most", "at most 0.4 s", "0.5 s"),
        ({"total": {"at_least": "1m"}}, "/total/at_least", "at least 60 s", "2 s"),
        ({"card": {"/msgTitle": "U"}}, "/card/~1msgTitle", "U", "T"),
        ({"card": {"/msgButtons/0/n": "1"}}, "/card/~1msgButtons~10~1n", '"1"', "1"),
        ({"card": {"/msgButtons/0/n": True}}, "/card/~1msgButtons~10~1n", "true", "1"),
        ({"card": {"/msgTitle": {"absent": True}}}, "/card/~1msgTitle/absent", "nothing", '"T"'),
        ({"card": {"/title": "T"}}, "/card/~1title", "", "a card with: msgContent, msgTitle, msgButtons"),
        ({"card": {"/msgTitle": {"matches": "x"}}}, "/card/~1msgTitle/matches", "", "T"),
        ({"feedback": "good"}, "/feedback", "good", "none"),
        ({"snapshot": "s"}, "/snapshot", "", None),
    ],
)
def test_what_is_not_as_expected_is_told_with_its_place(tmp_path, expect, at, expected, got):
    (miss,) = found(tmp_path, expect)
    assert (miss.at, miss.expected) == (at, expected)
    assert got is None or miss.got == got
    assert miss.message


def test_nothing_shown_yet_took_no_time(tmp_path):
    (miss,) = found(tmp_path, {"total": {"at_most": "1s"}}, shown=Shown(0.0, DRY_RUN))
    assert miss.message == "nothing is shown yet"


def test_a_reading_in_the_middle_of_a_number_is_exact_enough(tmp_path):
    shown = Shown(0.0, DRY_RUN, last_at=sum([0.1] * 10))
    assert found(tmp_path, {"total": {"at_least": "1s", "at_most": "1s"}}, shown=shown) == []


@pytest.mark.parametrize(
    ("to", "value"),
    [("", {"a": ["x", '{"b": 1}'], "c/d": 2}), ("/a/0", "x"), ("/a/1/b", 1), ("/c~1d", 2), ("/a/2", ABSENT), ("/a/x", ABSENT), ("/a/0/b", ABSENT)],
)  # fmt: skip
def test_a_pointer_leads_also_into_texts_that_hold_json(to, value):
    assert at_pointer({"a": ["x", '{"b": 1}'], "c/d": 2}, to) == value
