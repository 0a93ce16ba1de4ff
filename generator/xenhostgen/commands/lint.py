# SPDX-License-Identifier: GPL-2.0-only
"""Check specs: their shape, and what must hold beyond it. All errors of all files in one go."""

import argparse
import sys
from pathlib import Path

from xenhostgen.commands.inputs import add_format, add_specs, each_spec, print_json, spec_paths
from xenhostgen.extension_points import hooks
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.verify.catalogue import check_expectations

EXAMPLES = """\
examples:
  xenhostgen lint                         every spec in specs/
  xenhostgen lint my.yaml --format json   for scripts and editors
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each spec; 0 if all are fine, else 2."""

    def check(path: Path) -> Path:
        spec = load(path)
        check_expectations(spec)
        for check in hooks("lint"):
            check(spec)
        return path

    _, problems = each_spec(arguments, check, lambda path: say(f"{path}: OK", sys.stdout))
    if arguments.format == "json":
        print_json(spec_paths(arguments.specs), problems)
    return 2 if problems else 0
