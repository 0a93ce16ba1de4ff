# SPDX-License-Identifier: GPL-2.0-only
"""Measure the checks of verify: make faults in each spec's C, one at a time, and see which go unseen.

Passes when every mutant is killed, is equivalent by its machine code, or is accepted in the spec.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xenhostgen.commands.inputs import add_format, add_specs, spec_paths

if TYPE_CHECKING:
    from xenhostgen.verify.score import Score

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
    parser.add_argument("--jobs", type=int, default=jobs, metavar="N", help="mutants at a time (default: %(default)s)")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score each spec; 1 if a mutant survives that isn't accepted, or an accepted one doesn't."""
    from xenhostgen.report.mutation import as_json, show

    scores = {}
    for path in map(str, spec_paths(arguments.specs)):
        scores[path] = scored(path, max(1, arguments.jobs))
        if arguments.format == "text":
            show(path, scores[path], sys.stdout)
    if arguments.format == "json":
        print(json.dumps({"specs": [as_json(path, score) for path, score in scores.items()]}, indent=2))
    return 0 if all(score.passed for score in scores.values()) else 1


def scored(path: str, jobs: int) -> "Score":
    """The score of one spec, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from xenhostgen.spec.load import load
    from xenhostgen.verify.mutate import mutate

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(path, total=None)
        return mutate(load(Path(path)), jobs, lambda done, of: bar.update(task, completed=done, total=of))
