# SPDX-License-Identifier: GPL-2.0-only
"""Measure the checks of verify: make faults in each spec's C, one at a time: which go unseen?

Passes when every mutant is killed, is equivalent by its machine code, or is accepted with a reason.
"""

import argparse
import os
import sys
from pathlib import Path

from xenhostgen.commands.inputs import add_format, add_specs, each_spec, print_json
from xenhostgen.commands.verify import progress, usable
from xenhostgen.extensions.mutation.mutate import mutate
from xenhostgen.extensions.mutation.report import as_json, show
from xenhostgen.extensions.mutation.score import Score
from xenhostgen.spec.load import load

EXAMPLES = """\
examples:
  xenhostgen mutate                                     every spec in specs/
  xenhostgen mutate specs/xenhost.yaml --format json    each mutant with the check that killed it
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
        help="mutants at a time (default: %(default)s)",
    )
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score each spec; 1 if a mutant survives that isn't accepted, or an accepted one doesn't."""
    usable(["gcc"])

    def scored(path: Path) -> tuple[str, Score]:
        return str(path), mutate(load(path), max(1, arguments.jobs), progress(str(path)))

    scores, problems = each_spec(arguments, scored, lambda score: show(*score, sys.stdout))
    if arguments.format == "json":
        print_json((as_json(*score) for score in scores), problems)
    if problems:
        return 2
    return 0 if all(score.passed for _, score in scores) else 1
