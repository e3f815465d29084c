"""The ``openai`` agent keeps the contract of agents behind servers, streamed and not."""

import json

from agent_contract import AgentContract
from scripted_server import DONE, answer, data, event


class TestStreamed(AgentContract):
    good = (
        data(role="assistant", content="")
        + ": ping\n\n"
        + data(reasoning_content="hm")
        + data(content="<think>so</think>你好，")
        + data(content="world 😀 <b")
        + data(content="r> bye.")
        + data("stop")
        + event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
        + DONE
    ).encode()
    text = "你好，world 😀 <br> bye."
    proof = data("stop").strip().encode()

    def ask(self, *script, **options):
        return answer(*script, **options)


class TestUnterminated(TestStreamed):
    """Without a mark of the end."""

    good = TestStreamed.good.removesuffix(DONE.encode())


class TestRepeated(TestStreamed):
    """With the whole answer once more in the last event."""

    good = (
        data(content="你好，")
        + data(content="world.")
        + event({"choices": [{"index": 0, "message": {"content": "你好，world."}, "finish_reason": "stop"}]})
    ).encode()
    text = "你好，world."
    proof = good.rstrip()


def test_an_answer_in_one_document_that_is_cut_is_a_failure():
    whole = json.dumps({"choices": [{"message": {"content": "yes"}}]})
    for at in range(len(whole)):
        outcome = answer(*filter(None, (whole[:at],)), content_type="application/json")
        assert (outcome.text, bool(outcome.error)) == ("", True)
