import asyncio
import errno
import os
import resource
import socket
from contextlib import ExitStack, contextmanager

import aiohttp
import pytest

from imbot import descriptors
from imbot.agents.causes import AGENT_CAUSES
from imbot.agents.endpoint import Endpoint
from imbot.descriptors import RESERVE, ensure_room, exhausted, raise_limit, sockets, why_no_watch, why_none
from imbot.errors import AgentError, ResourceError, StoreError, TransientError
from imbot.platforms.dingtalk.openapi import network_error
from imbot.reload.agent_probe import AgentProbe
from imbot.reload.scan import scan
from imbot.reload.watch import Watch
from imbot.spec import Timeouts
from imbot.stores import open_store


@contextmanager
def limited(soft):
    """The process may have so many descriptors while the block lasts."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def none_left(but=0):
    """No descriptor is left while the block lasts, except for so many."""
    with limited(next_free() + 300), ExitStack() as stack:
        taken = []
        stack.callback(lambda: [os.close(each) for each in taken])
        while True:
            try:
                taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        for _ in range(but):
            os.close(taken.pop())
        yield


def next_free():
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


def test_the_limit_is_raised_as_far_as_it_may_be():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with limited(256):
        raise_limit()
        assert descriptors.limit() == (1 << 20 if hard == resource.RLIM_INFINITY else min(hard, 1 << 20))


def test_bots_fit_with_a_reserve_or_are_refused_with_the_figures():
    with limited(1024):
        ensure_room(1024 - RESERVE)
        with pytest.raises(ResourceError) as refused:
            ensure_room(1010)
    assert str(refused.value) == (
        "1,010 bots need about 1,138 file descriptors, and the limit is 1,024: raise it and start again "
        "(`ulimit -n 2048`, or `LimitNOFILE=2048` in a systemd unit), or run fewer bots here"
    )
    with limited(1024), pytest.raises(ResourceError, match="600 bots need about 1,328"):
        ensure_room(600, sockets_each=2)


def test_sockets_leave_descriptors_to_others():
    inet = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))
    with limited(next_free() + 60), ExitStack() as stack:
        for keep, most in ((40, 20), (10, 30), (10, 0)):
            for _ in range(most):
                stack.enter_context(sockets(keep)(inet))
            with pytest.raises(OSError, match="Too many open files") as full:
                sockets(keep)(inet)
            assert full.value.errno == errno.EMFILE
        assert not exhausted()


async def test_an_agent_is_told_apart_from_a_network_that_is_broken():
    endpoint = Endpoint("http://127.0.0.1:9/v1", {}, Timeouts(5, 10, 10, None, 600))
    with none_left(but=descriptors.FOR_FILES - 5), pytest.raises(AgentError) as failed:
        [event async for event in endpoint.ask({})]
    await endpoint.close()
    assert "127.0.0.1:9: no file descriptor is left" in str(failed.value)
    assert (failed.value.code, failed.value.retryable) == ("descriptors", True)
    assert "ulimit -n" in AGENT_CAUSES["descriptors"][1]


@pytest.mark.parametrize("keep", [descriptors.FOR_FILES, descriptors.FOR_FILES + descriptors.FOR_CALLS])
async def test_a_platform_is_told_apart_from_a_network_that_is_broken(keep):
    connector = aiohttp.TCPConnector(socket_factory=sockets(keep))
    async with aiohttp.ClientSession(connector=connector) as session:
        for host in ("127.0.0.1", "localhost"):  # a name may have several addresses
            with none_left(but=keep - 5), pytest.raises(aiohttp.ClientConnectorError) as failed:
                await session.get(f"http://{host}:9")
            error = network_error(failed.value)
            assert isinstance(error, TransientError)
            assert (error.code, "ulimit -n" in error.hint, "firewall" in str(error)) == (
                "descriptors",
                True,
                False,
            )


async def test_a_name_that_cannot_be_looked_up_for_want_of_one_is_told_so():
    async with aiohttp.ClientSession() as session:
        with none_left(), pytest.raises(aiohttp.ClientConnectorError) as failed:
            await session.get("http://no-such-host.invalid:9")
        with none_left():
            assert network_error(failed.value).code == "descriptors"


async def test_the_probe_of_an_agent_says_so(tmp_path):
    probe = AgentProbe()
    with none_left():
        assert "raise `ulimit -n`" in await probe._connect_error(("127.0.0.1", 9))
    await probe.close()


async def test_a_store_that_cannot_be_opened_says_so(tmp_path):
    await (await open_store("sqlite:///:memory:")).close()
    with none_left(), pytest.raises(StoreError, match="raise `ulimit -n`"):
        await open_store(f"sqlite:///{tmp_path}/imbot.db")


def test_a_folder_that_cannot_be_listed_is_not_empty(tmp_path):
    (tmp_path / "a.yaml").write_text("")
    with none_left(), pytest.raises(ResourceError, match="raise `ulimit -n`"):
        scan(tmp_path, ())
    assert list(scan(tmp_path, ())) == [str(tmp_path / "a.yaml")]


async def test_a_watch_without_notifications_says_why(tmp_path):
    watch = Watch(tmp_path)
    hints = watch.hints()
    await asyncio.to_thread(int)  # the thread that lists the folder is there
    with none_left():
        hint = asyncio.ensure_future(anext(hints))
        async with asyncio.timeout(10):
            while not watch.state.trouble:
                await asyncio.sleep(0.01)
        assert "raise `ulimit -n`" in watch.state.trouble
        hint.cancel()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EMFILE, "x"), "no inotify instance is left: raise `fs.inotify.max_user_instances`"),
        (OSError(errno.ENOSPC, "x"), "no inotify watch is left: raise `fs.inotify.max_user_watches`"),
        (OSError(errno.ENFILE, "x"), "the machine has no file descriptor left"),
        (ValueError(), "ValueError"),
    ],
)
def test_notifications_have_limits_of_their_own(error, told):
    assert why_no_watch(error).startswith(told)


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.ENETUNREACH, errno.EACCES])
def test_other_failures_are_not_explained_here(number):
    assert why_none(OSError(number, "x")) == ""
    assert why_none(socket.gaierror(socket.EAI_NONAME, "x")) == ""
    with none_left():
        assert why_none(OSError(number, "x")) == ""
