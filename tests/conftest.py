import asyncio
import os
import signal

import pytest

pytest.register_assert_rewrite("store_contract")

# Nothing a developer exported may change what the tests see.
for name in [n for n in os.environ if n.startswith(("DINGTALK_", "IMBOT_ADMIN", "IMBOT_STORE", "IMBOT_LOG"))]:
    del os.environ[name]

# Shells start what runs in the background deaf to Ctrl-C, and so are its children: those of the tests are to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--stalls", type=int, metavar="SEED", help="stall event loops and threads at random")


def pytest_configure(config):
    if (seed := config.getoption("--stalls")) is not None:
        from stalls import stall

        stall(seed)


@pytest.fixture
def abandoned(monkeypatch):
    """The async generators that nobody closed: the garbage collector found them, and nobody waits for their end."""
    found = []
    close = asyncio.BaseEventLoop._asyncgen_finalizer_hook

    def finalizer(loop, generator):
        found.append(generator.__qualname__)
        close(loop, generator)

    monkeypatch.setattr(asyncio.BaseEventLoop, "_asyncgen_finalizer_hook", finalizer)
    return found
