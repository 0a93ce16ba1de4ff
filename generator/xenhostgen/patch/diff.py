# SPDX-License-Identifier: GPL-2.0-only
"""The text of a diff → what it does to each file, each line with its place in the input.

Reads git's diffs and plain `---`/`+++` ones, and both with their white space collapsed, as web
archives show them. Refuses names that lead out of the tree. Nothing here touches a file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from xenhostgen.patch.blobs import EMPTY_BLOB, blob_id, is_null, same_id
from xenhostgen.patch.body import Counts, at_plain_names, at_signature, ends_hunk, read_body
from xenhostgen.patch.errors import PatchError, SourceText
from xenhostgen.patch.hunks import Change, Hunk, PatchFile, post_image
from xenhostgen.patch.names import NO_FILE, fault, named_twice, strip_prefixes, unquote

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: (.*))?$")
_INDEX = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: [0-7]{6})?$")
_MODE = re.compile(r"(?:(new|deleted) file|old|new) mode ")
_MOVE = re.compile(r"(rename|copy) (from|to) (.*)$")
_EPOCH = re.compile(r"[\t ](1970-01-01|1969-12-31) ")
_COMBINED = ("diff --cc ", "diff --combined ", "@@@ ")


def parse_diff(text: SourceText, announced_files: int = 0) -> list[PatchFile]:
    """Read a diff, up to the mail's signature if it has one.

    `announced_files` is the number of files in the mail's diffstat: fewer mean a truncated mail.
    Raises PatchError.
    """
    intact = _is_intact(text)
    try:
        files = list(_Reader(text, collapsed=False).files())
        if not intact and _bytes_lost(files):
            files = [replace(file, collapsed=True) for file in files]
    except PatchError:
        if intact:
            raise
        files = list(_Reader(text, collapsed=True).files())
    if len(files) < announced_files:
        message = f"the diffstat announces {announced_files} files, but the diff has {len(files)}"
        raise text.error(len(text.lines), "files-missing", message, "the end of the patch was lost")
    return files


def _is_intact(text: SourceText) -> bool:
    """Whether a line shows that white space wasn't collapsed.

    Collapsing turns each run of white space into one blank and drops the blank in front of context
    lines. So a tab, a run of blanks or a line's first blank proves a text intact.
    """
    for index, line in enumerate(text.lines):
        if "\t" in line or "  " in line or line.startswith(" "):
            return True
        if at_signature(text.lines, index):
            break
    return False


def _bytes_lost(files: Sequence[PatchFile]) -> bool:
    """Whether files that were empty or new aren't what their blob ids say afterwards, or, where no
    id tells, whether lines are indented by one blank, which is never the kernel's style."""
    empty = [file for file in files if file.change == "new" or same_id(file.pre, EMPTY_BLOB)]
    known = [file for file in empty if file.post and file.change != "deleted" and not file.binary]
    if known:
        return any(not same_id(file.post, blob_id(post_image(file))) for file in known)
    hunks = (hunk for file in files for hunk in file.hunks)
    return any(line.text.startswith(" ") for hunk in hunks for line in hunk.lines)


@dataclass(slots=True)
class _Header:
    """What the lines above a file's hunks have told so far."""

    names: tuple[str, str]
    change: Change = "modified"
    pre: str = ""
    post: str = ""
    moves: dict[str, str] = field(default_factory=dict)
    mode: bool = False
    exact: bool = True
    binary: bool = False


