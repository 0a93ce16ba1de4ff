# SPDX-License-Identifier: GPL-2.0-only
"""Write one HTML page about specs: ops, states, boots, findings and measurements.

The page is self-contained and loads nothing from the network. Its verdict, and the exit status, are
those of verify.
"""

import argparse
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from xenhostgen.commands.inputs import add_specs, add_unconfined, each_spec, print_or_write
from xenhostgen.commands.verify import chosen
from xenhostgen.extensions.overview.difference import difference
from xenhostgen.extensions.overview.mutants import read_mutants
from xenhostgen.extensions.overview.page import Section, page
from xenhostgen.report.terminal import progress, say
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.verify.catalogue import check_expectations
from xenhostgen.verify.run import verify

EXAMPLES = """\
examples:
  xenhostgen report specs/xenhost.yaml -o report.html
  xenhostgen report -o all.html                        every spec in specs/
  xenhostgen report my.yaml -o quick.html --level parse   without running the C
  xenhostgen mutate my.yaml --format json > mutants.json
  xenhostgen report my.yaml -o report.html --mutants mutants.json
  xenhostgen report specs/rfc-v1.yaml -o report.html --patch rfc.mbox
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="the page (default: stdout)"
    )
    text = "how far to go (default: %(default)s)"
    parser.add_argument("--level", choices=("parse", "run", "prove"), default="run", help=text)
    text = "compile with this; may be repeated (default: gcc, and clang if installed)"
    parser.add_argument("--cc", metavar="COMPILER", action="append", help=text)
    text = "compare with this patch (default: the facts that a spec names as its reference)"
    parser.add_argument("--patch", metavar="PATCH", type=Path, help=text)
    text = "show these mutants, as 'mutate --format json' prints them"
    parser.add_argument("--mutants", metavar="FILE", type=Path, help=text)
    add_unconfined(parser)
    parser.set_defaults(format="html", tree=None, strict=False)


def run(arguments: argparse.Namespace) -> int:
    """Write the page; 1 if a verdict fails, 2 on an error, and then there is no page."""
    options = chosen(arguments)
    mutants = read_mutants(arguments.mutants) if arguments.mutants else {}

    numbers = count(1)

    def judged(path: Path) -> Section:
        source = yaml.read_file(path)
        spec = load_text(source, str(path))
        check_expectations(spec)
        compared = difference(spec, arguments.patch)
        verdict = verify(spec, replace(options, progress=progress(str(path))))
        scored = mutants.get(str(path.absolute()))
        return Section(
            f"s{next(numbers)}", spec, source, verdict=verdict, difference=compared, mutants=scored
        )

    sections, problems = each_spec(arguments, judged, lambda section: None)
    if problems:
        return 2
    print_or_write(page(sections), arguments.output)
    for section in sections if arguments.output else ():
        say(f"{section.spec.path}: {section.summary[-1]}", sys.stderr)
    return int(not all(section.verdict.passed for section in sections))
