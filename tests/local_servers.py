"""Every web server of imbot over a real socket, for tests of what they have in common."""

from contextlib import asynccontextmanager
from dataclasses import dataclass

from imbot.ops.address import AdminAddress, AdminSettings, Beacon
from imbot.platforms.dingtalk.simulator import Simulator
from imbot.preview.server import Server
from imbot.runtime import running

ADMIN_ROUTES = (
    ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/status"), ("GET", "/plan"), ("POST", "/reload"),
    ("GET", "/metrics"),
)  # fmt: skip


@dataclass
class LocalServer:
    """Where a server listens, and what it can be asked: pairs of method and path."""

    url: str
    routes: tuple[tuple[str, str], ...]


def _routes(runner):
    """The routes of a web application, with something in the place of each variable."""
    for resource in runner.app.router.resources():
        path = resource.canonical
        for name in ("path", "name", "corp", "unknown"):
            path = path.replace(f"{{{name}}}", "main.js")
        for method in sorted({route.method for route in resource}):
            yield ("POST" if method == "*" else method, path)


@asynccontextmanager
async def _simulator(_):
    async with Simulator() as sim:
        sim.add_app("app-1", "s3cret", "Shop")
        yield LocalServer(sim.url, tuple(_routes(sim._listener._runner)))


@asynccontextmanager
async def _preview(_):
    server = Server()
    url = await server.start(0)
    await server.show("{}")
    try:
        yield LocalServer(url.rstrip("/"), tuple(_routes(server._runner)))
    finally:
        await server.stop()


@asynccontextmanager
async def _admin(folder):
    (folder / "bots").mkdir()
    file = folder / "admin.json"
    settings = AdminSettings(AdminAddress("127.0.0.1", 0), file)
    async with running(folder / "bots", store_url=f"sqlite:///{folder}/imbot.db", admin=settings):
        yield LocalServer(f"http://{Beacon.read(file).address}", ADMIN_ROUTES)


# `imbot dev` has two of them: the simulator and the admin endpoint.
SERVERS = {"simulator": _simulator, "preview": _preview, "admin": _admin}
