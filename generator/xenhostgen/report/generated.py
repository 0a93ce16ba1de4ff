# SPDX-License-Identifier: GPL-2.0-only
"""What ``generate`` says about the files of a spec."""

from collections.abc import Iterator
from typing import Any, NamedTuple

MOST_LINES = 20_000  # beyond it difflib takes minutes for what nobody reads


class Generated(NamedTuple):
    """One spec's files: written (or stale, with ``--check``), unchanged, and not the spec's."""

    spec: str
    folder: str
    written: list[str]
    unchanged: list[str]
    unknown: list[str]
    diffs: list[str]


def summary(one: Generated) -> Iterator[str]:
    """One line a written file and one about all of them."""
    yield from (f"  {path}" for path in one.written)
    done = f"{len(one.written)} written, " if one.written else ""
    yield f"{one.spec}: {done}{len(one.unchanged)} unchanged in {one.folder}"
    yield from (f"  note: no spec makes {path}; it was left alone" for path in one.unknown)


def verdict(one: Generated, out: str) -> Iterator[str]:
    """What ``--check`` says: the diffs, the files, and the command that mends it."""
    yield from (line for diff in one.diffs for line in diff.split("\n"))
    yield from (f"{path}: no spec makes this file; remove it" for path in one.unknown)
    if one.written:
        option = "" if out == "out" else f" -o {argument(out)}"
        count = f"{len(one.written)} file{'s are' if len(one.written) > 1 else ' is'} stale"
        yield f"{one.spec}: {count}; run: xenhostgen generate {argument(one.spec)}{option}"
    elif not one.unknown:
        yield f"{one.spec}: {len(one.unchanged)} files up to date in {one.folder}"


def argument(path: str) -> str:
    """A path as a shell takes it, and as no option."""
    from shlex import quote

    return quote(f"./{path}" if path.startswith("-") else path)


def shown(line: str) -> str:
    """A line of which parts aren't ours; the engine's rooms aren't imported for most."""
    if line.isprintable():
        return line
    from xenhostgen.spec.source import printable

    return printable(line, "?")


def as_json(one: Generated, check: bool) -> dict[str, Any]:
    """One spec's outcome as ``--format json`` gives it."""
    told = {"spec": one.spec, "folder": one.folder, "stale" if check else "written": one.written}
    return (
        told
        | {"unchanged": one.unchanged, "unknown": one.unknown}
        | ({"diffs": one.diffs} if check else {})
    )


def unified(path: str, before: bytes | None, after: bytes) -> str:
    """A unified diff of a file from what it holds to what it should hold."""
    from difflib import unified_diff

    old = (before or b"").decode("utf-8", "backslashreplace").splitlines()
    new = after.decode().splitlines()
    if len(old) + len(new) > MOST_LINES:
        return f"{path}: differs ({len(old)} lines, should be {len(new)}: too long to show)"
    was = "/dev/null" if before is None else path
    diff = "\n".join(unified_diff(old, new, was, f"{path} (generated)", lineterm=""))
    return diff or f"{path}: differs in line ends or in the newline at its end"
