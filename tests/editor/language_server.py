"""A small client of the YAML language server, which editors use: JSON-RPC over pipes."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

SERVER = Path(__file__).parent / "node_modules" / "yaml-language-server"
"""Where ``npm ci`` puts it."""

SETTINGS: dict[str, Any] = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},  # nothing is fetched
    }
}


class LanguageServer:
    """A running server; ends with the block that it is opened by.

    Parameters
    ----------
    root
        Folder that the editor has open.
    """

    def __init__(self, root: Path) -> None:
        self._ids = itertools.count(1)
        self._told: dict[str, list[dict[str, Any]]] = {}
        self._process = subprocess.Popen(
            ["node", str(SERVER / "bin" / "yaml-language-server"), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._ask(
            "initialize",
            processId=None,
            rootUri=root.as_uri(),
            capabilities={"workspace": {"configuration": True}},
        )
        self._notify("initialized")
        self._notify("workspace/didChangeConfiguration", settings=SETTINGS)

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Show the server a file's text; returns what it underlines."""
        self._told.pop(path.as_uri(), None)
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", textDocument=document)
        while path.as_uri() not in self._told:
            self._listen()
        return self._told[path.as_uri()]

    def completions(self, path: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """Return what the server offers at a place, counted from 0, by label."""
        answer = self._ask("textDocument/completion", **_place(path, line, column))
        return {item["label"]: item for item in answer["items"]}

    def hover(self, path: Path, line: int, column: int) -> str:
        """Return what the server shows over a place, counted from 0."""
        answer = self._ask("textDocument/hover", **_place(path, line, column))
        return "" if answer is None else str(answer["contents"]["value"])

    def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": parameters})
        while True:
            message = self._listen()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _notify(self, method: str, **parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self) -> dict[str, Any]:
        """Read one message; keep diagnostics, and answer what the server asks."""
        assert self._process.stdout is not None
        length = 0
        while (header := self._process.stdout.readline().strip()) != b"":
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            params = message["params"]
            self._told[params["uri"]] = params["diagnostics"]
        elif method == "workspace/configuration":
            asked = message["params"]["items"]
            self._send({"id": message["id"], "result": [SETTINGS.get(i["section"]) for i in asked]})
        elif "id" in message and method is not None:
            self._send({"id": message["id"], "result": None})
        return message


def _place(path: Path, line: int, column: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": column},
    }
