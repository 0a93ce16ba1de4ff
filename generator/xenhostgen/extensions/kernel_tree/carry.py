# SPDX-License-Identifier: GPL-2.0-only
"""The carry patch of a spec: what an imported patch says beyond what the spec can.

It lies beside the spec, as ``NAME.carry.patch``, and is the difference between what the spec
renders, placed in its tree, and what that tree is in the end.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from xenhostgen.extensions.kernel_tree.git import GitFailure
from xenhostgen.extensions.kernel_tree.patching import (
    SIZE_LIMIT,
    Contents,
    Reader,
    content,
    existing,
    patched,
)
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import NOWHERE, At, Problem, Refused, refusal

SUFFIX = ".carry.patch"

_FAILED = re.compile(r"^error: patch failed: (.*)$", re.MULTILINE)  # the file, and its line


def carry_path(spec_path: str | Path) -> Path:
    """Where the carry patch of a spec lies, if it has one."""
    path = Path(spec_path)
    return path.with_name(path.stem + SUFFIX)


def is_history(folder: Path) -> bool:
    """Whether a folder holds a series as a history: for each patch a spec and its carry patch."""
    return (folder / "01.message").is_file()


def patch_count(history: Path) -> int:
    """How many patches a history has."""
    return len(list(history.glob("*.message")))


def newest(path: Path) -> Path:
    """The spec behind the last patch of a history; any other path as it is. Raises ``Refused``."""
    if not is_history(path):
        return path
    state = path / f"{patch_count(path):02}.yaml"
    if not state.is_file():
        message = f"has no {state.name}: after its last patch there is no interface"
        raise refusal("history", message, path, f"name one of its states: {path}/NN.yaml")
    return state


def read_carry(spec: Interface) -> bytes:
    """The carry patch of a spec, empty if it has none. Raises ``Refused``."""
    path = carry_path(spec.path)
    return content(path.parent, path.name, SIZE_LIMIT) or b""


def carried(spec: Interface, carry: bytes, read: Reader, *options: str) -> dict[str, bytes | None]:
    """The files that a carry patch changes, as it leaves them. Raises ``Refused``."""
    try:
        return patched(carry, read, *options)
    except GitFailure as failure:
        raise Refused(list(_misfits(spec, carry, failure))) from None


def _misfits(spec: Interface, carry: bytes, failure: GitFailure) -> Iterator[Problem]:
    """What git says, at the hunks that it says it of."""
    path = str(carry_path(spec.path))
    lines = carry.decode(errors="replace").split("\n")
    hint = "what the spec renders there has changed, or the tree has: import the patch again"
    failed = _FAILED.findall(failure.output) or [failure.output.split("\n")[0]]
    for reason in failed:
        file, _, start = reason.rpartition(":")
        file_row = lines.index(f"--- a/{file}") if f"--- a/{file}" in lines else len(lines)
        head = re.compile(rf"@@ -{start}[, ]")
        heads = (row for row in range(file_row, len(lines)) if head.match(lines[row]))
        row = next(heads, None)
        at, excerpt = (NOWHERE, "") if row is None else (At(row + 1, 1), lines[row])
        yield Problem("carry-misfit", f"doesn't fit: {reason}", path, at, hint, excerpt)


def with_carry(spec: Interface, files: dict[str, str]) -> dict[str, str]:
    """A rendering's files, the interface's own ones as the spec's carry patch leaves them.

    Stubs stay as they are: a kernel file's change has no place in a skeleton.
    """
    carry = read_carry(spec)
    if not carry:
        return files
    own = {path: text.encode() for path, text in render(spec).whole().items()}
    after = {**own, **carried(spec, carry, own.get, *including(own))}
    kept = {path: text for path, text in files.items() if path not in own}
    own_after = existing(after).items()
    return kept | {path: text.decode(errors="surrogateescape") for path, text in own_after}


def carried_alone(carry: bytes, files: Contents) -> dict[str, bytes | None]:
    """Files as a carry patch leaves them, which changes others too. Raises ``GitFailure``."""
    return {**files, **patched(carry, files.get, *including(files))}


def including(paths: Iterable[str]) -> list[str]:
    """Options by which git applies no more of a patch than what it says of these files."""
    return ["--include=" + re.sub(r"([*?[\\])", r"[\1]", path) for path in paths]
