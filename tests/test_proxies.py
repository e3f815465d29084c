"""Which calls take a proxy of the environment."""

import logging

import pytest

from imbot import proxies
from imbot.proxies import ProxyError, proxy_for, unused_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    proxies.note_unused.cache_clear()
    yield
    proxies.note_unused.cache_clear()


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("127.0.0.1", "http://127.0.0.1/v1", True),
        ("127.0.0.0/8", "http://127.0.0.1:99/v1", True),
        ("10.0.0.0/8, 192.168.0.0/16", "http://192.168.7.7/", True),
        ("10.0.0.0/8", "http://11.0.0.1/", False),
        ("10.1.2.3/8", "http://10.9.9.9/", True),
        ("fd00::/8", "http://[fd00::1]:99/", True),
        ("::1", "http://[::1]/", True),
        ("[::1]", "http://[::1]:99/", True),
        ("corp.example", "http://llm.corp.example/", True),
        (".corp.example", "http://llm.corp.example/", True),
        ("*.corp.example", "http://llm.corp.example/", True),
        ("corp.example", "http://notcorp.example/", False),
        ("LLM.Corp.Example", "http://llm.corp.example./", True),
        ("llm.test:8000", "http://llm.test:8000/", True),
        ("llm.test:8000", "http://llm.test:9000/", False),
        ("[::1]:8000", "http://[::1]:9000/", False),
        ("localhost 127.0.0.1", "http://127.0.0.1/", True),
        ("*", "http://llm.test/", True),
        ("10.0.0.0/8", "http://ten.example/", False),
        ("10.0.0.0/99, nonsense//, :, .", "http://10.0.0.1/", False),
        ("", "http://llm.test/", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(monkeypatch, no_proxy, url, direct):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (proxy_for(url) is None) == direct


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("http://p.test:1", "http://p.test:1"),
        ("p.test:1", "http://p.test:1"),
        ("https://p.test", "https://p.test"),
        ("", None),
    ],
)
def test_each_scheme_has_its_proxy(monkeypatch, value, taken):
    monkeypatch.setenv("HTTPS_PROXY", value)
    assert proxy_for("https://llm.test/v1") == taken
    assert proxy_for("http://llm.test/v1") is None


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "SOCKS4", "ftp"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_value(monkeypatch, scheme):
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:hunter2@proxy.test")
    with pytest.raises(ProxyError, match=r"HTTPS_PROXY is .*, which imbot cannot use") as caught:
        proxy_for("https://llm.test/v1")
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", ".test")
    assert proxy_for("https://llm.test/v1") is None


def test_what_is_not_used_is_logged_once(monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.test")
    assert [proxy_for("https://llm.test/v1") for _ in range(3)] == [None] * 3
    assert caplog.text.count("ALL_PROXY is not used") == 1
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test")
    assert unused_proxies() == ""
