"""What every agent behind a server must do, whatever that server sends.

Subclass ``AgentContract``, and say what a good response is and how a script is played. ``tests/scripted_server.py``
has the words of a script: texts or bytes, seconds of silence, and ``CUT``.
"""

import pytest
from scripted_server import CUT, TIMEOUTS, Outcome

from imbot.agents.causes import NOT_KNOWN, described, explained
from imbot.text.sanitize import readable

ODD_BODIES = {
    "nothing": "",
    "white space": " \n\n",
    "a web page": "<!DOCTYPE html><html><title>Sign in</title></html>",
    "words": "upstream connect error or disconnect/reset before headers",
    "a list": "[1, 2, 3]",
    "a value": '"ok"',
    "foreign JSON": '{"apps": [], "users": null}',
    "half of JSON": '{"a": [1, 2',
    "no text": bytes(range(256)) * 4,
    "deep JSON": "[" * 200_000,
    "wide JSON": "[" + "[]," * 200_000 + "[]]",
    "odd types": '{"choices": [[{"delta": [1], "index": {}}], 7, null], "usage": [], "error": [], "id": {}}',
    "lone surrogates": '{"error": {"message": "\\ud83d \\udc00", "code": "\\ud83d"}}',
    "control characters": '{"error": {"message": "a\\u001b[2J\\u0000b\\u202ec", "type": "\\u001b"}}',
    "a huge number": '{"error": {"code": ' + "9" * 5_000 + "}}",
    "a long line": "x" * 3_000_000,
    "a long message": '{"error": {"message": "' + "word " * 100_000 + '"}}',
}
STATUSES = (
    200,
    201,
    204,
    301,
    307,
    400,
    401,
    402,
    403,
    404,
    405,
    408,
    413,
    418,
    422,
    429,
    500,
    502,
    503,
    504,
    529,
    599,
)
TYPES = ("application/json", "text/event-stream", "text/html", "text/plain", "application/octet-stream")


class AgentContract:
    """``good`` is a whole response, ``text`` its answer; ``proof`` ends the shortest part of it that is a good end."""

    good = b""
    text = ""
    proof = b""
    content_type = "text/event-stream"

    def ask(self, *script, **options) -> Outcome:
        """How the answer ends; options are ``status``, ``content_type`` and ``timeouts``."""
        raise NotImplementedError

    def heard(self, *script):
        return self.ask(*script, content_type=self.content_type)

    def check_failure(self, outcome):
        """A failure that whoever runs the bot can do something about, told in one short text."""
        told = described(outcome.error)
        assert all(explained(outcome.error))
        assert len(told) < 1_000
        assert told == readable(told)  # every output writes out what else a terminal might obey
        assert outcome.error.code.isprintable()

    @pytest.mark.parametrize("end", [(), (CUT,)], ids=["closed", "reset"])
    def test_a_cut_at_any_byte_is_told_unless_the_end_was_proved(self, end):
        proved = self.good.index(self.proof) + len(self.proof)
        for at in range(len(self.good)):
            outcome = self.heard(*filter(None, (self.good[:at],)), *end)
            assert self.text.startswith(outcome.text)
            if at >= proved:
                assert (outcome.text, outcome.error) == (self.text, None)
            elif outcome.error is None:
                assert outcome.text == self.text
            else:
                assert outcome.error.code == "interrupted"
                assert outcome.error.retryable

    def test_chunks_may_end_anywhere(self):
        for at in range(1, len(self.good)):
            assert self.heard(self.good[:at], self.good[at:]).text == self.text
        outcome = self.heard(*(self.good[at : at + 1] for at in range(len(self.good))))
        assert (outcome.text, outcome.error) == (self.text, None)

    def test_a_slow_server_is_heard_to_its_end(self):
        pause_s = min(TIMEOUTS.first_event_s, TIMEOUTS.idle_s) * 0.9
        size = -(-len(self.good) // 12)  # within the time for a queue
        pieces = [self.good[at : at + size] for at in range(0, len(self.good), size)]
        outcome = self.heard(*(step for piece in pieces for step in (pause_s, piece)))
        assert (outcome.text, outcome.error) == (self.text, None)

    def test_a_server_that_falls_silent_is_left_in_time(self):
        for at in range(0, len(self.good), 7):
            outcome = self.heard(*filter(None, (self.good[:at],)), 100_000)
            assert outcome.took_s <= TIMEOUTS.first_event_s + TIMEOUTS.idle_s
            if outcome.error is None:
                assert outcome.text == self.text
            else:
                assert outcome.error.code.startswith("timeout.")
                self.check_failure(outcome)

    def test_a_server_that_never_stops_is_left_in_time(self):
        middle = len(self.good) // 2
        for sign in (b"\n", b": x\n\n", b"data: {}\n\n"):
            for begin in (b"", self.good[:middle]):
                outcome = self.heard(*filter(None, (begin,)), *[2, sign] * 1_000)
                assert outcome.took_s <= TIMEOUTS.total_s + TIMEOUTS.idle_s
                assert outcome.error
                self.check_failure(outcome)

    @pytest.mark.parametrize("content_type", TYPES)
    @pytest.mark.parametrize("body", ODD_BODIES)
    def test_what_is_no_answer_is_a_failure_that_is_told(self, body, content_type):
        body = ODD_BODIES[body]
        outcome = self.ask(*filter(None, (body,)), content_type=content_type)
        assert outcome.error
        assert outcome.text == ""
        self.check_failure(outcome)

    @pytest.mark.parametrize("status", STATUSES)
    def test_each_status_of_failure_is_told(self, status):
        for body in (
            "",
            "words",
            '{"error": {"message": "words"}}',
            '{"detail": "words"}',
            "<html>words</html>",
        ):
            outcome = self.ask(*filter(None, (body,)), status=status, content_type="application/json")
            assert outcome.error
            self.check_failure(outcome)
            assert explained(outcome.error) != NOT_KNOWN or "words" in str(outcome.error)

    @pytest.mark.parametrize("body", ODD_BODIES)
    def test_what_is_odd_within_an_answer_harms_nothing(self, body):
        middle = self.good.index(b"\n\n", len(self.good) // 3) + 2
        odd = ODD_BODIES[body]
        odd = odd.encode("utf-8", "surrogatepass") if isinstance(odd, str) else odd
        lines = b"".join(b"data: " + line + b"\n" for line in odd.splitlines()) + b"\n"
        outcome = self.heard(self.good[:middle], lines, self.good[middle:])
        assert outcome.text in (self.text, self.text[: len(outcome.text)])
        if outcome.error:
            self.check_failure(outcome)
