# SPDX-License-Identifier: GPL-2.0-only
"""What is fuzzed: each target takes bytes from a stranger through a command, as a user would.

A target raises ``Fault`` unless the command ends with status 0, 1 or 2 and without an internal
error.
"""

import io
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from xenhostgen import cli
from xenhostgen.api import load, render

TESTS = Path(__file__).parents[1]
SPECS = TESTS.parent / "specs"


STATUSES: list[int] = []
"""The exit statuses of this process's commands."""


class Fault(Exception):
    """The command failed as no command may."""


class _Terminal(io.StringIO):
    """An output that commands take for a stream of bytes, too."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = io.BytesIO()


def run(*arguments: str | Path) -> int:
    """Run a command; its exit status. Raises ``Fault``."""
    words = [str(argument) for argument in arguments]
    messages = _Terminal()
    with redirect_stdout(_Terminal()), redirect_stderr(messages):
        try:
            status = cli.main(words)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 3
    STATUSES.append(status)
    text = messages.getvalue()
    if status not in (0, 1, 2) or "internal error" in text or "Traceback" in text:
        raise Fault(f"{' '.join(words)}: status {status}\n{text}")
    return status


def fuzz_spec(data: bytes) -> None:
    """A spec is linted, and rendered if it is right."""
    with tempfile.TemporaryDirectory() as name:
        spec = Path(name, "any.yaml")
        spec.write_bytes(data)
        if run("lint", spec) == 0:
            run("generate", spec, "-o", Path(name, "out"))


def fuzz_patch(data: bytes) -> None:
    """A mail or diff is compared with a spec, and imported."""
    with tempfile.TemporaryDirectory() as name:
        patch = Path(name, "any.patch")
        patch.write_bytes(data)
        run("diff", SPECS / "rfc-v1.yaml", patch)
        run("import", patch, "-o", Path(name, "imported.yaml"))


def fuzz_header(data: bytes) -> None:
    """A header is imported."""
    with tempfile.TemporaryDirectory() as name:
        header = Path(name, "foo.h")
        header.write_bytes(data)
        run("import", header, "-o", Path(name, "imported.yaml"))


def fuzz_tree(data: bytes) -> None:
    """A tree whose header is a stranger's is read back."""
    spec = load(SPECS / "rfc-v1.yaml")
    with tempfile.TemporaryDirectory() as name:
        for path, text in render(spec).files.items():
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        Path(name, spec.header.file).write_bytes(data)
        run("verify", SPECS / "rfc-v1.yaml", "--tree", name, "--level", "parse")


def _files(*patterns: str) -> list[Path]:
    return sorted(file for pattern in patterns for file in TESTS.parent.glob(pattern))


TARGETS: dict[str, tuple[Callable[[bytes], None], list[Path]]] = {
    "spec": (fuzz_spec, _files("specs/*.yaml", "tests/spec/cases/*.yaml", "tests/fuzz/spec/*")),
    "patch": (
        fuzz_patch,
        _files("tests/patch/cases/*.patch", "tests/patch/lift/**/*.patch", "tests/fuzz/patch/*"),
    ),
    "header": (
        fuzz_header,
        _files("out/*/include/xen/xenhost.h", "tests/patch/lift/**/*.h", "tests/fuzz/header/*"),
    ),
    "tree": (
        fuzz_tree,
        _files("out/*/include/xen/xenhost.h", "tests/csource/sources/*", "tests/fuzz/tree/*"),
    ),
}
"""Each target, and the files that inputs are made from; ``tests/fuzz/NAME`` has what failed."""
