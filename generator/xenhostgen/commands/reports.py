# SPDX-License-Identifier: GPL-2.0-only
"""Outcomes in the formats of extensions: ``--format`` and ``--report``."""

import argparse
from pathlib import Path

from xenhostgen.commands.inputs import add_format, print_or_write
from xenhostgen.extension_points import formats, hooks
from xenhostgen.report.cases import Report


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Declare ``--format`` with the formats of extensions, and ``--report``."""
    add_format(parser, *formats())
    text = f"also write the outcome to a file, as {', '.join(formats())}; may be repeated"
    parser.add_argument(
        "--report", metavar="FORMAT=FILE", type=report, action="append", default=[], help=text
    )


def report(argument: str) -> tuple[str, Path]:
    """The format and the file that ``--report`` names."""
    form, _, file = argument.partition("=")
    if form not in formats() or not file:
        known = ", ".join(formats())
        raise argparse.ArgumentTypeError(f"'{argument}' is no FORMAT=FILE; formats: {known}")
    return form, Path(file)


def write_reports(arguments: argparse.Namespace, outcome: Report) -> None:
    """Print the outcome if ``--format`` is an extension's, and write each ``--report``."""
    wanted: list[tuple[str, Path | None]] = [(arguments.format, None), *arguments.report]
    for form, file in wanted:
        for write in hooks(f"format {form}"):
            print_or_write(write(outcome), file)
