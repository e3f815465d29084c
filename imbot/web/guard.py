"""The guard of every web server of imbot: decides which requests are answered.

A web page in a browser can reach the servers of this machine: by a host name of its own that it lets point here
(DNS rebinding), which shows in ``Host``, or by a request to another site, which shows in ``Origin`` and
``Sec-Fetch-Site``. Other machines can reach a server that listens beyond loopback: they need its token.
"""

import hashlib
import hmac
from collections.abc import Collection

from aiohttp import web

from imbot.web.answers import Handler, refusal
from imbot.web.hosts import is_address, is_loopback, is_origin, named_host


class Guard:
    """Lets pass what this server's own page, or a program that may, asks.

    ``host`` is the address that the server listens on, ``token`` what requests must carry; without one the
    server must listen on loopback. ``pages``: the server has a page of its own, which may ask. ``tokenless``
    are the resources (by ``canonical``) that need no token, as they ask for credentials of their own or tell nothing.
    """

    def __init__(
        self, host: str, token: str = "", *, pages: bool = True, tokenless: Collection[str] = ()
    ) -> None:
        if not token and not is_loopback(host):
            raise ValueError(f"other machines can reach {host}: a token is needed")
        self._host = host.lower()
        self._token = token
        self._pages = pages
        self._tokenless = frozenset(tokenless)
        # Browsers send a cookie to every port of a host, so each server has a name of its own for it.
        self._cookie = f"imbot_{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass a request on, or refuse it with the reason."""
        if not self._names_us(request):
            why = "use the server's own address; requests by other host names are refused"
            return refusal(request, 403, why)
        if self._of_another_page(request):
            return refusal(request, 403, "requests from web pages are refused")
        if self._brings_token(request):
            return self._taken()
        if not (self._is_open(request) or self.knows(request)):
            return self._without_token(request)
        return await handler(request)

    def knows(self, request: web.Request) -> bool:
        """Whether a request has the token, or none is needed."""
        if not self._token:
            return True
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(token.strip()):
            return True
        return self._pages and self._is_token(request.cookies.get(self._cookie, ""))

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(errors="replace"), self._token.encode())

    def _is_open(self, request: web.Request) -> bool:
        resource = request.match_info.route.resource
        return resource is not None and resource.canonical in self._tokenless

    def _names_us(self, request: web.Request) -> bool:
        """Whether ``Host`` can be this server's, and not a name that somebody let point here.

        Beyond loopback it may have any name, but who shows no token and comes by a browser has to use one that is
        surely ours.
        """
        named = request.headers.getall("Host", [])
        if not named:  # not a browser
            return True
        name = named_host(named[0])
        if len(named) > 1 or not name:
            return False
        if is_loopback(name) or name == self._host:
            return True
        if is_loopback(self._host):
            return False
        browser = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
        return not browser or is_address(name) or not self._is_open(request)

    def _of_another_page(self, request: web.Request) -> bool:
        origin = request.headers.get("Origin")
        if origin is not None and not (self._pages and is_origin(origin, request.headers.get("Host", ""))):
            return True
        if request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            return False
        return not (self._pages and _is_link(request))

    def _brings_token(self, request: web.Request) -> bool:
        """Whether a person opens the address with the token in it."""
        asks = self._pages and self._token and request.method == "GET" and request.path == "/"
        return bool(asks) and self._is_token(request.query.get("token", ""))

    def _taken(self) -> web.StreamResponse:
        """The token as a cookie, so that it leaves the address line and the history."""
        answer = web.Response(status=303, headers={"Location": "./", "Cache-Control": "no-store"})
        # Lax: a link to the page, in a chat for instance, must bring the cookie; it does nothing but show the page.
        answer.set_cookie(self._cookie, self._token, httponly=True, samesite="Lax", path="/")
        return answer

    def _without_token(self, request: web.Request) -> web.StreamResponse:
        if not self._pages:
            why = "the token is missing or wrong"
            return refusal(request, 401, why, {"WWW-Authenticate": "Bearer"})
        why = "the token is missing: open the address that the command printed, or send `Authorization: Bearer TOKEN`"
        return refusal(request, 403, why)


def _is_link(request: web.Request) -> bool:
    """Whether a person followed a link of another site to the page: that shows it, and does nothing else."""
    sent = request.headers
    opens = (sent.get("Sec-Fetch-Mode"), sent.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return opens and request.method == "GET" and request.path == "/"
