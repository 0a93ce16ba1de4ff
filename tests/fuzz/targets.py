# SPDX-License-Identifier: GPL-2.0-only
"""What is fuzzed: each target takes bytes from a stranger through a command, as a user would.

A target raises ``Fault`` unless the command ends with status 0, 1 or 2 and without an internal
error.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from hashlib import sha256
from pathlib import Path

from xenhostgen import cli
from xenhostgen.api import load, render

TESTS = Path(__file__).parents[1]
SPECS = TESTS.parent / "specs"


SEED = TESTS / "fuzz/seeds/series/three.mbox"
_APPLY = ["apply", "gate.yaml", "--tree", "tree"]
_IMPORT = ["import", "any.mbox", "--tree", "tree", "-o", "history"]
_KILLED: list[tuple[list[str], list[str]]] = [
    ([], _APPLY),
    (_APPLY, [*_APPLY, "--revert"]),
    ([], ["generate", "gate.yaml", "-o", "out"]),
    ([], _IMPORT),
    (_IMPORT, ["patch", "history", "--tree", "tree", "-o", "mails"]),
]
"""What is run first, and what is killed."""

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
    """A mail or diff is imported, and compared with what that gives, or with another spec."""
    with tempfile.TemporaryDirectory() as name:
        patch, spec = Path(name, "any.patch"), Path(name, "imported.yaml")
        patch.write_bytes(data)
        run("import", patch, "-o", spec)
        run("diff", spec if spec.exists() else SPECS / "rfc-v1.yaml", patch)


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


def fuzz_carry(data: bytes) -> None:
    """A carry patch is applied to a tree with its spec, and taken out again: no byte is lost."""
    with tempfile.TemporaryDirectory() as name:
        spec, tree = _toy(Path(name))
        spec.with_name("gate.carry.patch").write_bytes(data)
        before = _contents(tree)
        if run("apply", spec, "--tree", tree) == 0:
            run("apply", spec, "--tree", tree, "--revert")
        if _contents(tree) != before:
            raise Fault("the tree isn't as it was")


def fuzz_series(data: bytes) -> None:
    """Mails are imported as a history, from which they are written again."""
    with tempfile.TemporaryDirectory() as name:
        _, tree = _toy(Path(name))
        mails, history = Path(name, "any.mbox"), Path(name, "history")
        mails.write_bytes(data)
        if run("import", mails, "--tree", tree, "-o", history) == 0:
            run("patch", history, "--tree", tree, "-o", Path(name, "mails"))


def fuzz_history(data: bytes) -> None:
    """A history is written as mails: a patch with its message, and what the patch carries."""
    with tempfile.TemporaryDirectory() as name:
        _, tree = _toy(Path(name))
        message, mark, diff = data.partition(b"\ndiff ")
        Path(name, "01.message").write_bytes(message)
        Path(name, "01.carry.patch").write_bytes((mark + diff).lstrip(b"\n"))
        run("patch", name, "--tree", tree, "-o", Path(name, "mails"))


def fuzz_killed(data: bytes) -> None:
    """A command is killed at any moment: the next one leaves what it would have left, and no more.

    The hash of the input chooses command and moment.
    """
    which, *moment = sha256(data).digest()
    with tempfile.TemporaryDirectory() as name:
        whole, killed = Path(name, "whole/toy"), Path(name, "killed/toy")  # files name the folder
        for folder in (whole, killed):
            _toy(folder)
            shutil.copy(SEED, folder / "any.mbox")
            (folder / "tmp").mkdir()
        first, words = _KILLED[which % len(_KILLED)]
        for folder in (whole, killed):
            if first:
                _run_in(folder, first)
        begin = time.monotonic()
        _run_in(whole, words)
        seconds = (time.monotonic() - begin) * int.from_bytes(moment[:4]) / (1 << 32)
        with suppress(subprocess.TimeoutExpired):
            _run_in(killed, words, seconds)
        _run_in(killed, words)
        left, due = _contents(killed), _contents(whole)
        if others := [str(path) for path in {*left, *due} if left.get(path) != due.get(path)]:
            raise Fault(f"{' '.join(words)}: killed after {seconds} s, {', '.join(others)} differ")


def _run_in(folder: Path, words: list[str], seconds: float | None = None) -> None:
    """Run a command in a folder, which keeps its temporary files too, for some time."""
    command = [sys.executable, "-m", "xenhostgen", *words]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    done = subprocess.run(
        command, cwd=folder, env=environment, timeout=seconds, capture_output=True, check=False
    )
    STATUSES.append(done.returncode)
    if done.returncode not in (0, 1, 2) or b"Traceback" in done.stderr:
        raise Fault(f"{' '.join(words)}: status {done.returncode}\n{done.stderr.decode()}")


def _toy(folder: Path) -> tuple[Path, Path]:
    """A spec, and a small tree that it fits, both below a folder."""
    tree = Path(shutil.copytree(TESTS / "kernel/tree", folder / "tree"))
    return Path(shutil.copy(TESTS / "kernel/gate.yaml", folder)), tree


def _contents(tree: Path) -> dict[Path, bytes]:
    files = [path for path in tree.rglob("*") if path.is_file()]
    return {path.relative_to(tree): path.read_bytes() for path in files}


def _files(*patterns: str) -> list[Path]:
    return sorted(file for pattern in patterns for file in TESTS.parent.glob(pattern))


TARGETS: dict[str, tuple[Callable[[bytes], None], list[Path]]] = {
    "spec": (fuzz_spec, _files("specs/*.yaml", "tests/spec/cases/succ*.yaml")),
    "patch": (fuzz_patch, _files("tests/patch/lift/succ*", "tests/fuzz/seeds/series/*")),
    "header": (fuzz_header, _files("out/*/include/xen/xenhost.h", "tests/patch/lift/**/*.h")),
    "tree": (fuzz_tree, _files("out/*/include/xen/xenhost.h", "tests/csource/sources/*")),
    "carry": (fuzz_carry, _files("tests/kernel/*.carry.patch", "tests/fuzz/seeds/carry/*")),
    "series": (fuzz_series, _files("tests/fuzz/seeds/series/*")),
    "history": (fuzz_history, _files("tests/fuzz/seeds/history/*")),
    "killed": (fuzz_killed, _files("tests/fuzz/seeds/history/*")),
}
"""Each target, and the files that inputs are made from."""
