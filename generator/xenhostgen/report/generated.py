# SPDX-License-Identifier: GPL-2.0-only
"""What ``generate`` says about the files of a spec."""

from collections.abc import Iterator
from shlex import quote
from typing import Any, NamedTuple

MOST_LINES = 20_000  # beyond it difflib takes minutes for what nobody reads


class Generated(NamedTuple):
    """A spec's files: written (or stale, with ``--check``), unchanged, and not the spec's."""

    spec: str
    folder: str
    written: list[str]
    unchanged: list[str]
    unknown: list[str]
    diffs: list[str]


def summary(result: Generated) -> Iterator[str]:
    """A line for each written file and a line about all of them."""
    yield from (f"  {path}" for path in result.written)
    written = f"{len(result.written)} written, " if result.written else ""
    yield f"{result.spec}: {written}{len(result.unchanged)} unchanged in {result.folder}"
    yield from (f"  note: no spec makes {path}; it was left alone" for path in result.unknown)


def verdict(result: Generated, out: str) -> Iterator[str]:
    """What ``--check`` says: the diffs, the files, and the command that brings them up to date."""
    for diff in result.diffs:
        yield from diff.split("\n")
    yield from (f"{path}: no spec makes this file; remove it" for path in result.unknown)
    if result.written:
        option = "" if out == "out" else f" -o {argument(out)}"
        count = f"{len(result.written)} file{'s are' if len(result.written) > 1 else ' is'} stale"
        yield f"{result.spec}: {count}; run: xenhostgen generate {argument(result.spec)}{option}"
    elif not result.unknown:
        yield f"{result.spec}: {len(result.unchanged)} files up to date in {result.folder}"


def argument(path: str) -> str:
    """A path as a shell takes it, and as no option."""
    return quote(f"./{path}" if path.startswith("-") else path)


def as_json(result: Generated, check: bool) -> dict[str, Any]:
    """A spec's outcome as ``--format json`` gives it."""
    fields = result._asdict()
    if check:
        fields["stale"] = fields.pop("written")
    else:
        del fields["diffs"]
    return fields


def unified(path: str, before: bytes | None, after: bytes) -> str:
    """A unified diff of a file from what it holds to what it should hold."""
    from difflib import unified_diff  # needed for stale files only

    old = (before or b"").decode("utf-8", "backslashreplace").splitlines()
    new = after.decode().splitlines()
    if len(old) + len(new) > MOST_LINES:
        return f"{path}: differs ({len(old)} lines, should be {len(new)}: too long to show)"
    name = "/dev/null" if before is None else path
    diff = "\n".join(unified_diff(old, new, name, f"{path} (generated)", lineterm=""))
    return diff or f"{path}: differs in line ends or in the newline at its end"
