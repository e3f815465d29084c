import ast
import asyncio
from pathlib import Path

import pytest
from botfolder import bot, load, write
from fakes import FakeCard, behaviour
from virtual import run_virtual

from imbot.agents.causes import AGENT_CAUSES, NOT_KNOWN, explained
from imbot.agents.echo import EchoAgent
from imbot.agents.refusals import RefusedError
from imbot.errors import AgentError, FatalError, TransientError
from imbot.model import Finished, NotFound, ReasoningDelta, TextDelta
from imbot.ops import doctor
from imbot.ops.doctor import Finding, diagnose, run_probes
from imbot.platforms import Doubt, Probe


def answers(found):
    async def ask():
        if isinstance(found, Exception):
            raise found
        return found

    return ask


def findings(probes):
    async def main():
        return [finding async for finding in run_probes(probes)]

    return run_virtual(main())


def examined(*script, card=None, **changes):
    """The agent's own findings, by name, and the behaviour that was asked."""
    asked = behaviour(*script, card=card, **changes)
    found = findings(doctor._agent_probes(asked))
    return {finding.check: finding for finding in found}, asked


REFUSED = FatalError("no", code="c", cause="it is locked", hint="unlock it")


# -- order


def test_what_needs_something_that_failed_is_not_tried():
    tried = findings(
        [
            Probe("a", answers("fine")),
            Probe("b", answers(REFUSED), ("a",), calls=1),
            Probe("c", answers("never"), ("a", "b"), calls=1),
            Probe("d", answers("never"), ("c",)),
            Probe("e", answers("fine"), ("a",), calls=2),
        ]
    )

    assert [(each.check, each.state) for each in tried] == [
        ("a", "ok"), ("b", "failed"), ("c", "not tried"), ("d", "not tried"), ("e", "ok"),
    ]  # fmt: skip
    assert [each.calls for each in tried] == [0, 1, 0, 0, 2]
    assert tried[2].found == "needs b"


def test_a_failure_has_what_was_said_its_cause_and_its_cure():
    (found,) = findings([Probe("a", answers(REFUSED))])

    assert found == Finding("a", "failed", "no [c]", "it is locked", "unlock it")


def test_a_doubt_is_told_and_stops_nothing():
    doubt = Doubt("late", "slow disk", "buy another")

    found = findings([Probe("a", answers(doubt)), Probe("b", answers("fine"), ("a",))])

    assert found[0] == Finding("a", "warning", "late", "slow disk", "buy another")
    assert found[1].state == "ok"


def test_the_same_trouble_is_explained_once():
    found = findings([Probe(name, answers(REFUSED)) for name in "abc"])

    assert [each.state for each in found] == ["failed"] * 3
    assert [each.cure for each in found] == ["unlock it", "", ""]
    assert found[2].cause == "the same as for a"


def test_codes_that_nobody_knows_are_not_taken_for_the_same_trouble():
    found = findings([Probe(code, answers(FatalError("no", code=code))) for code in ("x", "y")])

    assert [each.found for each in found] == ["no [x]", "no [y]"]
    assert all(each.cause and each.cure for each in found)


def test_a_transient_error_fails_as_well():
    (found,) = findings([Probe("a", answers(TransientError("no answer", cause="slow", hint="wait")))])

    assert (found.state, found.cure) == ("failed", "wait")


# -- the agent


def test_an_agent_that_streams_is_fine():
    found, asked = examined(0.5, "1", 0.1, "2", 0.1, "3")

    assert found["agent"].found == "answers after 0.5 s"
    assert found["agent streaming"].state == "ok"
    assert found["agent streaming"].found == "3 pieces in 0.7 s"
    assert asked.agent.asked == [(doctor.QUESTION, [])]


def test_thinking_counts_as_streaming():
    found, _ = examined(ReasoningDelta("hm"), 0.2, ReasoningDelta("aha"), 0.2, "1 2 3")

    assert found["agent streaming"].state == "ok"


@pytest.mark.parametrize(
    "script",
    [
        ("1 2 3",),
        (3.0, "1 2 3"),
        (3.0, "1", "2", 0.01, "3"),  # a proxy let them go together
        (0.1, TextDelta(""), 0.1, "1 2 3"),
    ],
)
def test_an_answer_that_comes_at_once_is_told_but_no_failure(script):
    found, _ = examined(*script)

    assert found["agent"].state == "ok"
    assert found["agent streaming"].state == "warning"
    assert "buffer" in found["agent streaming"].cure


def test_a_quick_answer_in_pieces_is_not_held_back():
    found, _ = examined(0.2, "1", "2", "3")

    assert found["agent streaming"].state == "ok"


def test_a_card_that_shows_nothing_before_the_end_needs_no_streaming():
    found, _ = examined("1 2 3", card=FakeCard(live=False))

    assert found.keys() == {"agent"}


def test_an_agent_that_knows_no_answer_is_fine():
    found, _ = examined(NotFound())

    assert found["agent"].state == found["agent streaming"].state == "ok"


def test_a_silent_agent_fails_when_its_time_for_the_first_word_is_over():
    async def main():
        began = asyncio.get_running_loop().time()
        asked = behaviour(1000.0, "late")
        found = [each async for each in run_probes(doctor._agent_probes(asked))]
        return found, asyncio.get_running_loop().time() - began, asked.agent.running

    (agent, streaming), took_s, running = run_virtual(main())

    assert agent.state == "failed"
    assert "within 60 s" in agent.found
    assert agent.cause == AGENT_CAUSES["timeout.first_event"][0]
    assert streaming.state == "not tried"
    assert took_s == pytest.approx(60.0)
    assert running == 0


