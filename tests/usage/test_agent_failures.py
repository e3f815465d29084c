import time

import pytest

from imbot.usage.agent_failures import AgentFailures, failing_since

KEY = ("bad key [http_401]", "the agent does not accept the key", "check it")


class Hours:
    """A clock that stands where it is set, in seconds."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Hours()


@pytest.fixture
def failures(clock):
    made = AgentFailures(clock)
    made.follow("a", "agent 1")
    return made


def fail(failures, clock, *minutes, agent="agent 1", why=KEY):
    for minute in minutes:
        clock.now = 1000.0 + minute * 60
        failures.failed("a", agent, *why)


def test_a_bot_fails_from_the_third_failed_answer_on(failures, clock):
    fail(failures, clock, 0, 1)
    assert failures.failing("a") is None

    fail(failures, clock, 2, why=("no credit", "cause", "cure"))
    failing = failures.failing("a")
    assert (failing.since, failing.answers) == (1000.0, 3)
    assert (failing.error, failing.cause, failing.cure) == ("no credit", "cause", "cure"), "those of the last"


def test_an_answer_that_works_ends_it_and_three_new_failures_are_needed(failures, clock):
    fail(failures, clock, 0, 1, 2)
    failures.answered("a", "agent 1")
    assert failures.failing("a") is None

    fail(failures, clock, 3, 4)
    assert failures.failing("a") is None
    fail(failures, clock, 5)
    assert failures.failing("a").since == 1000.0 + 180


def test_failures_that_an_hour_does_not_hold_tell_nothing(failures, clock):
    fail(failures, clock, 0, 40, 61)
    assert failures.failing("a") is None

    fail(failures, clock, 62)
    assert failures.failing("a").answers == 4
    clock.now = 1000.0 + 40 * 60 + 3600
    assert failures.failing("a") is None, "the last three do not lie within an hour any more"


def test_another_agent_begins_anew_and_the_same_one_does_not(failures, clock):
    fail(failures, clock, 0, 1, 2)
    failures.follow("a", "agent 1")
    assert failures.failing("a")

    failures.follow("a", "agent 2")
    fail(failures, clock, 3, 4, 5)
    assert failures.failing("a") is None, "answers that began before the change are of the old agent"
    fail(failures, clock, 6, 7, 8, agent="agent 2")
    failures.answered("a", "agent 1")
    assert failures.failing("a").since == 1000.0 + 360


def test_a_bot_that_is_gone_leaves_nothing_behind(failures, clock):
    fail(failures, clock, 0, 1, 2)
    failures.forget("a")
    fail(failures, clock, 3, 4, 5)

    assert failures.failing("a") is None
    assert failures._agents == {}


def test_what_is_kept_of_a_bot_is_bounded(failures, clock):
    fail(failures, clock, *range(1000), why=("x" * 10_000, "cause", "cure"))

    assert failures.failing("a").answers == 1000
    assert len(failures._agents["a"].failed_at) == 3
    assert len(failures.failing("a").error) == 500


def test_people_are_told_the_time_and_the_date_if_it_was_another_day():
    now = time.time()
    today, long_ago = time.strftime("%H:%M", time.localtime(now)), 1_700_000_000.0

    assert failing_since(now, 5) == f"failing since {today}, in all 5 answers"
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(long_ago))
    assert failing_since(long_ago, 3) == f"failing since {date}, in all 3 answers"
