# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema by which editors complete and check a spec, made from the model."""

import argparse
import json
import sys
from pathlib import Path

from xenhostgen.commands.inputs import argument, print_or_write
from xenhostgen.report.terminal import say
from xenhostgen.spec.schema import json_schema
from xenhostgen.spec.source import Problem, Refused

EXAMPLES = """\
examples:
  xenhostgen schema                                print it
  xenhostgen schema -o specs/schema.json           write it
  xenhostgen schema --check -o specs/schema.json   fail if that file is not the one

Editors find it by a spec's first line:
  # yaml-language-server: $schema=schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it to a file")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if FILE is not up to date"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print, write or check the schema."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    output: Path | None = arguments.output
    if not arguments.check:
        print_or_write(text, output)
        return 0
    if output is None:
        raise Refused([Problem("no-file", "needs a file to check", "--check", hint="add -o FILE")])
    fresh = output.is_file() and output.read_bytes() == text.encode()
    if not fresh:
        say(f"{output}: stale; run: xenhostgen schema -o {argument(output)}", sys.stdout)
    return int(not fresh)
