# SPDX-License-Identifier: GPL-2.0-only
"""What a path from a spec or patch may be, decided before it is joined to a folder."""

import re

_LONGEST_NAME, _LONGEST_PATH = 255, 1000  # bytes; Linux takes 4095 with the folder in front


def fault(path: str) -> str | None:
    """Why a path must not be used below a folder, or None when it leads straight down."""
    parts = path.split("/")
    reasons = {
        "is empty": not path,
        "holds a control character": any(ord(char) < 32 or ord(char) == 127 for char in path),
        "holds a backslash": "\\" in path,
        "is absolute": bool(re.match(r"/|~|[A-Za-z]:", path)),
        "climbs out of the tree": ".." in parts,
        "has an empty or '.' component": "" in parts or "." in parts,
        "lies in git's own folder": ".git" in (part.lower() for part in parts),
        "has a name of this tool's own files": any(p.startswith(".xenhostgen-") for p in parts),
        "is too long": is_too_long(path),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def is_too_long(path: str) -> bool:
    """Whether Linux's file systems refuse a path or a part of it."""
    raw = path.encode("utf-8", "surrogatepass")
    return len(raw) > _LONGEST_PATH or max(map(len, raw.split(b"/"))) > _LONGEST_NAME
