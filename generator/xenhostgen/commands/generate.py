# SPDX-License-Identifier: GPL-2.0-only
"""Render each spec into OUT/SPEC/, laid out like the kernel tree. Write only files that differ."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from typing import Any

from xenhostgen.commands.inputs import (
    SPECS,
    add_format,
    add_specs,
    each_spec,
    print_json,
    writing_alone,
)
from xenhostgen.render.generate import Generation, Stale, files_below, generate
from xenhostgen.report.terminal import say
from xenhostgen.spec.source import refusal

_ONLY = {
    "check": "exit 1 with a diff of each stale file",
    "diff": "show the diff of each stale file",
    "dry-run": "name the stale files",
}
MOST_LINES = 20_000  # beyond it difflib takes minutes for what nobody reads
EXAMPLES = """\
examples:
  xenhostgen generate                       every spec in specs/ into out/
  xenhostgen generate my.yaml -o elsewhere   one spec, into another folder
  xenhostgen generate --check               write nothing; fail with a diff if out/ is stale
  xenhostgen generate --diff my.yaml        write nothing; show what would change
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    text = "the folder in which each spec gets a folder (default: %(default)s)"
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, default=Path("out"), help=text)
    only = parser.add_mutually_exclusive_group()
    for name, what in _ONLY.items():
        text = f"write nothing; {what}"
        only.add_argument(f"--{name}", action="store_const", dest="only", const=name, help=text)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render every spec; 1 if ``--check`` finds a difference, 2 on an error."""
    only, out = arguments.only, arguments.output
    check = only == "check"
    refuse_same_folder(arguments.specs)

    def work(spec: Path) -> tuple[Path, Generation]:
        return spec, generate(spec, out, check=bool(only))

    def show(result: tuple[Path, Generation]) -> None:
        verb = {None: "written", "dry-run": "to write"}.get(only)
        for line in listed(*result, verb) if verb else compared(*result):
            say(line, sys.stdout)

    with nullcontext() if only else writing_alone(out):
        results, problems = each_spec(arguments, work, show)
    gone = left_over(out) if check and not arguments.specs else []
    if arguments.format == "json":
        specs = [as_json(*result, bool(only)) for result in results]
        print_json(specs, problems, left_over=gone)
    else:
        for folder in gone:
            say(f"{folder}: its spec is gone; run: rm -r {argument(folder)}", sys.stdout)
    if problems:
        return 2
    differs = bool(gone) or any(files.stale or files.unknown for _, files in results)
    return int(check and differs)


def listed(spec: Path, files: Generation, verb: str) -> Iterator[str]:
    """A line for each stale file, and one that counts them as ``verb``."""
    yield from (f"  {stale.path}" for stale in files.stale)
    count = f"{len(files.stale)} {verb}, " if files.stale else ""
    yield f"{spec}: {count}{len(files.unchanged)} unchanged in {files.folder}"
    yield from (f"  note: no spec makes {path}; it was left alone" for path in files.unknown)


def compared(spec: Path, files: Generation) -> Iterator[str]:
    """The diffs, the files that no spec makes, and the command that brings all up to date."""
    for stale in files.stale:
        yield from unified(stale).split("\n")
    yield from (f"{path}: no spec makes this file; remove it" for path in files.unknown)
    if files.stale:
        out = files.folder.parent
        option = "" if out == Path("out") else f" -o {argument(out)}"
        count = f"{len(files.stale)} of {len(files.stale + files.unchanged)} files are stale"
        yield f"{spec}: {count}; run: xenhostgen generate {argument(spec)}{option}"
    elif not files.unknown:
        yield f"{spec}: {len(files.unchanged)} files up to date in {files.folder}"


def as_json(spec: Path, files: Generation, check: bool) -> dict[str, Any]:
    """A spec's outcome as ``--format json`` gives it."""
    paths = [stale.path for stale in files.stale]
    fields: dict[str, Any] = {"spec": spec, "folder": files.folder, "unchanged": files.unchanged}
    fields["unknown"] = files.unknown
    if check:
        return fields | {"stale": paths, "diffs": list(map(unified, files.stale))}
    return fields | {"written": paths}


def argument(path: Path) -> str:
    """A path as a shell takes it, and as no option."""
    return quote(re.sub("^-", "./-", str(path)))


def unified(stale: Stale) -> str:
    """A unified diff of a file from what it holds to what it should hold."""
    from difflib import unified_diff  # needed for stale files only

    path, before, after = stale
    old = (before or b"").decode("utf-8", "backslashreplace").splitlines()
    new = after.decode().splitlines()
    if len(old) + len(new) > MOST_LINES:
        return f"{path}: differs ({len(old)} lines, should be {len(new)}: too long to show)"
    name = "/dev/null" if before is None else str(path)
    diff = "\n".join(unified_diff(old, new, name, f"{path} (generated)", lineterm=""))
    return diff or f"{path}: differs in line ends or in the newline at its end"


def refuse_same_folder(specs: list[Path]) -> None:
    """Raise ``Refused`` if two specs would have the same folder in OUT."""
    by_name: dict[str, Path] = {}
    for spec in specs:
        first = by_name.setdefault(spec.stem, spec)
        if first != spec:
            message = f"has the name of {first}: both would go into OUT/{spec.stem}"
            raise refusal("same-name", message, spec, "rename one")


def left_over(out: Path) -> list[Path]:
    """Folders of OUT whose files all name as their source a default spec that is gone."""
    gone = []
    for folder in sorted(out.iterdir()) if out.is_dir() else ():
        spec = SPECS / f"{folder.name}.yaml"
        if folder.is_symlink() or not folder.is_dir() or spec.exists():
            continue
        banner = f"Generated by xenhostgen from {spec};".encode()
        files = files_below(folder)
        if files and all(path.is_file() and banner in path.read_bytes()[:1000] for path in files):
            gone.append(folder)
    return gone
