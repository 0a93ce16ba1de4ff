# SPDX-License-Identifier: GPL-2.0-only
"""The schema in a real language server, as editors use it: words to choose from, and texts."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import need

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "specs" / "xenhost.yaml").as_uri()
PACKAGE = "yaml-language-server@1.25.0"


class Server:
    """A language server that is spoken to over pipes, as its protocol says."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.number = 0
        root = ROOT.as_uri()
        self.ask("initialize", processId=os.getpid(), rootUri=root, capabilities={})
        self.tell("initialized")

    def tell(self, method: str, number: int | None = None, **params: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        message |= {} if number is None else {"id": number}
        content = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> Any:
        """The answer to a request; what the server asks meanwhile gets none."""
        self.number += 1
        self.tell(method, self.number, **params)
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                return message["result"]
            if message.get("method") == "workspace/configuration":
                self.answer(message["id"], [{} for _ in message["params"]["items"]])

    def answer(self, number: int, result: Any) -> None:
        content = json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def read(self) -> Any:
        stream = self.process.stdout
        assert stream
        length = 0
        while (line := stream.readline().strip()) or not length:
            assert line or not self.process.poll(), "the server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(stream.read(length))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    need("npm", "npm")
    folder = ROOT / ".cache" / "npm"
    program = folder / "node_modules" / ".bin" / "yaml-language-server"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, PACKAGE]
        subprocess.run(command, check=False, capture_output=True)
        need(str(program), f"none; {PACKAGE} from npm")
    server = Server(program)
    yield server
    server.process.kill()
    server.process.wait()


def opened(server: Server, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """A spec with a ``|`` where the cursor is; the document and the cursor's position."""
    before, _, after = text.partition("|")
    document = {"uri": SPEC, "languageId": "yaml", "version": server.number}
    server.tell("textDocument/didOpen", textDocument={**document, "text": before + after})
    lines = before.split("\n")
    return {"uri": SPEC}, {"line": len(lines) - 1, "character": len(lines[-1])}


HEAD = "# yaml-language-server: $schema=schema.json\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("regi|stry:\n  storage: bss\n", "slots and the functions that change them"),
        ("registry:\n  stor|age: bss\n", "the kernel clears .bss during boot"),
        ("registry:\n  storage: ro_after|_init\n", "read-only once the kernel has booted"),
        ("ops:\n  read:\n    ret|urns: int\n", "the C type it returns"),
    ],
)
def test_hover_tells_what_a_key_or_a_word_means(server: Server, text: str, words: str) -> None:
    document, position = opened(server, HEAD + text)
    hover = server.ask("textDocument/hover", textDocument=document, position=position)
    assert words in " ".join(json.dumps(hover["contents"]).replace("\\\\", "").split())


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("registry:\n  storage: |\n", {"bss", "read_mostly", "ro_after_init"}),
        ("registry:\n  sl|\n", {"slots"}),
        ("ops:\n  read:\n    wrapper: |\n", {"plain", "guarded", "optional", "none"}),
        ("interface: xen\n|", {"registry", "guests", "kinds", "ops"}),
    ],
)
def test_words_to_choose_from(server: Server, text: str, labels: set[str]) -> None:
    document, position = opened(server, HEAD + text)
    answer = server.ask("textDocument/completion", textDocument=document, position=position)
    assert labels <= {item["label"] for item in answer["items"]}
