import os
import socket

import pytest

from imbot.config.regular_file import read_regular, read_text


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_only_a_regular_file_is_read_and_nothing_waits(tmp_path, make):
    make(tmp_path / "x")

    with pytest.raises(OSError, match=r"a folder|not a regular file"):
        read_regular(tmp_path / "x")


def test_a_socket_is_no_regular_file(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "x"))

        with pytest.raises(OSError, match="not a regular file"):
            read_regular(tmp_path / "x")


def test_a_file_is_read_as_far_as_is_asked_for(tmp_path):
    (tmp_path / "x").write_bytes(b"ab\r\ncd\re")

    assert read_regular(tmp_path / "x", 3) == b"ab\r"
    assert read_text(tmp_path / "x", 8) == "ab\ncd\ne"
    with pytest.raises(OSError, match="larger than 7 bytes"):
        read_text(tmp_path / "x", 7)
