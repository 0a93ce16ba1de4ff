# SPDX-License-Identifier: GPL-2.0-only
"""Print the JSON Schema of specs, by which editors complete and explain keys."""

import argparse
import json
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.spec.schema import json_schema

EXAMPLES = """\
examples:
  xenhostgen schema                         print it
  xenhostgen schema -o specs/schema.json    update the file if it differs

Editors find it by a spec's first line:
  # yaml-language-server: $schema=schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write to this file instead of stdout"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print or write it."""
    print_or_write(f"{json.dumps(json_schema(), indent=2)}\n", arguments.output)
    return 0
