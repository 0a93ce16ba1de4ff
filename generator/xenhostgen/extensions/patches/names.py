# SPDX-License-Identifier: GPL-2.0-only
"""File names in a patch: unquoting them, stripping their prefix."""

import re
from contextlib import suppress

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# diff(1) puts a time after the name; a tab separates the two unless white space was collapsed.
_TIMESTAMP = re.compile(r"\t.*$| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b.*$")

NO_FILE = "/dev/null"


def unquote(name: str) -> str:
    """A name as it stands in a header line, without quotes, escapes and time stamp."""
    quoted = _QUOTED.match(name)
    if quoted is None:
        return _TIMESTAMP.sub("", name)
    raw = quoted[1].encode("utf-8", "surrogateescape")
    with suppress(UnicodeError):  # git's escapes are C's; others stay as they stand
        raw = raw.decode("unicode_escape").encode("latin-1")
    return raw.decode("utf-8", "surrogateescape")


def named_twice(line: str) -> str:
    """The name in a `diff --git` line, which only its middle parts, as names hold blanks.

    Empty if there are two.
    """
    both = line.removeprefix("diff --git ")
    half = len(both) // 2
    old, new = strip_prefixes(unquote(both[:half]), unquote(both[half + 1 :]))
    return old if old == new else ""


def strip_prefixes(old: str, new: str) -> tuple[str, str]:
    """Both names without git's `a/` and `b/` or a plain diff's two folders.

    Equal ones are `--no-prefix`.
    """
    if NO_FILE in (old, new):
        return re.sub(r"^[a-z]/", "", old), re.sub(r"^[a-z]/", "", new)
    (old_top, _, old_rest), (new_top, _, new_rest) = old.partition("/"), new.partition("/")
    if old_top != new_top and old_rest and new_rest:
        return old_rest, new_rest
    return old, new
