# SPDX-License-Identifier: GPL-2.0-only
"""The text of a diff → a `Patch`, each line with its place in the input.

Reads git's diffs and plain `---`/`+++` ones, and both with their white space collapsed, as web
archives show them. Refuses names that lead out of the tree. Nothing here touches a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from xenhostgen.patch.blobs import EMPTY_BLOB, blob_id, is_null, same_id
from xenhostgen.patch.body import Counts, ends_hunk, read_body
from xenhostgen.patch.errors import PatchError, SourceText
from xenhostgen.patch.hunks import Change, Hunk, Patch, PatchFile, post_image
from xenhostgen.patch.names import NO_FILE, fault, pair, strip_prefixes, unquote

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: (.*))?$")
_INDEX = re.compile(r"index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?$")
_MODE = re.compile(r"(new file|deleted file|old|new) mode (.*)$")
_MOVE = re.compile(r"(rename|copy) (from|to) (.*)$")
_EPOCH = re.compile(r"[\t ](1970-01-01|1969-12-31) ")
_COMBINED = ("diff --cc ", "diff --combined ", "@@@ ")
_HEADERS = ("diff ", "index ", "@@ ", "--- ", "+++ ", "new file mode ", "similarity index ")


def parse_diff(text: SourceText, announced_files: int = 0) -> Patch:
    """Read a diff, up to the mail's signature if it has one.

    `announced_files` is the number of files in the mail's diffstat: fewer mean a truncated mail.
    Raises PatchError.
    """
    collapsed = _markers_lost(text)
    try:
        files = tuple(_Reader(text, bool(collapsed)).files())
    except PatchError:
        if collapsed is not None:
            raise
        # All context may look marked, as `-1,` does, once its blanks are gone.
        collapsed = True
        files = tuple(_Reader(text, collapsed).files())
    if not files:
        raise text.error(0, "no-diff", "there is no diff in this text")
    if len(files) < announced_files:
        raise text.error(
            len(text.lines),
            "files-missing",
            f"the diffstat announces {announced_files} files, but the diff has {len(files)}",
            "the end of the patch was lost",
        )
    if collapsed is None and _bytes_lost(files):
        files = tuple(replace(file, collapsed=True) for file in files)
    return Patch(files, any(file.collapsed for file in files))


def _markers_lost(text: SourceText) -> bool | None:
    """Whether white space was collapsed; None when the look of the lines doesn't tell.

    Collapsing turns each run of white space into one blank and drops the blank in front of context
    lines. So a tab, a run of blanks or a context line's blank proves a text intact; in a text with
    none of these, a hunk's line without a marker proves it collapsed.
    """
    unmarked = False
    inside = False
    for index, line in enumerate(text.lines):
        if line.startswith(_HEADERS):
            inside = line.startswith("@@ ")
        elif inside and line.rstrip() == "--" and ends_hunk(text.lines, index):
            break
        elif inside:
            if "\t" in line or "  " in line or line.startswith(" "):
                return False
            unmarked = unmarked or line[:1] not in ("", "+", "-", "\\")
    return unmarked or None


def _bytes_lost(files: tuple[PatchFile, ...]) -> bool:
    """Whether files that were empty or new aren't what their blob ids say afterwards, or, where no
    id tells, whether lines are indented by one blank, which is never the kernel's style."""
    known = [
        file
        for file in files
        if (file.change == "new" or same_id(file.pre or "", EMPTY_BLOB)) and file.post and file.new and not file.binary
    ]
    if known:
        return any(not same_id(file.post or "", blob_id(post_image(file))) for file in known)
    hunks = (hunk for file in files for hunk in file.hunks)
    return any(line.text.startswith(" ") for hunk in hunks for line in hunk.lines)


