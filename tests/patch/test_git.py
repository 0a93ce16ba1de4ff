# SPDX-License-Identifier: GPL-2.0-only
"""What git writes is read back: same files, same bytes; and collapsed, the same words."""

import re
import subprocess
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from xenhostgen.extensions.kernel_tree.git import blob_id, same_id
from xenhostgen.extensions.patches.diff import parse_diff
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.extensions.patches.hunks import PatchFile, post_image
from xenhostgen.extensions.patches.mail import patches_in

# Lines that look like parts of a diff or of a mail are the interesting ones.
_SHAPES = [
    "",
    "\tx = 1;",
    "-1,",
    "+ 2;",
    "--",
    "--- a",
    "+++ b",
    "}",
    " * @@ -1 +1 @@",
    "é\f",
    "x\r",
]
_LINES = st.lists(
    st.sampled_from([*_SHAPES, "int a;", "\tif (a)", "\t\tb();", "a  b"]), max_size=20
)
_CONTENT = st.builds(
    lambda lines, newline: "\n".join(lines) + ("\n" if newline and lines else ""),
    _LINES,
    st.booleans(),
)
_TREES = st.dictionaries(st.sampled_from(["a.c", "lib/b c.h", "lib/ü.c"]), _CONTENT, max_size=3)
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
    (mail,) = patches_in(data, "x.patch")
    return parse_diff(mail.diff, mail.announced_files)


@settings(max_examples=40, deadline=None)
@given(_TREES, _TREES)
@example(old={"a.c": "\n", "lib/b c.h": "-1,", "lib/ü.c": ""}, new={})
def test_post_images_are_the_files(old: dict[str, str], new: dict[str, str]) -> None:
    if old == new:
        return
    data = series(old, new)
    patch = read(data)
    if re.search(rb"\n([+-].*  |[+-][^+\-].*\t| \S)", data.partition(b"\n@@")[2]):
        assert not any(
            file.collapsed for file in patch
        )  # else nothing in the text shows that its blanks are all there
    changed = {name for name in old | new if old.get(name) != new.get(name)}
    assert {file.path for file in patch} <= changed
    for file in patch:
        image = post_image(file, old.get(file.path, ""))
        assert image == new.get(file.path, "")
        if file.change == "new":
            assert same_id(blob_id(image), file.post)


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


@settings(max_examples=40, deadline=None)
@given(_CODE, _CODE)
def test_collapsed_has_the_same_words(old: str, new: str) -> None:
    if old == new:
        return
    data = series({"a.c": old}, {"a.c": new})
    (exact,) = read(data)
    try:
        (collapsed,) = read(collapse(data))
    except PatchError as error:
        # The counts leave a choice: refusing is right, guessing would not be.
        assert error.problem.rule == "hunk-ambiguous"
        return
    for ours, theirs in zip(exact.hunks, collapsed.hunks, strict=True):
        assert [x.kind for x in ours.lines] == [x.kind for x in theirs.lines]
        assert [x.text.split() for x in ours.lines] == [x.text.split() for x in theirs.lines]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_patches_are_read_or_refused(data: st.DataObject) -> None:
    """Any damage ends in a patch or a PatchError, never in another exception."""
    cases = sorted((Path(__file__).parent / "cases").glob("*.patch"))
    raw = bytearray(data.draw(st.sampled_from(cases)).read_bytes()[:2000])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 20))] = data.draw(
            st.sampled_from([b"", b"\n", b"\n\n", b"\xff", b" ", b"-", b"+", b"@@ ", b'"', b"\r\n"])
        )
    try:
        for mail in patches_in(bytes(raw), "x.patch"):
            parse_diff(mail.diff, mail.announced_files)
    except PatchError as error:
        assert error.problem.shown().startswith("x.patch:")
