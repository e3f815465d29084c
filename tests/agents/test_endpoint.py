"""What a server is told to be that is no server of chat completions, or speaks another protocol."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from imbot.agents.causes import explained
from imbot.agents.endpoint import Endpoint
from imbot.errors import AgentError
from imbot.spec import Timeouts


async def failure(url):
    endpoint = Endpoint(str(url), {}, Timeouts(5, 10, 10, None, 600))
    try:
        with pytest.raises(AgentError) as caught:
            async for _ in endpoint.ask({}):
                pass
    finally:
        await endpoint.close()
    return caught.value


@asynccontextmanager
async def serving(body, content_type, status=200, tls=None):
    async def answer(_):
        return web.Response(body=body.encode(), status=status, content_type=content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(**({"ssl": tls} if tls else {}))
    yield server.make_url("/v1/chat/completions")
    await server.close()


@pytest.fixture
def certificate(tmp_path):
    """The TLS of a server with a certificate that nobody has signed."""
    if not shutil.which("openssl"):
        pytest.skip("needs the program openssl")
    key, made = tmp_path / "key.pem", tmp_path / "made.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout"]
    subprocess.run([*words, key, "-out", made], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    return context


@pytest.mark.parametrize(
    ("body", "content_type", "came"),
    [
        ('{"apps": [], "users": []}', "application/json", "a JSON object with `apps`, `users`"),
        ("{}", "application/json", "a JSON object with nothing"),
        ("[1]", "application/json", "a JSON list"),
        ('"ok"', "application/json", "a JSON value"),
        ("", "application/json", "an empty document"),
        ("{", "application/json", "not usable JSON"),
        ("Ollama is running", "text/plain", "text/plain"),
        ("", "application/octet-stream", "application/octet-stream"),
        ("<html>", "text/html", "a web page"),
        ('{"a\\u001b[2J": 1}', "application/json", "a JSON object with `a"),
    ],
)
async def test_what_is_no_chat_completion_is_told(body, content_type, came):
    async with serving(body, content_type) as url:
        error = await failure(url)

    assert error.code == "not_an_api"
    assert came in str(error)
    assert "is base_url right?" in str(error)
    assert "\x1b" not in str(error)
    assert not error.retryable
    assert "/v1" in explained(error)[1]


async def test_an_empty_stream_is_an_answer_that_broke_off():
    async with serving("", "text/event-stream") as url:
        assert (await failure(url)).code == "interrupted"


async def test_https_to_a_server_of_http_is_told():
    async with serving("{}", "application/json") as url:
        error = await failure(url.with_scheme("https"))

    assert (error.code, error.retryable) == ("tls.plain", False)
    assert "speaks http, not https" in str(error)
    assert "http://" in explained(error)[1]


@pytest.mark.parametrize("hello", [b"220 mail.example ESMTP\r\n", b"\x00\x00\x00", b"SSH-2.0-x\r\n"])
async def test_https_to_something_else_names_no_certificate(hello):
    async def talk(_, writer):
        writer.write(hello)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await failure(f"https://127.0.0.1:{port}/v1")
    server.close()

    assert error.code in ("tls.plain", "tls.refused", "connection")
    assert explained(error)[1]


async def test_http_to_a_server_of_https_is_told(certificate):
    async with serving("{}", "application/json", tls=certificate) as url:
        error = await failure(url.with_scheme("http"))

    assert explained(error)[1]
    assert error.code in ("tls.needed", "connection")


@pytest.mark.parametrize(
    "page",
    [
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "Client sent an HTTP request to an HTTPS server.",
    ],
)
async def test_a_server_that_asks_for_https_is_understood(page):
    async with serving(page, "text/html", status=400) as url:
        error = await failure(url)

    assert (error.code, error.retryable) == ("tls.needed", False)
    assert "https://" in explained(error)[1]


async def test_a_tls_alert_is_understood():
    async def alert(_, writer):
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(alert, "127.0.0.1", 0)
    error = await failure(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    server.close()

    assert error.code == "tls.needed"


async def test_a_certificate_that_is_not_trusted_is_told(certificate):
    async with serving("{}", "application/json", tls=certificate) as url:
        error = await failure(url)

    assert (error.code, error.retryable) == ("tls.certificate", False)
    assert "SSL_CERT_FILE" in explained(error)[1]
