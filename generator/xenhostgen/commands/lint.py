# SPDX-License-Identifier: GPL-2.0-only
"""Check specs: their shape, and what must hold beyond it. All errors of all files in one go."""

import argparse
import sys

from xenhostgen.commands.inputs import add_format, add_specs, spec_paths

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
    from xenhostgen.report.problems import as_json, show
    from xenhostgen.spec.load import load
    from xenhostgen.spec.source import Problem, SpecError
    from xenhostgen.verify.catalogue import check_expectations

    problems: list[Problem] = []
    specs = spec_paths(arguments.specs)
    for path in specs:
        try:
            check_expectations(load(path))
        except SpecError as error:
            problems += error.problems
            if arguments.format == "text":
                show(error.problems, sys.stderr)
        else:
            if arguments.format == "text":
                print(f"{path}: OK")
    if arguments.format == "json":
        import json

        outcome = {"specs": [str(path) for path in specs], "problems": list(map(as_json, problems))}
        print(json.dumps(outcome, indent=2))
    return 2 if problems else 0
