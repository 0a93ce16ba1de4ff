# SPDX-License-Identifier: GPL-2.0-only
"""Small patches without line numbers: what they change must be there exactly once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.api import load, render

REPO = Path(__file__).parents[1]
_FURTHER = ("line", "subject", "apart")


@dataclass(frozen=True)
class Change:
    """Lines of one file that become others."""

    file: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """A changed tree: the spec, the rule it breaks (None: none), the changes, the line to blame.

    ``subject`` is what is wrong. ``apart``: why no other case may stand in the same tree.
    """

    spec: str
    rule: str | None
    changes: tuple[Change, ...]
    line: str = ""
    subject: str = ""
    apart: str = ""


def read_tree_case(file: Path) -> Tree:
    """A case file: ``# spec:``, ``# rule:`` and so on, then a diff of hunks parted by ``@@``."""
    lines = file.read_text().splitlines()
    about = dict(
        line[2:].split(": ", 1)
        for line in lines
        if line.startswith(tuple(f"# {key}: " for key in ("spec", "rule", *_FURTHER)))
    )
    changes: list[Change] = []
    path, hunks = "", list[str]()
    for line in [*lines, "--- "]:
        if line.startswith("--- "):
            changes += [Change(path, *sides) for sides in read_hunks(hunks)]
            path, hunks = line[4:], []
        elif not line.startswith("# "):
            hunks.append(line)
    for key in ("spec", "rule") if file.name.startswith("err_") else ("spec",):
        assert key in about, f"{file} lacks a line '# {key}: …'"
    further = {key: about.get(key, "") for key in _FURTHER}
    return Tree(about["spec"], about.get("rule"), tuple(changes), **further)


def read_hunks(lines: list[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each hunk's lines before and after, parted by ``@@``."""
    hunk: list[str] = []
    for line in [*lines, "@@"]:
        if line != "@@":
            hunk.append(line or " ")
        elif hunk:
            old = tuple(row[1:] for row in hunk if not row.startswith("+"))
            yield old, tuple(row[1:] for row in hunk if not row.startswith("-"))
            hunk = []


def spec_of_case(case: Path) -> bytes:
    """The spec of a case: a file of its own, or a change of another, as ``base_of_case`` has it."""
    if case.suffix != ".diff":
        return case.read_bytes()
    text = base_of_case(case).read_text()
    lines = [line for line in case.read_text().splitlines() if not line.startswith("# ")]
    for sides in read_hunks(lines):
        text = changed(text, *sides)
    return text.encode()


def base_of_case(case: Path) -> Path:
    """The spec that a case changes: by its line ``# spec:``, else the smallest one beside it."""
    for line in case.read_text().splitlines():
        if line.startswith("# spec: "):
            return REPO / line.removeprefix("# spec: ")
    return case.with_name("succ_minimal.yaml")


def apply(tree: Path, changes: tuple[Change, ...]) -> None:
    """Change the files of a tree."""
    paths = {change.file: tree / change.file for change in changes}
    files = {name: path.read_text() for name, path in paths.items() if path.exists()}
    for name, text in applied(files, changes).items():
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_text(text)


def applied(files: dict[str, str], changes: tuple[Change, ...]) -> dict[str, str]:
    """Files with changes; what replaces nothing comes to the end of a file, or into a new one."""
    result = dict(files)
    for change in changes:
        if change.old:
            result[change.file] = changed(result[change.file], change.old, change.new)
        else:
            result[change.file] = result.get(change.file, "") + "\n".join(change.new) + "\n"
    return result


def together(cases: Iterable[Path]) -> list[list[Path]]:
    """Cases in as few trees as have room for them: of one spec, with a subject each."""
    groups: list[tuple[str, list[Path], dict[str, str], set[str]]] = []
    for case in cases:
        tree = read_tree_case(case)
        for spec, members, files, subjects in groups:
            fits = spec == tree.spec and tree.subject not in subjects and not tree.apart
            if fits and has_room(files, tree.changes):
                members.append(case)
                files.update(applied(files, tree.changes))
                subjects.update(filter(None, [tree.subject]))
                break
        else:
            files = applied(dict(render(load(REPO / tree.spec)).files), tree.changes)
            spec = "" if tree.apart else tree.spec
            groups.append((spec, [case], files, set(filter(None, [tree.subject]))))
    return [members for _, members, _, _ in groups]


def has_room(files: dict[str, str], changes: tuple[Change, ...]) -> bool:
    """Whether what changes replace is there as it was."""
    try:
        applied(files, changes)
    except (AssertionError, KeyError):
        return False
    return True


def changed(text: str, *sides: tuple[str, ...]) -> str:
    """A text in which some lines, which must be there once, have become others."""
    old, new = ("".join(f"{row}\n" for row in rows) for rows in sides)
    assert text.count(old) == 1, f"must be there once, but is {text.count(old)} times:\n{old}"
    return text.replace(old, new)
