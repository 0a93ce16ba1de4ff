# SPDX-License-Identifier: GPL-2.0-only
"""What git writes is read when it is collapsed: the same words; any damage is read or refused."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import examples
from xenhostgen.api import Refused
from xenhostgen.extensions.kernel_tree.patching import Contents, difference, patched
from xenhostgen.extensions.patches.diff import files_of, prefix_option
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.messages import read_messages

_IDENTITY = ("-c", "user.name=Wanda", "-c", "user.email=wanda@example.org")


def git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "core.autocrlf=false", *_IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def write(folder: Path, tree: dict[str, str]) -> None:
    git(folder, "rm", "-r", "-q", "--cached", "--ignore-unmatch", ".")
    for name, content in tree.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content.encode())
        git(folder, "add", "--", name)
    git(folder, "commit", "-q", "--allow-empty", "-m", "widget: change\n\nFrom here on.")


def series(old: dict[str, str], new: dict[str, str]) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        write(folder, old)
        write(folder, new)
        return git(folder, "format-patch", "--no-renames", "--stdout", "-1")


def read(data: bytes) -> list[PatchFile]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "x.patch")
        path.write_bytes(data)
        return [file for message in read_messages([path]) for file in files_of(message)]


def collapse(data: bytes) -> bytes:
    """What a web archive makes of a mail's text."""
    head, diff = data.decode().split("\n\n", 1)
    lines = (re.sub(r"[ \t]+", " ", line).removeprefix(" ") for line in diff.split("\n"))
    return "\n".join([head, "", *lines]).rstrip("\n").encode()


_CODE = st.lists(
    st.sampled_from(["", "\tx = 1;", "\t\ty();", "}", "{", "-1,", "\t-EINVAL,", "+ 2;", "z\t= a;"]),
    min_size=1,
    max_size=15,
).map(lambda lines: "\n".join(lines) + "\n")


@settings(max_examples=examples(15, 40), deadline=None)
@given(_CODE, _CODE)
def test_collapsed_has_the_same_words(old: str, new: str) -> None:
    if old == new:
        return
    data = series({"a.c": old}, {"a.c": new})
    (exact,) = read(data)
    try:
        (collapsed,) = read(collapse(data))
    except Refused as refused:
        # The counts leave a choice: refusing is right, guessing would not be.
        assert [problem.rule for problem in refused.problems] == ["bad-diff"]
        return
    for ours, theirs in zip(exact.hunks, collapsed.hunks, strict=True):
        assert [x.kind for x in ours.lines] == [x.kind for x in theirs.lines]
        assert [x.text.split() for x in ours.lines] == [x.text.split() for x in theirs.lines]


@settings(max_examples=examples(30, 100), deadline=None)
@given(st.data())
def test_damaged_patches_are_read_or_refused(data: st.DataObject) -> None:
    """Any damage ends in a patch or a refusal, never in another exception."""
    cases = sorted((Path(__file__).parent / "cases").glob("*.patch"))
    raw = bytearray(data.draw(st.sampled_from(cases)).read_bytes()[:2000])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 20))] = data.draw(
            st.sampled_from([b"", b"\n", b"\n\n", b"\xff", b" ", b"-", b"+", b"@@ ", b'"', b"\r\n"])
        )
    try:
        read(bytes(raw))
    except Refused as refused:
        assert all("/x.patch:" in problem.shown() for problem in refused.problems)


@pytest.mark.parametrize("path", ["x a/y", "x b/y", " a/y", "é", 'é "a/b', "a/b/ a/b/c"])
@pytest.mark.parametrize("content", [b"", b"\0", b"text\n"])
def test_names_of_files_on_one_side_alone_come_back(path: str, content: bytes) -> None:
    without: Contents = {path: None}
    for before, after in ((without, {path: content}), ({path: content}, without)):
        change = difference(before, after)
        assert patched(change, before.get) == after
        assert prefix_option(change) == "-p1"
