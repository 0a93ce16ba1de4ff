# SPDX-License-Identifier: GPL-2.0-only
"""The text of a diff → what it does to each file: git decides, and unidiff reads what git takes.

Every line keeps its place in the file that the diff came from. Names that lead out of the tree are
refused. Nothing here touches a file.
"""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from xenhostgen.extensions.kernel_tree.git import (
    EMPTY_BLOB,
    NO_SETTINGS,
    GitFailure,
    blob_id,
    git,
    same_id,
)
from xenhostgen.extensions.patches.hunks import Hunk, HunkLine, Kind, PatchFile
from xenhostgen.extensions.patches.messages import Message, bare
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.paths import fault

if TYPE_CHECKING:
    from unidiff.patch import Hunk as DiffHunk
    from unidiff.patch import PatchedFile

_INDEX = re.compile(r"^index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})\b", re.MULTILINE)
_MOVED = re.compile(r"^(rename|copy) from ", re.MULTILINE)
_EPOCH = re.compile(r"(?:1970-01-01|1969-12-31) ")
# Both sides of a file have the same name: no folder stands in front.
_SAME_NAMES = re.compile(
    rb"^(?:diff --git (\S+) \1$|--- ([^\t\n]+)(?:\t.*)?\n\+\+\+ \2[\t\n])", re.MULTILINE
)
_ANNOUNCED = re.compile(rb"^ *(\d{1,9}) files? changed, ", re.MULTILINE)
_SIGNATURE = re.compile(rb"^-- ?$", re.MULTILINE)
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
# Of a head that lost its first line, which git passes over.
_HEADLESS = re.compile(r"^(?:new|deleted) file mode .*", re.MULTILINE)
_KINDS: dict[str, Kind] = {"+": "added", "-": "removed", " ": "context"}
_NONE = "/dev/null"
_LOST = "lines were lost, or edited by hand or by a mail program: get the original mail"
# A line of a mail's text, which goes on as far as '---': git takes it for the patch's first.
_EARLY = re.compile(rb"diff --git (?s:(?:(?!\n@@ ).)*?)\n---\n(?: \S|\n|diff --git )")


def files_of(message: Message) -> list[PatchFile]:
    """What a mail's patch does to each file. Raises ``Refused``."""
    files = list(_files(message))
    announced = _ANNOUNCED.search(message.patch)
    if announced and len(files) < int(announced[1]) and not _SIGNATURE.search(message.patch):
        text = f"the diffstat announces {int(announced[1])} files, but the diff has {len(files)}"
        raise message.problem("truncated", text, _LOST, message.patch.count(b"\n"))
    if message.collapsed or (message.collapsed is None and _bytes_lost(files)):
        files = [file._replace(collapsed=True) for file in files]
    return files


def read_diff(patch: bytes, path: str) -> list[PatchFile]:
    """Read a patch that is no mail; ``path`` names it in messages. Raises ``Refused``."""
    return files_of(bare(patch, path)) if patch else []


def prefix_option(patch: bytes) -> str:
    """How many folders git has to take off the names of a patch's files, as its option says it."""
    return "-p0" if _SAME_NAMES.search(patch) else "-p1"


def _bytes_lost(files: Sequence[PatchFile]) -> bool:
    """Whether files that were empty or new aren't what their blob ids say afterwards, or, where no
    id tells, whether lines are indented by one blank, which is never the kernel's style."""
    empty = [file for file in files if file.change == "new" or same_id(file.pre, EMPTY_BLOB)]
    known = [file for file in empty if file.post and file.change != "deleted" and not file.binary]
    if known:
        return any(not same_id(file.post, blob_id(file.content)) for file in known)
    hunks = (hunk for file in files for hunk in file.hunks)
    texts = [line.text for hunk in hunks for line in hunk.lines]
    return any(text[:1] == " " for text in texts) and not any("  " in text for text in texts)


