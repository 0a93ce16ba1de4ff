# SPDX-License-Identifier: GPL-2.0-only
"""Print the matrix of ops and each kind of guest's boot as a time line, without running anything.

The matrix has one row per op and one column per table of a guest, and the column 'none' for empty
slots. A time line shows the steps in the order of the boot, what the slots hold after each, and
what is promised at the end.
"""

import argparse
import shutil
import sys

from xenhostgen.commands.inputs import add_specs, each_spec
from xenhostgen.extensions.overview.text import overview
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface

EXAMPLES = """\
examples:
  xenhostgen show                                    every spec in specs/
  xenhostgen show specs/xenhost.yaml                 as wide as the terminal
  COLUMNS=200 xenhostgen show specs/xenhost.yaml > overview.txt
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show each spec; 2 if one is refused."""
    width = shutil.get_terminal_size().columns

    def show(spec: Interface) -> None:
        for line in overview(spec, width):
            say(line, sys.stdout)

    _, problems = each_spec(arguments, load, show)
    return 2 if problems else 0
