# SPDX-License-Identifier: GPL-2.0-only
"""Lift a kernel patch, or an interface's C files, into a spec.

What a spec can't say is kept verbatim as raw blocks in its place. The new spec is rendered and held
against what was imported before it is written.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from xenhostgen.commands.inputs import default_specs, writing_alone
from xenhostgen.extensions.patches.lift import lift
from xenhostgen.render.files import source_name
from xenhostgen.render.write import write_files
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.spec.source import Problem, Refused

EXAMPLES = """\
examples:
  xenhostgen import mail.txt -o my.yaml                     a mail, mbox, git format-patch or diff
  xenhostgen import more.patch --onto my.yaml -o more.yaml  a patch on top of a spec
  xenhostgen import foo.h foo.c -o foo.yaml                 C files as they are, or just a header
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "patches", nargs="+", metavar="PATCH", type=Path, help="patches in their order, or C files"
    )
    parser.add_argument(
        "-o", "--output", metavar="SPEC", type=Path, required=True, help="the spec to write"
    )
    parser.add_argument(
        "--onto", metavar="SPEC", type=Path, help="a spec that the patches go on top of"
    )
    parser.add_argument(
        "--name", metavar="PREFIX", default="", help="the interface, if there are several"
    )
    parser.add_argument("--force", action="store_true", help="replace SPEC if it is there")


def run(arguments: argparse.Namespace) -> int:
    """Lift, write, tell; 1 if a new file isn't re-created to the byte, 2 on an error."""
    with writing_alone(arguments.output.parent):
        return import_to(arguments.output, arguments)


def import_to(output: Path, arguments: argparse.Namespace) -> int:
    """Do that, nobody else writing there meanwhile; the exit status."""
    if output.exists() and not arguments.force:
        raise Refused(
            [Problem("exists", "is there already", str(output), hint="give --force to replace it")]
        )
    onto = load(arguments.onto) if arguments.onto else None
    schema = os.path.relpath(
        default_specs() / "schema.json", output.parent
    )  # as seen from the new spec
    lifted = lift(arguments.patches, str(output), schema, onto, arguments.name)
    write_files(output.parent, {output.name: lifted.text.encode()})
    verdicts = {True: ", byte-identical", False: ", NOT identical", None: ""}
    told = [f"{output}: {lifted.spec.interface}"]
    for share in lifted.shares:
        raw = f", raw: {_ranges(share.raw)}" if share.raw else ""
        blob = f" (blob {share.blob[:12]})" if share.blob else ""
        lines = f"{share.lines - len(share.raw)} of {share.lines} lines lifted"
        told.append(f"  {share.path}: {lines}{raw}{verdicts[share.same]}{blob}")
    told += [f"  assumed: {key} ({what})" for key, what in lifted.assumed.items()]
    if onto and lifted.spec.banner and source_name(onto) != source_name(lifted.spec):
        told.append(
            f"  banner: will name {source_name(lifted.spec)} instead of {source_name(onto)}"
        )
    total, kept = (
        sum(share.lines for share in lifted.shares),
        sum(len(share.raw) for share in lifted.shares),
    )
    same = [share.same for share in lifted.shares if share.same is not None]
    percent = f"{100 * (total - kept) / total:.{1 if kept else 0}f}"
    exact = f"byte-identical {sum(same)}/{len(same)} new files"
    told.append(f"lifted {percent} % ({total - kept} of {total} lines), {kept} raw; {exact}")
    for line in told:
        say(line, sys.stdout)
    return 0 if all(same) else 1


def _ranges(numbers: Sequence[int]) -> str:
    """Line numbers as people write them: 3, 7-9."""
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in zip(starts, ends, strict=True))