def _files(message: Message) -> Iterator[PatchFile]:
    """The files of a patch in its order."""
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    names = iter(_names(message))
    first = 1
    for part in _FILE.split(message.patch.decode(errors="surrogateescape")):
        lines = part.split("\n")
        readable = part if part.startswith("diff --git ") else _HEADLESS.sub("", part)
        try:
            for file in PatchSet(StringIO(readable)):
                hunks = [_hunk(message, first, hunk, lines) for hunk in file]
                yield _file(message, first, file, next(names, ""), hunks)
        except UnidiffParseError as error:
            text = f"unidiff can't read it: {str(error).strip()}"
            raise message.problem("bad-diff", text, _LOST, first) from None
        first += len(lines) - 1
    if name := next(names, ""):
        raise message.problem("bad-diff", f"unidiff can't read what git says of '{name}'", _LOST)


def _file(
    message: Message, first: int, file: "PatchedFile", name: str, hunks: list[Hunk]
) -> PatchFile:
    info = str(file.patch_info or "")
    index, moved = _INDEX.search(info), _MOVED.search(info)
    change = "modified"
    if moved:
        change = {"rename": "renamed", "copy": "copied"}[moved[1]]
    elif file.source_file == _NONE or _EPOCH.match(file.source_timestamp or ""):
        change = "new"
    elif file.target_file == _NONE or _EPOCH.match(file.target_timestamp or ""):
        change = "deleted"
    pre, post = index.groups() if index else ("", "")
    empty = any(same_id(blob, EMPTY_BLOB) for blob in (pre, post))
    if not name or (pre != post and not (hunks or file.is_binary_file or empty)):
        text = f"it doesn't show what is changed in '{name or file.path}'"
        raise message.problem("truncated", text, _LOST, first)
    number = message.row(first + (file.diff_line_no or 1) - 1)
    return PatchFile(name, change, tuple(hunks), pre, post, file.is_binary_file, False, number)


def _hunk(message: Message, first: int, hunk: "DiffHunk", lines: list[str]) -> Hunk:
    """A hunk whose last line is its last by the counts, too."""
    read: list[HunkLine] = []
    end = 0
    for line in hunk:
        if line.line_type in _KINDS:
            end = line.diff_line_no or 0
            text = line.value.removesuffix("\n")
            read.append(HunkLine(_KINDS[line.line_type], text, message.row(first + end - 1)))
        elif line.line_type == "\\":
            read[-1] = read[-1]._replace(newline=False)
    if _goes_on(lines[end : end + 2]):
        text = "the hunk has more lines than its '@@' says"
        raise message.problem("bad-diff", text, _LOST, first + end)
    old, new = (hunk.source_start, hunk.source_length), (hunk.target_start, hunk.target_length)
    return Hunk(*old, *new, hunk.section_header.rstrip("\r"), tuple(read))


def _goes_on(following: Sequence[str]) -> bool:
    """Whether lines below a hunk look as if they were its."""
    line = following[0] if following else ""
    names = line.startswith("--- ") and following[1:] and following[1].startswith("+++ ")
    return line.startswith((" ", "+", "-")) and not names and line.rstrip() not in ("", "--")


def _names(message: Message) -> list[str]:
    """How git calls the files of a patch that it takes."""
    with scratch_folder() as folder:
        (folder / "patch").write_bytes(message.patch)
        try:
            option = prefix_option(message.patch)
            listed = git(folder, "apply", "--numstat", "-z", option, "patch", variables=NO_SETTINGS)
        except GitFailure as failure:
            words = failure.output.split("\n")[0].removeprefix("error: ")
            line = re.search(r"\bline (\d+)|\bpatch:(\d+)", words)
            number = int(line[1] or line[2]) if line else 0
            words = re.sub(r" (?:at|on) line \d+| \([^)]*\)$", "", words)
            hint = "for git the patch begins at the text's line 'diff --git': indent that line"
            hint = hint if _EARLY.match(message.patch) else _LOST
            raise message.problem("bad-diff", f"git can't read it: {words}", hint, number) from None
    names = [entry.split("\t", 2)[2] for entry in listed.split("\0") if entry]
    for name in names:
        if reason := fault(name):
            text, hint = f"file name '{name}' {reason}", "names start at the tree's root"
            raw = re.escape(name.encode(errors="surrogateescape"))
            place = re.search(
                rb"^(?:diff |--- |[+]{3} |rename |copy ).*" + raw, message.patch, re.M
            )
            row = message.patch.count(b"\n", 0, place.start()) + 1 if place else 0
            raise message.problem("name-unsafe", text, hint, row)
    return names
