# SPDX-License-Identifier: GPL-2.0-only
"""Write a spec to start from: small, commented and valid."""

import argparse
import sys
from pathlib import Path

from xenhostgen.commands.inputs import print_or_write
from xenhostgen.render.environment import environment, guarded
from xenhostgen.report.terminal import say
from xenhostgen.spec.c_names import KEYWORDS
from xenhostgen.spec.kinds import NAME
from xenhostgen.spec.source import NOWHERE, Problems, Text, refusal
from xenhostgen.spec.template_sets import template_root, template_sets

EXAMPLES = """\
examples:
  xenhostgen init widget -o widget.yaml     then: xenhostgen lint widget.yaml
  xenhostgen init widget --set rfc          in the form of the RFC, faults included
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("prefix", metavar="PREFIX", help="the prefix of all generated names")
    sets = template_sets()
    parser.add_argument("--set", choices=sets, default="kernel", help="the template set")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write to this file instead of stdout"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print or write a spec. Raises ``Refused`` for a prefix that is no name, or an old file."""
    problems, prefix = Problems("PREFIX", ""), Text(arguments.prefix)
    prefix.line, prefix.column = NOWHERE
    NAME.read(prefix, "the prefix", problems)
    if prefix in KEYWORDS:
        problems.add("c-keyword", f"'{prefix}' is a keyword of C", NOWHERE, "choose another name")
    problems.raise_if_any()
    output: Path | None = arguments.output
    if output and output.is_file():
        raise refusal("exists", "is there already", output, "name another file, or remove it")
    start = environment(arguments.set, template_root()).get_template("start.yaml.j2")
    spec = guarded(start.render, prefix=arguments.prefix, templates=arguments.set)
    print_or_write(spec, output)
    if output:
        say(f"next: xenhostgen lint {output}, generate, verify", sys.stderr)
    return 0
