# SPDX-License-Identifier: GPL-2.0-only
"""Write a spec's files and fragments into a kernel tree, or take them out again: all or none.

Each fragment goes where the spec says, located by the structure of the kernel's C. If some place
isn't as the spec describes it, nothing is written, and all such places are listed. For --revert a
record stays in the tree, the file .xenhostgen-INTERFACE.patch; don't commit it.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from xenhostgen.commands.inputs import writing_alone
from xenhostgen.extensions.kernel_tree.apply import apply, record, refuse_links, revert
from xenhostgen.extensions.kernel_tree.carry import newest
from xenhostgen.extensions.kernel_tree.patching import difference
from xenhostgen.extensions.kernel_tree.placing import kernel_version, placed
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import refusal

EXAMPLES = """\
examples:
  xenhostgen apply specs/xenhost.yaml --tree ../linux             write into the tree
  xenhostgen apply specs/xenhost.yaml --tree ../linux --dry-run   show the diff instead
  xenhostgen apply specs/xenhost.yaml --tree ../linux --revert    every byte as it was before
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "spec", metavar="SPEC", type=Path, help="the spec file, or the folder of an imported series"
    )
    parser.add_argument(
        "--tree", metavar="DIR", type=Path, required=True, help="the Linux source tree"
    )
    parser.add_argument("--revert", action="store_true", help="take out what was applied")
    parser.add_argument(
        "--dry-run", action="store_true", help="write nothing; show what would be written"
    )


def run(arguments: argparse.Namespace) -> int:
    """Apply or revert; 0 also if there is nothing to do."""
    spec, tree = load(newest(arguments.spec)), arguments.tree
    with nullcontext() if arguments.dry_run else writing_alone(tree):
        return apply_or_revert(arguments, spec, tree)


def apply_or_revert(arguments: argparse.Namespace, spec: Interface, tree: Path) -> int:
    """Do that, nobody else writing there meanwhile; the exit status."""
    dry = arguments.dry_run
    linux = f"Linux {kernel_version(tree)} in {tree}"
    if arguments.revert and record(spec, tree).exists() and (paths := revert(spec, tree, dry)):
        say(
            f"{spec.path}: {'would be ' if dry else ''}taken out of {len(paths)} files of {linux}",
            sys.stdout,
        )
        return 0
    placement = placed(spec, tree)
    if arguments.revert and placement.applied:
        message = "has it, but not by 'xenhostgen apply', which keeps a record"
        hint = "take its commits out with 'git revert'"
        raise refusal("no-record", message, tree, hint)
    if arguments.revert or placement.applied:
        state = "it is not" if arguments.revert else "it is"
        say(f"{spec.path}: nothing to do, {state} applied to {linux}", sys.stdout)
    elif dry:
        refuse_links(placement.after, tree)
        diff = difference(placement.before, placement.after)
        if sys.stdout.isatty():
            for line in diff.decode(errors="surrogateescape").removesuffix("\n").split("\n"):
                say(line, sys.stdout)
        else:  # every byte, for git to apply
            sys.stdout.buffer.write(diff)
    else:
        apply(spec, placement, tree)
        for path in placement.after:
            say(f"  {path}", sys.stdout)
        say(f"{spec.path}: applied to {len(placement.after)} files of {linux}", sys.stdout)
    return 0
