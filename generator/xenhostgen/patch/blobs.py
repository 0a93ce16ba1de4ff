# SPDX-License-Identifier: GPL-2.0-only
"""Git's object ids for file contents: they prove a re-creation right without having the file."""

import hashlib

SHORTEST_ID = 7  # what git itself abbreviates to at the least
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the id of an empty file


def blob_id(content: bytes | str) -> str:
    """The full SHA-1 id that git gives to a file of this content.

    A `str` is taken as the hunk reader made it: UTF-8, bytes that aren't UTF-8 as surrogates.
    """
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    header = b"blob %d\0" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def same_id(one: str, other: str) -> bool:
    """Whether two ids, each possibly shortened, name the same object.

    Ids of fewer than `SHORTEST_ID` digits match nothing: they would match by chance.
    """
    length = min(len(one), len(other))
    return length >= SHORTEST_ID and one[:length].lower() == other[:length].lower()
