# SPDX-License-Identifier: GPL-2.0-only
"""Lift a kernel patch, or an interface's C files, into a spec.

A patch beside the spec, NAME.carry.patch, carries what a spec can't say; diff, apply, patch and
verify read it. Before the spec is written, its rendering is compared with the input.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from xenhostgen.commands.inputs import SPECS, writing_alone
from xenhostgen.extensions.kernel_tree.carry import carry_path, is_history
from xenhostgen.extensions.kernel_tree.patching import Reader
from xenhostgen.extensions.patches.carrying import Share, carry_of
from xenhostgen.extensions.patches.diff import read_diff
from xenhostgen.extensions.patches.history import files, is_part, refreshed, states
from xenhostgen.extensions.patches.lift import Lifted, lift
from xenhostgen.extensions.patches.lift_input import read_input
from xenhostgen.extensions.patches.messages import Left, read_messages
from xenhostgen.extensions.patches.recreation import reader
from xenhostgen.render.write import write_files
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.spec.source import Problem, Refused, refusal
from xenhostgen.spec.template_sets import template_root

EXAMPLES = """\
examples:
  xenhostgen import mail.txt -o my.yaml                     a mail, mbox, git format-patch or diff
  xenhostgen import more.patch --onto my.yaml -o more.yaml  a patch on top of a spec
  xenhostgen import foo.h foo.c -o foo.yaml                 C files as they are, or just a header
  xenhostgen import *.patch --tree ../linux@v6.12 -o my.yaml   every byte, by the files themselves
  xenhostgen import *.patch --tree ../linux@v6.12 -o series/   a spec for each patch of a series
  xenhostgen import --refresh series/ *.patch --tree ../linux@v6.12   after its specs were edited
"""

_PLACES_MAX = 20  # of carried lines that are told of a file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "patches", nargs="+", metavar="PATCH", type=Path, help="patches, in order, or C files"
    )
    to = parser.add_mutually_exclusive_group(required=True)
    words = "the spec to write, or a folder: a spec for each patch of a series"
    to.add_argument("-o", "--output", metavar="SPEC", type=Path, help=words)
    words = "recreate the carry patches of this spec or folder, and leave the specs alone"
    to.add_argument("--refresh", metavar="SPEC", type=Path, help=words)
    parser.add_argument(
        "--onto", metavar="SPEC", type=Path, help="the spec on top of which the patches go"
    )
    parser.add_argument(
        "--name", metavar="PREFIX", default="", help="the interface to import, if there are several"
    )
    parser.add_argument(
        "--tree", metavar="DIR[@REV]", help="the kernel tree that the patches apply to"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing SPEC")


def run(arguments: argparse.Namespace) -> int:
    """Lift, write, tell; 1 if a new file isn't re-created to the byte, 2 on an error."""
    target = arguments.refresh or arguments.output
    if str(target) == "-":
        hint = "-o NAME.yaml for one spec, -o DIR for the history of a series"
        raise refusal("no-file", "a spec needs a name, by which its carry patch goes", "-o", hint)
    whole = is_history(target) if arguments.refresh else target.is_dir() or not target.suffix
    folder = target if whole else target.parent
    with writing_alone(folder):
        if arguments.refresh:
            return refresh(target, folder, arguments)
        return import_history(folder, arguments) if whole else import_to(target, arguments)


def import_history(folder: Path, arguments: argparse.Namespace) -> int:
    """Write a series as a history; the exit status."""
    there = [str(path) for path in sorted(folder.iterdir())] if folder.is_dir() else []
    if there and not arguments.force:
        hint = "choose an empty folder, or give --force"
        raise refusal("exists", "is there already", there[0], hint)
    left: list[Left] = []
    with _tree(arguments) as tree:
        if not tree or arguments.onto:
            what = "goes without --onto" if arguments.onto else "needs --tree DIR[@REV]"
            hint = "the tree that the first patch applies to; or -o NAME.yaml for one spec"
            raise refusal("history", f"a history {what}", "-o", hint)
        messages = read_messages(arguments.patches, left)
        history = list(states(messages, *tree, _schema(folder)))
    written: dict[str, bytes | None] = dict(files(history))
    names = map(os.path.basename, there)
    stale = {name: None for name in names if is_part(name) and name not in written}
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, {**stale, **written})
    for mail in left:
        say(mail.shown, sys.stdout)
    for number, state in enumerate(history, 1):
        say(f"{folder}/{number:02}: {state.message.subject}", sys.stdout)
        total, carried = _counts(state.lifted.shares if state.lifted else ())
        say(f"  {total - carried} of {total} lines lifted, {carried} carried", sys.stdout)
    return 0


