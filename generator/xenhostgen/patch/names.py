# SPDX-License-Identifier: GPL-2.0-only
"""File names in a patch: unquoting them, stripping their prefix, refusing unsafe ones."""

import re

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
# diff(1) puts a time after the name; a tab separates the two unless white space was collapsed.
_TIMESTAMP = re.compile(r"\t.*$| (?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b.*)$")

NO_FILE = "/dev/null"


def unquote(name: str) -> str:
    """A name as it stands in a header line, without quotes, escapes and time stamp."""
    quoted = _QUOTED.match(name)
    if quoted is None:
        return _TIMESTAMP.sub("", name)

    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1].decode()
        return bytes([_ESCAPES[code] if code in _ESCAPES else int(code, 8)])

    raw = quoted[1].encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(byte, raw).decode("utf-8", "surrogateescape")


def pair(line: str) -> tuple[str, str] | None:
    """Old and new name of a `diff --git` line, or None when they can't be told apart.

    Unquoted names may hold blanks. Then only a line whose two names are equal, but for the
    prefixes, can be split; git gives the names of a rename on lines of their own.
    """
    rest = line.removeprefix("diff --git ")
    if rest.startswith('"') or rest.endswith('"'):
        found = re.fullmatch(rf"({_QUOTED.pattern}|\S+) ({_QUOTED.pattern}|\S+)", rest)
        return (unquote(found[1]), unquote(found[3])) if found else None
    words = rest.split(" ")
    if len(words) == 2:
        return words[0], words[1]
    half = len(rest) // 2
    old, new = rest[:half], rest[half + 1 :]
    same = old == new or old.partition("/")[2] == new.partition("/")[2] != ""
    return (old, new) if rest[half : half + 1] == " " and same else None


def strip_prefixes(old: str, new: str) -> tuple[str, str]:
    """Both names without the `a/` and `b/` of git, or the two folder names of a plain diff.

    Equal first folders aren't prefixes: such a diff was made with `--no-prefix`.
    """
    if old == NO_FILE:
        return old, re.sub(r"^[a-z]/", "", new)
    if new == NO_FILE:
        return re.sub(r"^[a-z]/", "", old), new
    (old_top, _, old_rest), (new_top, _, new_rest) = old.partition("/"), new.partition("/")
    if old_top != new_top and old_rest and new_rest:
        return old_rest, new_rest
    return old, new


def fault(name: str) -> str | None:
    """Why the name must not be used below a source tree, or None when it is safe."""
    parts = name.split("/")
    faults = {
        "is empty": not name,
        "holds a control character": any(ord(char) < 32 or ord(char) == 127 for char in name),
        "holds a backslash": "\\" in name,
        "is absolute": bool(re.match(r"/|[A-Za-z]:", name)),
        "climbs out of the tree": ".." in parts,
        "has an empty or '.' component": "" in parts or "." in parts,
        "lies in git's own folder": ".git" in (part.lower() for part in parts),
    }
    return next((reason for reason, found in faults.items() if found), None)
