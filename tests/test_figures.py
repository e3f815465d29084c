"""Figures that the documents name are those of the code."""

from pathlib import Path

import pytest

from imbot.agents import sanitizer
from imbot.bot import admission, recovery, replies
from imbot.cli import run
from imbot.cli.admin import DEFAULT
from imbot.ops import doctor
from imbot.platforms.dingtalk import card_size, http
from imbot.platforms.dingtalk.times import Times
from imbot.reload import agent_probe, gateway_pool, rollout, supervisor, watch
from imbot.turn import orphan
from imbot.usage import monthly
from imbot.usage.accounting import SCARCE

DOCS = Path(__file__).parents[1] / "docs"
WORDS = {1: "one", 2: "two", 4: "a quarter", 6: "six", 60: "a minute", 86400: "a day", 10**6: "a million"}


def word(figure):
    """As the documents spell a number."""
    return WORDS.get(figure, f"{figure:g}")


TIMES = Times()
GIVEN = {option.name: option.default for option in run.command.params}
REFUSED_MIN = TIMES.refused_first_s / 60

OPERATE = [
    f"silent for {TIMES.heartbeat_s:g} s | a ping goes out; without an answer within {TIMES.heartbeat_s / 2:g} s",
    f"no message has come for about {word(TIMES.silent_s / 3600)} hours",
    f"a random time of up to {TIMES.retry_first_s:g} s, doubled with each failure",
    f"doubled with each failure, up to {word(TIMES.retry_cap_s)},",
    f"waits for {word(REFUSED_MIN)} to {word(REFUSED_MIN + TIMES.refused_cap_s / 60)} minutes",
    f"at most {http.CONNECTS_AT_ONCE} connect at the same time",
    f"an app reconnects at most every {gateway_pool.REMAKE_S:g} s",
    f"A report waits {supervisor.PLATFORM_WAIT_S:g} s for the platform",
    f"is tried again at least every {rollout.RETRY_CAP_S:g} s",
    f"when a bot begins to use it, for at most {agent_probe.CONNECT_S:g} s",
    f"then about every {word(agent_probe.RETRY_S[1]).removeprefix('a ')} while that fails",
    f"when its file has been still for {watch.SETTLE.still_s * 1000:g} ms",
    f"keeps changing counts after {watch.SETTLE.at_most_s:g} s all the same",
    f"a scan of all files every {word(watch.RESCAN_S)} seconds",
    f"renews its sign of life every {recovery.BEAT_S:g} s",
    f"has given none for {recovery.LEASE_S:g} s",
    f"nothing yet, for less than {word(orphan.FRESH_S)}",
    f"ever more rarely, but at least every {recovery.LONGEST_PAUSE_S / 60:g} minutes",
    f"gives up after the platform has refused for {word(orphan.GIVE_UP_S)},",
    f"{GIVEN['retention_days']} days; change it with `--retention DAYS`",
    f"for at most `--grace` seconds ({GIVEN['grace_s']})",
    f"serves the endpoint on `{DEFAULT}`",
]
BOT_FILE = [
    f"One person may fill {word(admission.SHARE)} of the queue",
    f"at most every {replies.REFUSAL_EVERY_S / 60:g} minutes in a group",
    f"after {word(sanitizer.MOST_EVENTS)} events",
    f"A card holds about {card_size.CARD_BYTES / 1000:g} KB",
]
QUOTA = [
    f"| {SCARCE * 100:g} % | cards show only their end",
    f"It is written every {word(monthly.SAVE_EVERY_S)} seconds",
]
DOCTOR = [f"then for at most {doctor.ANSWER_WAIT_S:g} s"]

PAGES = {"operate": OPERATE, "bot-file": BOT_FILE, "quota": QUOTA, "doctor": DOCTOR}


@pytest.mark.parametrize(
    ("page", "phrase"), [(page, phrase) for page, phrases in PAGES.items() for phrase in phrases]
)
def test_a_figure_in_the_documents_is_that_of_the_code(page, phrase):
    text = " ".join((DOCS / f"{page}.md").read_text(encoding="utf-8").split())

    assert phrase in text, "if only the sentence has changed, write it here as it is now"
