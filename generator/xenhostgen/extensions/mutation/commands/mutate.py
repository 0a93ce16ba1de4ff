# SPDX-License-Identifier: GPL-2.0-only
"""Measure the checks of verify: make faults in each spec's C, one at a time: which go unseen?

Passes when every mutant is killed, is equivalent by its machine code, or is accepted with a reason.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from xenhostgen.commands.inputs import add_format, add_specs, each_spec, print_json
from xenhostgen.commands.verify import usable
from xenhostgen.extensions.mutation.mutate import mutate
from xenhostgen.extensions.mutation.report import as_json, show
from xenhostgen.extensions.mutation.score import Score
from xenhostgen.spec.load import load
from xenhostgen.spec.source import printable

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
        with progress_bar(str(path)) as progress:
            return str(path), mutate(load(path), max(1, arguments.jobs), progress)

    scores, problems = each_spec(arguments, scored, lambda one: show(*one, sys.stdout))
    if arguments.format == "json":
        print_json((as_json(*one) for one in scores), problems)
    if problems:
        return 2
    return 0 if all(score.passed for _, score in scores) else 1


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how many of how many are done, on a terminal that has rich; nothing elsewhere."""
    if not sys.stderr.isatty() or find_spec("rich") is None:
        yield lambda done, of: None
        return
    from rich.console import Console  # heavy
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(title, "?"), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
