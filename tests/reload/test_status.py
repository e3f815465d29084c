from fakes import spec

from imbot.errors import Problem
from imbot.log import Readable
from imbot.reload.plan import Step
from imbot.reload.status import Rejections


def refused(message="broken", code="x"):
    return Step(
        "rejected",
        "a",
        "bots/a.yaml",
        problems=(Problem("bots/a.yaml", 1, 1, 1, 1, "", code, "error", message),),
    )


def test_a_refusal_is_said_once_and_keeps_its_time_as_long_as_its_reasons_stay(caplog):
    rejections = Rejections()
    rejections.follow([refused()])
    first = rejections.get("bots/a.yaml")
    rejections.follow([refused()])
    assert rejections.get("bots/a.yaml") == first
    assert caplog.text.count("broken") == 1

    rejections.follow([refused("broken elsewhere")])
    assert rejections.get("bots/a.yaml").since >= first.since
    assert caplog.text.count("broken elsewhere") == 1


def test_what_the_platform_words_anew_is_the_same_refusal(caplog):
    rejections = Rejections()
    for number in range(3):
        rejections.follow([refused(f"request {number}", "platform.refused")])
    assert caplog.text.count("request") == 1
    assert "request 2" in rejections.get("bots/a.yaml").problems[0].message


def test_a_log_that_is_no_terminal_has_a_line_for_each_problem_with_bot_place_and_cure(caplog):
    broken = tuple(
        Problem("bots/a.yaml", line, 1, line, 2, "", "x", "error", f"broken {line}", f"mend {line}")
        for line in (1, 4)
    )
    Rejections().follow([Step("rejected", name, f"bots/{name}.yaml", problems=broken) for name in "ab"])
    (record,) = caplog.records

    assert [text[9:] for text in Readable().format(record).splitlines()] == [
        "a, b: rejected: bots/a.yaml:1:1: broken 1 (mend 1) [x]",
        "a, b: rejected: bots/a.yaml:4:1: broken 4 (mend 4) [x]",
    ]


def test_a_file_that_is_as_before_again_is_accepted_again_and_said_so_once(caplog):
    caplog.set_level("INFO")
    rejections, same = Rejections(), Step("unchanged", "a", "bots/a.yaml", spec("a"))
    rejections.follow([refused()])
    rejections.follow([same])
    rejections.follow([same])
    assert "bots/a.yaml" not in rejections
    assert caplog.text.count("accepted again") == 1


def test_how_a_change_goes_of_a_refused_file_is_not_known_before_it_is_tried():
    rejections = Rejections()
    rejections.follow([refused()])
    rejections.follow([Step("update", "a", "bots/a.yaml", spec("a"))])
    assert "bots/a.yaml" in rejections
    assert rejections.forget("bots/a.yaml")
    assert list(rejections.items()) == []
