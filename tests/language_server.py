"""A client of a language server over its standard input and output, as an editor is one."""

import asyncio
import json
from contextlib import asynccontextmanager

SETTINGS = {
    "yaml": {
        "schemaStore": {"enable": False},  # or it would look for schemas on the network
        "validate": True,
        "hover": True,
        "completion": True,
    }
}


class LanguageServer:
    """One server process with documents open in it."""

    def __init__(self, process):
        self._process = process
        self._replies = {}
        self._diagnostics = {}
        self._number = 0

    async def request(self, method, params):
        """What the server replies."""
        self._number += 1
        reply = self._replies[self._number] = asyncio.get_running_loop().create_future()
        self._send({"id": self._number, "method": method, "params": params})
        async with asyncio.timeout(20):
            return await reply

    def notify(self, method, params):
        """Tell the server something it does not reply to."""
        self._send({"method": method, "params": params})

    async def diagnostics(self, uri):
        """What the server finds wrong with a document that was just opened."""
        async with asyncio.timeout(20):
            return await self._published(uri)

    async def open(self, uri, text):
        """Show a document to the server; what it finds wrong with it."""
        self._diagnostics.pop(uri, None)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        found = await self.diagnostics(uri)
        return [
            (item["range"]["start"]["line"] + 1, item["range"]["start"]["character"] + 1, item["message"])
            for item in found
        ]

    async def complete(self, uri, line, column):
        """The completions at a place, lines and columns from 1, by label."""
        return {item["label"]: item for item in await self.complete_all(uri, line, column)}

    async def complete_all(self, uri, line, column):
        """The same as a list, in which a label may be twice."""
        found = await self.request("textDocument/completion", _place(uri, line, column))
        return found["items"] if isinstance(found, dict) else found or []

    async def hover(self, uri, line, column):
        """What the server says of a place."""
        found = await self.request("textDocument/hover", _place(uri, line, column))
        return found["contents"]["value"] if found else ""

    def _published(self, uri):
        found = self._diagnostics.setdefault(uri, asyncio.get_running_loop().create_future())
        return asyncio.shield(found)

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def listen(self):
        """Take in whatever the server says, until it ends."""
        reader = self._process.stdout
        while header := await reader.readline():
            length = int(header.split(b":")[1])
            while (await reader.readline()).strip():
                pass
            self._take(json.loads(await reader.readexactly(length)))

    def _take(self, message):
        if "method" not in message:
            self._replies.pop(message["id"]).set_result(message.get("result"))
        elif message["method"] == "textDocument/publishDiagnostics":
            params = message["params"]
            found = self._diagnostics.setdefault(params["uri"], asyncio.get_running_loop().create_future())
            if not found.done():
                found.set_result(params["diagnostics"])
        elif "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message):
        if message["method"] == "workspace/configuration":
            return [SETTINGS.get(item.get("section"), {}) for item in message["params"]["items"]]
        return None


def _place(uri, line, column):
    return {"textDocument": {"uri": uri}, "position": {"line": line - 1, "character": column - 1}}


@asynccontextmanager
async def started(program, folder):
    """A server that knows a folder, ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        program, "--stdio", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24
    )
    server = LanguageServer(process)
    listening = asyncio.create_task(server.listen())
    try:
        await server.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "capabilities": {
                    "textDocument": {
                        "hover": {"contentFormat": ["markdown"]},
                        "completion": {
                            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}
                        },
                    },
                    "workspace": {"configuration": True},
                },
            },
        )
        server.notify("initialized", {})
        server.notify("workspace/didChangeConfiguration", {"settings": SETTINGS})
        yield server
        await server.request("shutdown", None)
        server.notify("exit", None)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