@dataclass(slots=True)
class _Header:
    """What the lines above a file's hunks have told so far."""

    index: int
    git: bool
    names: tuple[str, str] | None = None
    mode: str | None = None
    mode_changed: bool = False
    pre: str | None = None
    post: str | None = None
    change: Change = "modified"
    moves: dict[str, str] = field(default_factory=dict)
    exact: bool = True
    binary: bool = False
    hunks: list[Hunk] = field(default_factory=list)


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
            if line.startswith("diff --git ") or self._at_plain_names():
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

    def _at_plain_names(self) -> bool:
        lines, at = self._text.lines, self._at
        return lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1][:4] == "+++ "

    def _file(self) -> PatchFile:
        lines = self._text.lines
        head = _Header(self._at, git=lines[self._at].startswith("diff --git "))
        if head.git:
            head.names = pair(lines[self._at].rstrip("\r"))
            self._at += 1
        while self._at < len(lines):
            line = lines[self._at].rstrip("\r")
            if self._at_plain_names() and not head.hunks:
                self._plain_names(head)
            elif line.startswith("@@"):
                self._hunk(head, line)
            elif head.hunks or not (head.git and self._extended(head, line)):
                break
            else:
                self._at += 1
        return self._finish(head)

    def _plain_names(self, head: _Header) -> None:
        old, new = (self._text.lines[self._at + i].rstrip("\r") for i in (0, 1))
        head.names = unquote(old[4:]), unquote(new[4:])
        if not head.git and (_EPOCH.search(old) or _EPOCH.search(new)):
            head.change = "new" if _EPOCH.search(old) else "deleted"
        self._at += 2

    def _extended(self, head: _Header, line: str) -> bool:
        """Take in one of git's extended header lines; False when this is none."""
        if line.startswith("index "):
            found = _INDEX.match(line)
            if found is None:
                raise self._error("index-malformed", "malformed index line", "index OLD..NEW [MODE]", 7)
            head.pre, head.post = found[1], found[2]
            head.mode = found[3] or head.mode
        elif mode := _MODE.match(line):
            if not re.fullmatch("[0-7]{6}", mode[2]):
                raise self._error("mode-malformed", "a mode is six octal digits", "", mode.start(2) + 1)
            head.mode = mode[2] if mode[1] != "deleted file" else None
            head.mode_changed = True
            if mode[1].endswith("file"):
                head.change = "new" if mode[1] == "new file" else "deleted"
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

    def _hunk(self, head: _Header, line: str) -> None:
        found = _HUNK.match(line)
        if found is None:
            raise self._error("hunk-header", "malformed hunk header", "@@ -START,COUNT +START,COUNT @@")
        old_start, new_start = int(found[1]), int(found[3])
        old_count, new_count = (int(n) if n is not None else 1 for n in (found[2], found[4]))
        last = head.hunks[-1] if head.hunks else None
        if last and (old_start < last.old_start + last.old_count or new_start < last.new_start + last.new_count):
            raise self._error("hunk-order", "the hunk overlaps the one before, or precedes it")
        number = self._text.numbers[self._at]
        counts = Counts(old_count, new_count)
        body, self._at = read_body(self._text, self._at + 1, counts, self._collapsed)
        if self._runs_on():
            raise self._error(
                "hunk-too-long",
                f"the hunk of line {number} announces {old_count} old and {new_count} new lines, but goes on here",
                "the counts were edited, or lines were added to the hunk by hand",
            )
        section = found[5] or ""
        head.hunks.append(Hunk(old_start, old_count, new_start, new_count, section, body, number))

    def _runs_on(self) -> bool:
        """Whether the line after a hunk still looks like one of its lines."""
        lines = self._text.lines
        if ends_hunk(lines, self._at) or lines[self._at].rstrip() == "--":
            return False
        return lines[self._at].startswith(("+", "-") if self._collapsed else ("+", "-", " "))

    def _finish(self, head: _Header) -> PatchFile:
        self._at, after = head.index, self._at  # errors below are about the file's first line
        old, new = self._names(head, after)
        if head.binary and head.hunks:
            raise self._error("binary-hunk", "a binary file with hunks of text")
        if head.change == "new" and any(hunk.old_count for hunk in head.hunks):
            raise self._error("new-file-content", "a new file whose hunks have old lines")
        if head.change == "deleted" and any(hunk.new_count for hunk in head.hunks):
            raise self._error("deleted-file-content", "a deleted file whose hunks have new lines")
        moved = head.change in ("renamed", "copied")
        if moved and not head.exact and not (head.hunks or head.binary):
            raise self._error("rename-no-content", f"'{new}' is {head.change} with changes, but none are given")
        # A pure rename, a new mode and an empty file need no hunk; a binary file has none.
        same = (moved or head.mode_changed) and (head.pre == head.post or _is_empty(head))
        whole = head.binary or same
        if not head.hunks and not whole:
            raise self._error("file-no-content", f"nothing is changed in '{new or old}'", "were lines lost here?")
        for path, blob in ((old, head.pre), (new, head.post)):
            if blob is not None and (path is None) != is_null(blob):
                raise self._error("index-contradicts", f"the index line's {blob} doesn't fit a {head.change} file")
        path = new or old or ""
        if path in self._seen:
            raise self._error("file-twice", f"'{path}' was changed already in line {self._seen[path]}")
        number = self._seen[path] = self._text.numbers[head.index]
        self._at = after
        return PatchFile(
            old,
            new,
            head.change,
            tuple(head.hunks),
            head.mode,
            head.pre,
            head.post,
            head.binary,
            self._collapsed,
            number,
        )

    def _names(self, head: _Header, end: int) -> tuple[str | None, str | None]:
        """The old and the new path, None where there is no file; refuses unsafe ones."""
        if set(head.moves) not in (set(), {"from", "to"}):
            raise self._error("rename-half", "a rename or copy needs a 'from' and a 'to' line")
        if head.moves:
            old, new = head.moves["from"], head.moves["to"]
        elif head.names is None:
            raise self._error("file-header", "the two names of this line can't be told apart")
        else:
            old, new = strip_prefixes(*head.names)
        if old == new == NO_FILE:
            raise self._error("file-header", "both names are /dev/null")
        if NO_FILE in (old, new) and head.change == "modified":
            head.change = "new" if old == NO_FILE else "deleted"
        for name in (old, new):
            reason = None if name == NO_FILE else fault(name)
            if reason:
                self._at = next((i for i in range(head.index, end) if name in self._text.lines[i]), head.index)
                column = max(self._text.lines[self._at].find(name), 0) + 1
                raise self._error(
                    "name-unsafe", f"file name '{name}' {reason}", "names start at the tree's root", column
                )
        if old != new and not head.moves and NO_FILE not in (old, new):
            raise self._error("name-mismatch", f"two names for one file: '{old}' and '{new}'")
        return (None if head.change == "new" else old), (None if head.change == "deleted" else new)


def _is_empty(head: _Header) -> bool:
    """Whether the file that comes or goes is an empty one, which needs no hunk."""
    blob = head.post if head.change == "new" else head.pre
    return head.change in ("new", "deleted") and same_id(blob or "", EMPTY_BLOB)
