# SPDX-License-Identifier: GPL-2.0-only
"""The text of a diff → what it does to each file, each line with its place in the input.

Reads git's diffs and plain `---`/`+++` ones, and both with their white space collapsed, as web
archives show them. Refuses names that lead out of the tree. Nothing here touches a file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from xenhostgen.extensions.kernel_tree.git import EMPTY_BLOB, blob_id, same_id
from xenhostgen.extensions.patches.body import (
    Counts,
    at_plain_names,
    at_signature,
    ends_hunk,
    read_body,
)
from xenhostgen.extensions.patches.errors import PatchError, SourceText
from xenhostgen.extensions.patches.hunks import Hunk, PatchFile, post_image
from xenhostgen.extensions.patches.names import NO_FILE, named_twice, strip_prefixes, unquote
from xenhostgen.spec.paths import fault

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: (.*))?$")
# The lines that git puts between a file's names and its hunks.
_EXTENDED = re.compile(
    r"index (?P<pre>[0-9a-f]{4,64})\.\.(?P<post>[0-9a-f]{4,64})(?: [0-7]{6})?$"
    r"|(?P<change>new|deleted) file mode |(?P<mode>old|new) mode "
    r"|(?P<move>rename|copy) (?:from (?P<source>.*)|to (?P<target>.*))$"
    r"|(?P<likeness>(?:dis)?similarity index .*)|(?P<binary>Binary files )"
)
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


def read_diff(patch: bytes, path: str) -> list[PatchFile]:
    """Read a patch that is no mail; ``path`` names it in messages. Raises PatchError."""
    lines = patch.decode(errors="surrogateescape").removesuffix("\n").split("\n")
    return list(_Reader(SourceText(path, lines, range(1, len(lines) + 1)), collapsed=False).files())


def _is_intact(text: SourceText) -> bool:
    """Whether white space wasn't collapsed: by a tab, a run of blanks or a line's first blank."""
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
                raise self._error(
                    "combined-diff", "this is the combined diff of a merge", "diff one parent only"
                )
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
        names = (named_twice(lines[first].rstrip("\r")),) * 2
        told = self._extended() if lines[first].startswith("diff --git ") else {}
        change = {"rename": "renamed", "copy": "copied"}.get(
            told.get("move", ""), told.get("change", "modified")
        )
        if self._at < len(lines) and at_plain_names(lines, self._at):
            old, new = (line.rstrip("\r") for line in lines[self._at : self._at + 2])
            names = strip_prefixes(unquote(old[4:]), unquote(new[4:]))
            if NO_FILE in names:
                change = "new" if names[0] == NO_FILE else "deleted"
            elif self._at == first and (_EPOCH.search(old) or _EPOCH.search(new)):
                change = "new" if _EPOCH.search(old) else "deleted"
            self._at += 2
        hunks: list[Hunk] = []
        while self._at < len(lines) and lines[self._at].startswith("@@"):
            hunks.append(self._hunk(hunks))
        self._at, end = first, self._at  # errors below are about the file's first line
        if "source" in told and "target" in told:
            names = unquote(told["source"]), unquote(told["target"])
        path = self._path(*names, moved="move" in told, end=end)
        pre, post, binary = told.get("pre", ""), told.get("post", ""), "binary" in told
        number = self._text.numbers[first]
        file = PatchFile(path, change, tuple(hunks), pre, post, binary, self._collapsed, number)
        self._check(file, told)
        self._at = end
        self._seen[path] = number
        return file

    def _extended(self) -> dict[str, str]:
        """What git's extended header lines tell below the line with the names."""
        told: dict[str, str] = {}
        self._at += 1
        while self._at < len(self._text.lines):
            line = self._text.lines[self._at].rstrip("\r")
            if found := _EXTENDED.match(line):
                told |= {key: word for key, word in found.groupdict().items() if word is not None}
            elif line.startswith("index "):
                raise self._error(
                    "index-malformed", "malformed index line", "index OLD..NEW [MODE]", 7
                )
            elif line.startswith("GIT binary patch"):
                raise self._error(
                    "binary-hunk", "a binary change can't be read", "only text is read"
                )
            else:
                break
            self._at += 1
        return told

    def _hunk(self, before: Sequence[Hunk]) -> Hunk:
        lines = self._text.lines
        found = _HUNK.match(lines[self._at].rstrip("\r"))
        if found is None:
            raise self._error(
                "hunk-header", "malformed hunk header", "@@ -START,COUNT +START,COUNT @@"
            )
        old_start, new_start = int(found[1]), int(found[3])
        counts = Counts(int(found[2] or 1), int(found[4] or 1))
        last = before[-1] if before else None
        if last and (
            old_start < last.old_start + last.old_count
            or new_start < last.new_start + last.new_count
        ):
            raise self._error("hunk-order", "the hunk overlaps the one before, or precedes it")
        number = self._text.numbers[self._at]
        body, self._at = read_body(self._text, self._at + 1, counts, self._collapsed)
        over = ends_hunk(lines, self._at) or lines[self._at].rstrip() == "--"
        if not over and lines[self._at].startswith(
            ("+", "-") if self._collapsed else ("+", "-", " ")
        ):
            message = f"the hunk of line {number} announces {counts}, but goes on here"
            hint = "the counts were edited, or lines were added to the hunk by hand"
            raise self._error("hunk-too-long", message, hint)
        return Hunk(old_start, counts.old, new_start, counts.new, found[5] or "", body, number)

    def _path(self, old: str, new: str, moved: bool, end: int) -> str:
        """The file's name; refuses unsafe and contradicting ones, which stand above ``end``."""
        if old == new == "":
            raise self._error("file-header", "the two names of this line can't be told apart")
        if old == new == NO_FILE:
            raise self._error("file-header", "both names are /dev/null")
        for name in (old, new):
            if name != NO_FILE and (reason := fault(name)):
                self._at = next(
                    (i for i in range(self._at, end) if name in self._text.lines[i]), self._at
                )
                column = max(self._text.lines[self._at].find(name), 0) + 1
                message = f"file name '{name}' {reason}"
                raise self._error("name-unsafe", message, "names start at the tree's root", column)
        if old != new and not moved and NO_FILE not in (old, new):
            raise self._error("name-mismatch", f"two names for one file: '{old}' and '{new}'")
        return old if new == NO_FILE else new

    def _check(self, file: PatchFile, told: Mapping[str, str]) -> None:
        """Refuse a header and hunks that contradict each other."""
        change, hunks = file.change, file.hunks
        if file.binary and hunks:
            raise self._error("binary-hunk", "a binary file with hunks of text")
        for kind, side, lines, blob in (
            ("new", "old", sum(hunk.old_count for hunk in hunks), file.pre),
            ("deleted", "new", sum(hunk.new_count for hunk in hunks), file.post),
        ):
            if change == kind and lines:
                raise self._error(
                    f"{kind}-file-content", f"a {kind} file whose hunks have {side} lines"
                )
            if blob and (change == kind) != (
                not blob.strip("0")
            ):  # only zeros: there is no such file
                raise self._error(
                    "index-contradicts", f"the index line's {blob} doesn't fit a {change} file"
                )
        # A pure rename, a new mode and an empty file need no hunk; a binary file has none.
        renamed = (
            "move" in told
            and told.get("likeness", "similarity index 100%") == "similarity index 100%"
        )
        empty = same_id({"new": file.post, "deleted": file.pre}.get(change, ""), EMPTY_BLOB)
        as_it_is = ("mode" in told or "change" in told) and (file.pre == file.post or empty)
        if not (hunks or file.binary or renamed or as_it_is):
            raise self._error(
                "file-no-content", f"nothing is changed in '{file.path}'", "were lines lost here?"
            )
        if file.path in self._seen:
            raise self._error(
                "file-twice", f"'{file.path}' was changed already in line {self._seen[file.path]}"
            )
