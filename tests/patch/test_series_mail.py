# SPDX-License-Identifier: GPL-2.0-only
"""The reference mail's hunks come out when its spec is placed into what their context shows."""

import re
from collections.abc import Iterable
from pathlib import Path

from xenhostgen.api import load
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.diff import files_of
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.messages import read_messages

ROOT = Path(__file__).parents[2]


def shown(file: PatchFile, kinds: Iterable[str]) -> str:
    """What the hunks show of a file, closed to whole functions."""
    lines: list[str] = []
    depth = 0
    for hunk in file.hunks:
        mine = [line.text for line in hunk.lines if line.kind in kinds]
        if "(" in hunk.section and hunk.section not in lines:
            lines += ["}"] * depth + [hunk.section] + ["{"] * (mine[0] != "{")
            depth = int(mine[0] != "{")
        depth += sum(line.count("{") - line.count("}") for line in mine)
        lines += mine
    return "\n".join([*lines, *["}"] * depth]) + "\n"


def layout(text: str) -> list[str]:
    """Lines without their white space; of a comment only that it is there."""
    return [
        " ".join(line.split())
        for line in re.sub(r"/\*.*?\*/", "/* */", text, flags=re.S).split("\n")
    ]


def test_the_mails_hunks_come_out(reference_mail: Path) -> None:
    patch = files_of(read_messages([reference_mail])[0])
    base = {
        file.path: shown(file, ("context", "removed"))
        for file in patch
        if file.change == "modified"
    }
    spec = load(ROOT / "specs/rfc-v1.yaml")
    placement = placed_in(spec, lambda path: base[path].encode() if path in base else None, "v5.0")
    for file in patch:
        if file.change == "modified":
            expected = layout(shown(file, ("context", "added")))
            assert layout(placement.after[file.path].decode()) == expected, file.path
    assert len(base) == 5
