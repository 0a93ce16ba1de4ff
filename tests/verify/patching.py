# SPDX-License-Identifier: GPL-2.0-only
"""Small patches without line numbers: what they change must be there exactly once."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """Lines of one file that become others."""

    file: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """A changed tree: the spec, the rule it breaks (None: none), the changes, the line to blame."""

    spec: str
    rule: str | None
    changes: tuple[Change, ...]
    line: str = ""


def read_tree_case(file: Path) -> Tree:
    """A case file: ``# spec:``, ``# rule:``, ``# line:``, then a diff of hunks parted by ``@@``."""
    lines = file.read_text().splitlines()
    about = dict(
        line[2:].split(": ", 1)
        for line in lines
        if line.startswith(("# spec: ", "# rule: ", "# line: "))
    )
    changes: list[Change] = []
    path, hunk = "", list[str]()
    for line in [*lines, "@@"]:
        if line == "@@" or line.startswith("--- "):
            if hunk:
                old = tuple(row[1:] for row in hunk if not row.startswith("+"))
                new = tuple(row[1:] for row in hunk if not row.startswith("-"))
                changes.append(Change(path, old, new))
            hunk = []
            path = line[4:] if line != "@@" else path
        elif not line.startswith("# "):
            hunk.append(line or " ")
    return Tree(about["spec"], about.get("rule"), tuple(changes), about.get("line", ""))


def apply(tree: Path, changes: tuple[Change, ...]) -> None:
    """Change the files of a tree."""
    for change in changes:
        file = tree / change.file
        if not change.old:  # at the end of the file, or in a new one
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a") as stream:
                stream.write("\n".join(change.new) + "\n")
            continue
        old, new = ("\n".join(rows) + "\n" for rows in (change.old, change.new))
        text = file.read_text()
        assert text.count(old) == 1, f"{change.file} holds {text.count(old)} times:\n{old}"
        file.write_text(text.replace(old, new))
