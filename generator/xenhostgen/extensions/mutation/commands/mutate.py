# SPDX-License-Identifier: GPL-2.0-only
"""Measure the checks of verify: put faults into each spec's C, one at a time, and verify it.

Passes when every mutant is killed, is equivalent by its machine code, or is accepted with a reason.
Says first when the spec fails verify. Interrupted (Ctrl-C), reports the mutants judged so far.
"""

import argparse
import os
import sys
from pathlib import Path

from xenhostgen.commands.inputs import add_format, add_specs, each_spec, print_json
from xenhostgen.commands.verify import usable
from xenhostgen.extensions.mutation.mutate import mutate
from xenhostgen.extensions.mutation.report import as_json, show
from xenhostgen.extensions.mutation.score import Score
from xenhostgen.report.terminal import clear_progress, progress, say
from xenhostgen.spec.load import load
from xenhostgen.spec.source import Refused

EXAMPLES = """\
examples:
  xenhostgen mutate                                     every spec in specs/
  xenhostgen mutate specs/xenhost.yaml --format json    each mutant with the check that killed it
  xenhostgen mutate my.yaml --file include/xen/my.h     the faults of a single file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    # Half of the time goes into waiting for short processes.
    jobs = 2 * (os.cpu_count() or 1)
    parser.add_argument(
        "--jobs",
        type=int,
        default=jobs,
        metavar="N",
        help="mutants to judge in parallel (default: %(default)s)",
    )
    text = "put faults only into this C file of the spec; may be repeated"
    parser.add_argument("--file", action="append", default=[], metavar="PATH", help=text)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score each spec; 1 if a mutant survives that isn't accepted, or an accepted one doesn't."""
    usable(["gcc"])

    scores: list[tuple[str, Score]] = []

    def scored(path: Path) -> tuple[str, Score]:
        if scores and scores[-1][1].left:
            raise Refused([])  # it was interrupted
        spec, jobs, tell = load(path), max(1, arguments.jobs), progress(str(path), 10)

        def warn(text: str) -> None:
            clear_progress()
            say(f"{path}: {text}", sys.stderr)

        score = mutate(spec, jobs, tell, arguments.file, warn)
        scores.append((str(path), score))
        return scores[-1]

    _, problems = each_spec(arguments, scored, lambda of: show(of[0], of[1], sys.stdout))
    if arguments.format == "json":
        print_json((as_json(*score) for score in scores), problems)
    if any(score.left for _, score in scores):
        raise KeyboardInterrupt
    if problems:
        return 2
    return 0 if all(score.passed for _, score in scores) else 1
