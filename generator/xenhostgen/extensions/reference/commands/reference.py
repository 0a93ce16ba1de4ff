# SPDX-License-Identifier: GPL-2.0-only
"""Print the reference of the spec language as Markdown, from the model that reads specs."""

import argparse
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.extensions.reference.language import reference
from xenhostgen.spec.template_sets import template_root
from xenhostgen.spec.yaml import read_file

EXAMPLES = """\
examples:
  xenhostgen reference | less             read it
  xenhostgen reference -o docs/spec.md    update the file if it differs
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write to this file instead of stdout"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print or write it; its examples are from the shipped specs."""
    examples = sorted((template_root().parent / "specs").glob("*.yaml"), reverse=True)
    print_or_write("\n".join([*reference(map(read_file, examples)), ""]), arguments.output)
    return 0