def test_a_slow_agent_has_the_time_that_its_bot_gives_it():
    found, _ = examined(55.0, "1", 19.0, "2")

    assert (found["agent"].state, found["agent"].found) == ("ok", "answers after 55.0 s")


@pytest.mark.parametrize(
    ("reason", "told", "cure"),
    [("content_filter", "content filter", "does not answer"), ("length", "cut off", "max_tokens")],
)
def test_an_answer_that_is_not_whole_is_a_warning(reason, told, cure):
    found, _ = examined("sorry", Finished(reason))

    assert found["agent"].state == "warning"
    assert told in found["agent"].found
    assert cure in found["agent"].cure


def test_an_agent_that_goes_on_and_on_is_heard_for_a_while_and_stopped():
    found, asked = examined(*[1.0, "word "] * 100)

    assert found["agent"].state == found["agent streaming"].state == "ok"
    assert asked.agent.running == 0


@pytest.mark.parametrize(
    ("failure", "cure"),
    [
        (AgentError("x", code="connection"), "start the agent"),
        (AgentError("x", code="timeout.connect"), "network"),
        (AgentError("x", code="timeout.first_event"), "own log"),
        (AgentError("x", code="interrupted"), "proxy"),
        (RefusedError("bad key", code="invalid_api_key", status=401), "key"),
        (RefusedError("no model", code="model_not_found", status=404), "model"),
        (RefusedError("no credit", code="insufficient_quota", status=429), "top it up"),
        (RefusedError("slow down", code="rate_limited", status=429), "limit"),
        (RefusedError("oops", code="http_503", status=503), "own log"),
        (RefusedError("a web page", code="not_an_api", status=200), "/v1"),
        (RefusedError("moved", code="http_302", status=302), "base_url"),
        (RefusedError("pay first", code="Arrearage", status=400), "top it up"),
        (AgentError("x", code="content_filter"), "does not answer"),
        (AgentError("x", code="tls.plain"), "http://"),
        (AgentError("x", code="never.heard"), "documentation"),
        (AgentError("x"), "documentation"),
    ],
)
def test_an_agent_that_fails_is_told_with_cause_and_cure(failure, cure):
    found, _ = examined(failure)

    assert found["agent"].state == "failed"
    assert str(failure) in found["agent"].found
    assert found["agent"].cause
    assert cure in found["agent"].cure


def own_codes():
    """Every code that an agent of ours gives an error by name."""
    for path in Path(doctor.__file__).parents[1].glob("agents/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("AgentError", "RefusedError"):
                for keyword in node.keywords:
                    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                        yield keyword.value.value


@pytest.mark.parametrize("code", sorted({*own_codes()}))
def test_every_code_of_our_own_agents_is_explained(code):
    assert explained(AgentError("x", code=code)) != NOT_KNOWN


def test_an_agent_that_says_nothing_at_all_fails():
    found, _ = examined(Finished())

    assert (found["agent"].state, "[empty]" in found["agent"].found) == ("failed", True)


def test_a_bug_in_an_agent_is_told_without_its_words_and_logged(caplog):
    found, _ = examined(ValueError("s3cret-value"))

    assert found["agent"].found == "it failed with ValueError [agent.bug]"
    assert "Traceback" in caplog.text


# -- the file


def diagnosed(tmp_path, text, **options):
    async def main():
        (file,) = load(write(tmp_path / "bots", {"a.yaml": text}), {})
        return [each async for each in diagnose(file, endpoint="http://127.0.0.1:1", **options)]

    return asyncio.run(main())


def test_a_broken_file_is_told_with_its_place_and_nothing_else_is_tried(tmp_path):
    file, *others = diagnosed(tmp_path, bot(more="throttel: {}\nnonsense: 1\n"))

    assert file.state == "failed"
    assert "a.yaml:6:1" in file.cause
    assert "and 1 more" in file.cause
    assert "throttle" in file.cause + file.cure
    assert [(each.check, each.state) for each in others] == [
        ("platform", "not tried"),
        ("agent", "not tried"),
    ]


def test_an_unset_secret_is_told_by_its_name(tmp_path):
    file, *_ = diagnosed(tmp_path, bot().replace("s3cr3t-value", "<<HR_SECRET>>"))

    assert "HR_SECRET" in file.cause
    assert file.cure


def test_a_card_that_does_not_draw_fails_the_file(tmp_path):
    file, *_ = diagnosed(tmp_path, bot(more="texts: {error: '{{ oops'}\n"))

    assert file.state == "failed"
    assert ":6:" in file.cause


def test_a_file_that_is_switched_off_is_told(tmp_path):
    file, *others = diagnosed(tmp_path, bot(more="enabled: false\n"))

    assert (file.state, file.cure) == ("warning", "set `enabled: true`")
    assert others[0].check == "network"


def test_the_agent_is_left_out_where_it_is_not_to_be_asked(tmp_path):
    names = [each.check for each in diagnosed(tmp_path, bot(), ask=False)]

    assert names[0] == "file"
    assert not {"agent", "agent streaming"} & {*names}


def test_the_agent_is_closed_in_the_end(tmp_path, monkeypatch):
    closed = []

    async def close(agent):
        closed.append(agent)

    monkeypatch.setattr(EchoAgent, "close", close)
    diagnosed(tmp_path, bot())

    assert len(closed) == 1


def test_the_agent_is_asked_although_the_platform_is_out_of_reach(tmp_path):
    found = {each.check: each.state for each in diagnosed(tmp_path, bot())}

    assert found["network"] == "failed"
    assert found["credentials"] == "not tried"
    assert found["agent"] == "ok"
