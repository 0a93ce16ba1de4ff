# SPDX-License-Identifier: GPL-2.0-only
"""The keys of a spec, made from the model: as the JSON Schema for editors, or to read."""

import argparse
import json
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.spec.reference import reference
from xenhostgen.spec.schema import json_schema
from xenhostgen.spec.template_sets import template_root
from xenhostgen.spec.yaml import read_file

EXAMPLES = """\
examples:
  xenhostgen schema                         print it
  xenhostgen schema -o specs/schema.json    write it, if that file is not the same already
  xenhostgen schema --format markdown -o docs/spec.md    the reference of all keys

Editors find it by a spec's first line:
  # yaml-language-server: $schema=schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--format",
        choices=("schema", "markdown"),
        default="schema",
        help="for editors or for readers",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it to a file")


def run(arguments: argparse.Namespace) -> int:
    """Print or write them."""
    lines = [json.dumps(json_schema(), indent=2)]
    if arguments.format == "markdown":
        examples = sorted((template_root().parent / "specs").glob("*.yaml"), reverse=True)
        lines = list(reference(map(read_file, examples)))
    print_or_write("\n".join([*lines, ""]), arguments.output)
    return 0
