# SPDX-License-Identifier: GPL-2.0-only
"""Print the JSON Schema of specs, by which editors complete and explain keys."""

import argparse
import json

from xenhostgen.spec.schema import json_schema

EXAMPLES = """\
examples:
  xenhostgen schema | less                  read it
  xenhostgen schema > specs/schema.json     keep it beside the specs

Editors find it by a spec's first line:
  # yaml-language-server: $schema=schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    print(json.dumps(json_schema(), indent=2))
    return 0
