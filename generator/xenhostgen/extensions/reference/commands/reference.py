# SPDX-License-Identifier: GPL-2.0-only
"""Print the reference of the spec language as Markdown, from the model that reads specs."""

import argparse

from xenhostgen.extensions.reference.language import reference
from xenhostgen.spec.template_sets import template_root
from xenhostgen.spec.yaml import read_file

EXAMPLES = """\
examples:
  xenhostgen reference | less             read it
  xenhostgen reference > spec.md          keep it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> int:
    """Print it; its examples are from the shipped specs."""
    examples = sorted((template_root().parent / "specs").glob("*.yaml"), reverse=True)
    print("\n".join(reference(map(read_file, examples))))
    return 0
