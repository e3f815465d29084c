import asyncio
import errno
import os
import socket
import stat

import pytest

from imbot.ops.address import AdminAddress, Beacon, why_not_bound


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:8870", "127.0.0.1", 8870, True),
        (" 127.9.9.9:0 ", "127.9.9.9", 0, True),
        ("localhost:80", "localhost", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),
        ("[::]:80", "::", 80, False),
        ("10.1.2.3:80", "10.1.2.3", 80, False),
        ("localhost.evil.com:80", "localhost.evil.com", 80, False),
    ],
)
def test_an_address_tells_whether_others_can_reach_it(text, host, port, loopback):
    address = AdminAddress.parse(text)

    assert (address.host, address.port, address.loopback) == (host, port, loopback)
    assert str(address) == text.strip()


@pytest.mark.parametrize("text", ["", "8870", ":8870", "host:", "host:x", "host:70000", "host:-1", "::1:80"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r"HOST:PORT|port|brackets"):
        AdminAddress.parse(text)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            OSError(errno.EADDRINUSE, "error while attempting to bind on ('::1', 1): in use"),
            "Address already in use",
        ),
        (
            OSError("could not bind on any address out of [('192.0.2.1', 1)]"),
            "Cannot assign requested address",
        ),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
)
def test_why_an_address_cannot_be_had_is_said_without_repeating_it(error, why):
    assert why_not_bound(error) == why


async def test_an_address_of_another_machine_cannot_be_had_whatever_the_python():
    with pytest.raises(OSError) as caught:
        await asyncio.get_running_loop().create_server(asyncio.Protocol, "192.0.2.1", 0)
    assert why_not_bound(caught.value) == "Cannot assign requested address"


def test_a_beacon_is_found_and_taken_away(tmp_path):
    path = tmp_path / ".imbot/admin.json"
    beacon = Beacon.new(AdminAddress("127.0.0.1", 1))
    beacon.write(path)

    assert Beacon.read(path) == beacon
    assert beacon.pid == os.getpid()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    beacon.remove(path)
    assert list(path.parent.iterdir()) == []
    beacon.remove(path)


def test_a_process_leaves_the_beacon_of_its_successor(tmp_path):
    old, new = Beacon.new(AdminAddress("127.0.0.1", 1)), Beacon.new(AdminAddress("127.0.0.1", 1))
    new.write(tmp_path / "admin.json")
    old.remove(tmp_path / "admin.json")

    assert Beacon.read(tmp_path / "admin.json") == new


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"address": "a:1"}', '{"pid": "x"}', "\xff"])
def test_a_beacon_that_makes_no_sense_is_none(tmp_path, text):
    (tmp_path / "admin.json").write_text(text, encoding="latin-1")

    assert Beacon.read(tmp_path / "admin.json") is None
