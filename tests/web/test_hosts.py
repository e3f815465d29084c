import pytest

from imbot.web.hosts import is_origin, named_host


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8700", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8700", "::1"),
        ("[::1]", "::1"),
        ("", ""),
        ("::1", ""),
        ("localhost:", ""),
        ("localhost:port", ""),
        ("evil.com@localhost", ""),
        ("localhost/x", ""),
        ("local host", ""),
    ],
)
def test_a_host_header_names_a_host_or_nothing(header, host):
    assert named_host(header) == host


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8700", "localhost:8700", True),
        ("http://LOCALHOST:8700", "localhost:8700", True),
        ("http://localhost", "localhost:80", True),
        ("https://bots.example", "bots.example", True),  # a proxy in front of it speaks TLS
        ("http://[::1]:8700", "[::1]:8700", True),
        ("http://localhost:8701", "localhost:8700", False),
        ("http://127.0.0.1:8700", "localhost:8700", False),
        ("http://evil.com", "localhost:8700", False),
        ("chrome-extension://localhost", "localhost", False),
        ("http://localhost:8700/", "localhost:8700", False),
        ("null", "null", False),
        ("", "", False),
    ],
)
def test_an_origin_is_the_servers_own_or_not(origin, host, same):
    assert is_origin(origin, host) is same