def refresh(target: Path, folder: Path, arguments: argparse.Namespace) -> int:
    """Make carry patches anew from the patches that specs were imported from; the exit status."""
    onto = load(arguments.onto) if arguments.onto else None
    with _tree(arguments) as tree:
        if folder != target:
            imported = read_input(arguments.patches, onto, *(tree or ()))
            carries = {carry_path(target).name: carry_of(imported, load(target))[0]}
        elif tree:
            carries = dict(refreshed(folder, read_messages(arguments.patches), *tree))
        else:
            hint = "the tree that the first patch applies to"
            raise refusal("history", "needs --tree DIR[@REV]", "--refresh", hint)
    changed: dict[str, bytes | None] = {}
    for name, carry in carries.items():
        file = folder / name
        before = file.read_bytes() if file.is_file() else b""
        if carry != before:
            changed[name] = carry or None
            say(f"{file}: made anew", sys.stdout)
            for line in _carried_lines(before, carry):
                say(line, sys.stdout)
    write_files(folder, changed)
    say(f"{target}: {len(changed)} of {len(carries)} carry patches made anew", sys.stdout)
    return 0


def _carried_lines(before: bytes, after: bytes) -> Iterator[str]:
    """How many lines of each file two carry patches carry, where they differ; files that moved."""
    old, new = (
        {file.path: file.changes for file in read_diff(carry, "the carry patch")}
        for carry in (before, after)
    )
    for path in sorted(new.keys() - old.keys()):
        moved = [was for was in old.keys() - new.keys() if old[was] == new[path]]
        if len(moved) == 1:
            del old[moved[0]], new[path]
            yield f"  {path}: was {moved[0]}"
    for path in sorted(old.keys() | new.keys()):
        count, was = (len(side.get(path, ())) for side in (new, old))
        if old.get(path) != new.get(path):
            yield f"  {path}: {count} lines carried, were {was}"


@contextmanager
def _tree(arguments: argparse.Namespace) -> Iterator[tuple[Reader, str] | None]:
    """The kernel tree that the arguments name, and its name; None if they name none."""
    if not arguments.tree:
        yield None
        return
    folder, at, revision = arguments.tree.rpartition("@")
    is_folder = not at or Path(arguments.tree).is_dir()
    with reader(*((Path(arguments.tree),) if is_folder else (Path(folder), revision))) as tree:
        yield tree, arguments.tree


def import_to(output: Path, arguments: argparse.Namespace) -> int:
    """Write one spec, with its carry patch; the exit status."""
    carry = carry_path(output)
    there = [str(path) for path in (output, carry) if path.exists()]
    if there and not arguments.force:
        hint = "give --force to replace it"
        raise Refused([Problem("exists", "is there already", path, hint=hint) for path in there])
    onto = load(arguments.onto) if arguments.onto else None
    schema = _schema(output.parent)
    with _tree(arguments) as tree:
        lifted = lift(
            arguments.patches, str(output), schema, onto, prefix=arguments.name, tree=tree
        )
    files = {output.name: lifted.text.encode(), carry.name: lifted.carry or None}
    write_files(output.parent, files)
    for line in [*(mail.shown for mail in lifted.left), *_report(lifted, output)]:
        say(line, sys.stdout)
    return 0 if all(share.same is not False for share in lifted.shares) else 1


def _schema(folder: Path) -> str:
    """The schema as specs in a folder name it: that of ``specs``, else the shipped one."""
    specs = SPECS if SPECS.is_dir() else template_root().parent / "specs"
    return os.path.relpath(specs / "schema.json", folder)


def _report(lifted: Lifted, output: Path) -> Iterator[str]:
    """What was lifted, file by file and in all."""
    verdicts = {True: ", byte-identical", False: ", NOT identical", None: ""}
    yield f"{output}: {lifted.spec.interface}"
    for share in lifted.shares:
        carried = f", carried: {_ranges(share.carried)}" if share.carried else ""
        blob = f" (blob {share.blob[:12]})" if share.blob else ""
        lines = f"{share.lines - len(share.carried)} of {share.lines} lines lifted"
        yield f"  {share.path}: {lines}{carried}{verdicts[share.same]}{blob}"
    yield from (f"  assumed: {key} ({what})" for key, what in lifted.assumed.items())
    total, carried_lines = _counts(lifted.shares)
    same = [share.same for share in lifted.shares if share.same is not None]
    percent = f"{100 * (total - carried_lines) / max(total, 1):.{1 if carried_lines else 0}f}"
    exact = f"byte-identical {sum(same)}/{len(same)} new files"
    lines = f"({total - carried_lines} of {total} lines)"
    yield f"lifted {percent} % {lines}, {carried_lines} carried; {exact}"
    if lifted.carry:
        yield f"carried by {carry_path(output)}"


def _counts(shares: Sequence[Share]) -> tuple[int, int]:
    """How many lines there are, and how many are carried."""
    return sum(share.lines for share in shares), sum(len(share.carried) for share in shares)


def _ranges(numbers: Sequence[int]) -> str:
    """Line numbers as people write them: 3, 7-9; of many places the first."""
    unique = set(numbers)
    starts = sorted(number for number in unique if number - 1 not in unique)
    ends = sorted(number for number in unique if number + 1 not in unique)
    places = [f"{a}-{b}" if b > a else str(a) for a, b in zip(starts, ends, strict=True)]
    left_out = len(places) - _PLACES_MAX
    rest = [f"and {left_out} more places"] if left_out > 0 else []
    return ", ".join([*places[:_PLACES_MAX], *rest])
