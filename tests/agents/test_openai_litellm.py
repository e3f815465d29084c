"""The openai agent against a server that others wrote: the LiteLLM proxy with mocked models.

It lives in an environment of its own: `python -m venv DIR && DIR/bin/pip install 'litellm[proxy]'`, then
`IMBOT_LITELLM=DIR/bin/litellm` here. With `IMBOT_REQUIRE_PEERS=1` it must be there.
"""

import asyncio
import json
import os
import shutil
import subprocess
import time
import urllib.request

import pytest
from aiohttp.test_utils import unused_port

from imbot.errors import AgentError
from imbot.model import Exchange, Finished, ReasoningDelta, Started, TextDelta, Usage
from imbot.spec import Secret

pytestmark = pytest.mark.timeout(180)  # the proxy takes its time to start

KEY = "sk-of-the-proxy"
ANSWER = "你好，世界！\n\n```python\nprint('😀')\n```\n" * 3
MOCKS = {
    "mock": ANSWER,
    "thinker": "<think>2 + 2，两个二相加</think>等于四。",
    "limited": "litellm.RateLimitError",
    "broken": "litellm.InternalServerError",
    "short": "litellm.ContextWindowExceededError",
}


@pytest.fixture(scope="module")
def litellm():
    program = os.environ.get("IMBOT_LITELLM") or shutil.which("litellm")
    if not program and os.environ.get("IMBOT_REQUIRE_PEERS") != "1":
        pytest.skip("needs the LiteLLM proxy: set IMBOT_LITELLM to its program")
    assert program, "IMBOT_REQUIRE_PEERS is set, IMBOT_LITELLM is not"
    return program


@pytest.fixture(scope="module")
def proxy(litellm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("litellm")
    config = {
        "model_list": [
            {
                "model_name": name,
                "litellm_params": {"model": "openai/mock", "api_key": "x", "mock_response": text},
            }
            for name, text in MOCKS.items()
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }
    (folder / "config.yaml").write_text(json.dumps(config, ensure_ascii=False), "utf-8")  # JSON is YAML
    port = unused_port()
    command = [
        litellm,
        "--config",
        "config.yaml",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--telemetry",
        "False",
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(process, f"http://127.0.0.1:{port}/health/liveliness", folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process, url, log):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"the LiteLLM proxy does not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
async def open_agent(proxy, make_agent):
    opened = []

    def open_agent(model, **settings):
        settings = {"base_url": proxy, "api_key": Secret(KEY), "model": model, "retries": 0, **settings}
        opened.append(make_agent("openai", **settings))
        return opened[-1]

    yield open_agent
    for agent in opened:
        await agent.close()


def said(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_its_stream_is_read(open_agent, ask):
    events = await ask(open_agent("mock", instructions="Be kind."), "hi", [Exchange("a", "b")])
    assert isinstance(events[0], Started)
    assert events[0].message_id
    assert said(events) == ANSWER
    assert len(events) > 10
    assert isinstance(events[-2], Usage)
    assert events[-2].input_tokens > 0
    assert events[-2].output_tokens > 0
    assert events[-1] == Finished("stop")


async def test_its_usage_is_not_asked_for_when_switched_off(open_agent, ask):
    events = await ask(open_agent("mock", include_usage=False), "hi")
    assert said(events) == ANSWER
    assert not any(isinstance(event, Usage) for event in events)


async def test_inline_reasoning_cut_by_its_chunks_is_taken_out(open_agent, ask):
    events = await ask(open_agent("thinker"), "2 + 2?")
    assert said(events) == "等于四。"
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "2 + 2，两个二相加"


async def test_a_whole_answer_is_read(open_agent, ask, monkeypatch):
    agent = open_agent("mock")
    monkeypatch.setitem(agent._fields, "stream", False)
    monkeypatch.delitem(agent._fields, "stream_options")
    events = await ask(agent, "hi")
    assert said(events) == ANSWER
    assert events[-1] == Finished("stop")


@pytest.mark.parametrize(
    ("model", "status", "retryable", "too_long"),
    [
        ("limited", 429, True, False),
        ("broken", 500, True, False),
        ("short", 400, False, True),
        ("no-such-model", 400, False, False),
    ],
)
async def test_its_errors_are_understood(open_agent, ask, model, status, retryable, too_long):
    with pytest.raises(AgentError) as caught:
        await ask(open_agent(model), "hi", [Exchange("a", "b")])
    error = caught.value
    assert (error.status, error.retryable, error.too_long) == (status, retryable, too_long)
    assert not error.code.isdecimal()


async def test_a_wrong_key_is_refused_and_not_repeated(open_agent, ask):
    with pytest.raises(AgentError) as caught:
        await ask(open_agent("mock", api_key=Secret("sk-wrong-key-1234")), "hi")
    assert not caught.value.retryable
    assert "sk-wrong-key-1234" not in str(caught.value)


async def test_questions_run_side_by_side_and_may_be_left(open_agent, ask):
    agent = open_agent("mock")
    leaving = asyncio.create_task(ask(agent, "hi"))
    await asyncio.sleep(0.01)
    leaving.cancel()
    answers = await asyncio.gather(*(ask(agent, f"hi {number}") for number in range(8)))
    assert {said(events) for events in answers} == {ANSWER}
    with pytest.raises(asyncio.CancelledError):
        await leaving