class _Reader:
    """Reads one file after another from the text; `_at` is the index of the next line."""

    def __init__(self, text: SourceText, collapsed: bool) -> None:
        self._text = text
        self._collapsed = collapsed
        self._at = 0
        self._seen: dict[str, int] = {}

    def files(self) -> Iterator[PatchFile]:
        lines = self._text.lines
        while self._at < len(lines):
            line = lines[self._at]
            if line.startswith("diff --git ") or at_plain_names(lines, self._at):
                yield self._file()
            elif line.startswith(_COMBINED):
                raise self._error("combined-diff", "this is the combined diff of a merge", "diff one parent only")
            elif line.startswith("@@ -"):
                raise self._error("hunk-without-file", "a hunk before any file name")
            elif line.startswith("+++ "):
                raise self._error("file-header", "'+++' without a '---' line above it")
            else:
                self._at += 1

    def _error(self, rule: str, message: str, hint: str = "", column: int = 1) -> PatchError:
        return self._text.error(self._at, rule, message, hint, column)

    def _file(self) -> PatchFile:
        lines, first = self._text.lines, self._at
        head = _Header((named_twice(lines[first].rstrip("\r")),) * 2)
        hunks: list[Hunk] = []
        if lines[first].startswith("diff --git "):
            self._at += 1
            while self._at < len(lines) and self._extended(head, lines[self._at].rstrip("\r")):
                self._at += 1
        if self._at < len(lines) and at_plain_names(lines, self._at):
            old, new = (line.rstrip("\r") for line in lines[self._at : self._at + 2])
            head.names = unquote(old[4:]), unquote(new[4:])
            if self._at == first and (_EPOCH.search(old) or _EPOCH.search(new)):
                head.change = "new" if _EPOCH.search(old) else "deleted"
            self._at += 2
        while self._at < len(lines) and lines[self._at].startswith("@@"):
            hunks.append(self._hunk(hunks))
        self._at, end = first, self._at  # errors below are about the file's first line
        path = self._path(head, end)
        self._check(head, hunks, path)
        self._at = end
        number = self._seen[path] = self._text.numbers[first]
        return PatchFile(path, head.change, tuple(hunks), head.pre, head.post, head.binary, self._collapsed, number)

    def _extended(self, head: _Header, line: str) -> bool:
        """Take in one of git's extended header lines; False when this is none."""
        if line.startswith("index "):
            found = _INDEX.match(line)
            if found is None:
                raise self._error("index-malformed", "malformed index line", "index OLD..NEW [MODE]", 7)
            head.pre, head.post = found[1], found[2]
        elif mode := _MODE.match(line):
            head.mode = True
            head.change = "new" if mode[1] == "new" else "deleted" if mode[1] else head.change
        elif move := _MOVE.match(line):
            head.moves[move[2]] = unquote(move[3])
            head.change = "renamed" if move[1] == "rename" else "copied"
        elif line.startswith(("similarity index ", "dissimilarity index ")):
            head.exact = line.startswith("similarity index 100%")
        elif line.startswith("Binary files "):
            head.binary = True
        elif line.startswith("GIT binary patch"):
            raise self._error("binary-hunk", "a binary change can't be read", "only text is read")
        else:
            return False
        return True

    def _hunk(self, before: Sequence[Hunk]) -> Hunk:
        found = _HUNK.match(self._text.lines[self._at].rstrip("\r"))
        if found is None:
            raise self._error("hunk-header", "malformed hunk header", "@@ -START,COUNT +START,COUNT @@")
        old_start, new_start = int(found[1]), int(found[3])
        counts = Counts(int(found[2] or 1), int(found[4] or 1))
        last = before[-1] if before else None
        if last and (old_start < last.old_start + last.old_count or new_start < last.new_start + last.new_count):
            raise self._error("hunk-order", "the hunk overlaps the one before, or precedes it")
        number = self._text.numbers[self._at]
        body, self._at = read_body(self._text, self._at + 1, counts, self._collapsed)
        if self._runs_on():
            message = f"the hunk of line {number} announces {counts}, but goes on here"
            hint = "the counts were edited, or lines were added to the hunk by hand"
            raise self._error("hunk-too-long", message, hint)
        return Hunk(old_start, counts.old, new_start, counts.new, found[5] or "", body, number)

    def _runs_on(self) -> bool:
        """Whether the line after a hunk still looks like one of its lines."""
        lines = self._text.lines
        if ends_hunk(lines, self._at) or lines[self._at].rstrip() == "--":
            return False
        return lines[self._at].startswith(("+", "-") if self._collapsed else ("+", "-", " "))

    def _path(self, head: _Header, end: int) -> str:
        """The file's name; refuses unsafe and contradicting ones."""
        old, new = strip_prefixes(*head.names)
        if head.moves.keys() == {"from", "to"}:
            old, new = head.moves["from"], head.moves["to"]
        elif old == new == "":
            raise self._error("file-header", "the two names of this line can't be told apart")
        elif NO_FILE in (old, new):
            if old == new:
                raise self._error("file-header", "both names are /dev/null")
            head.change = "new" if old == NO_FILE else "deleted"
        for name in (old, new):
            if name != NO_FILE and (reason := fault(name)):
                self._at = next((i for i in range(self._at, end) if name in self._text.lines[i]), self._at)
                column = max(self._text.lines[self._at].find(name), 0) + 1
                message = f"file name '{name}' {reason}"
                raise self._error("name-unsafe", message, "names start at the tree's root", column)
        if old != new and not head.moves and NO_FILE not in (old, new):
            raise self._error("name-mismatch", f"two names for one file: '{old}' and '{new}'")
        return old if new == NO_FILE else new

    def _check(self, head: _Header, hunks: Sequence[Hunk], path: str) -> None:
        """Refuse a header and hunks that contradict each other."""
        change = head.change
        if head.binary and hunks:
            raise self._error("binary-hunk", "a binary file with hunks of text")
        for kind, side, lines, blob in (
            ("new", "old", sum(hunk.old_count for hunk in hunks), head.pre),
            ("deleted", "new", sum(hunk.new_count for hunk in hunks), head.post),
        ):
            if change == kind and lines:
                raise self._error(f"{kind}-file-content", f"a {kind} file whose hunks have {side} lines")
            if blob and (change == kind) != is_null(blob):
                raise self._error("index-contradicts", f"the index line's {blob} doesn't fit a {change} file")
        # A pure rename, a new mode and an empty file need no hunk; a binary file has none.
        moved = change in ("renamed", "copied")
        empty = change in ("new", "deleted") and same_id(head.post if change == "new" else head.pre, EMPTY_BLOB)
        if not (hunks or head.binary or (moved and head.exact) or (head.mode and (head.pre == head.post or empty))):
            raise self._error("file-no-content", f"nothing is changed in '{path}'", "were lines lost here?")
        if path in self._seen:
            raise self._error("file-twice", f"'{path}' was changed already in line {self._seen[path]}")
