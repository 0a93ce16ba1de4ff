# SPDX-License-Identifier: GPL-2.0-only
"""What commands share: the specs, working on one after another, and the form of the outcome."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from xenhostgen.render.write import alone, write_files
from xenhostgen.report.problems import as_json
from xenhostgen.report.problems import show as show_problems
from xenhostgen.report.terminal import clear_progress, say
from xenhostgen.spec.source import Problem, Refused, refusal
from xenhostgen.spec.template_sets import template_root

FORMATS = ("text", "json")
T = TypeVar("T")
SPECS = Path("specs")
"""The folder of the specs that are worked on where none is named."""


def add_specs(parser: argparse.ArgumentParser) -> None:
    """Declare ``SPEC…``; without one, the specs of the current folder.

    ``each_spec`` shows each outcome as text, unless the command has ``--format``, too.
    """
    text = "spec files (default: specs/*.yaml here)"
    parser.add_argument("specs", nargs="*", metavar="SPEC", type=Path, help=text)
    parser.set_defaults(format="text")


def add_format(parser: argparse.ArgumentParser, *others: str) -> None:
    """Declare ``--format``; ``others`` are the forms that this command has besides."""
    parser.add_argument(
        "--format", choices=(*FORMATS, *others), default="text", help="the output format"
    )


def add_unconfined(parser: argparse.ArgumentParser) -> None:
    """Declare ``--unconfined``."""
    text = "trust the C: compile and run it without bubblewrap"
    parser.add_argument("--unconfined", action="store_true", help=text)


def spec_paths(paths: list[Path]) -> list[Path]:
    """The specs to work on, in order. Raises ``Refused`` if there is none, and ``OSError``."""
    if paths:
        return list(dict.fromkeys(paths))
    # Not glob(), for which a folder that can't be read is empty.
    there = SPECS.iterdir() if SPECS.exists() else ()
    if not (paths := sorted(path for path in there if path.suffix == ".yaml")):
        hint = "name a spec, or begin one: xenhostgen init PREFIX; examples are in "
        hint += str(template_root().parent / "specs")
        raise refusal("no-specs", "holds no *.yaml", SPECS, hint)
    return paths


def each_spec(
    arguments: argparse.Namespace, work: Callable[[Path], T], show: Callable[[T], None]
) -> tuple[list[T], list[Problem]]:
    """Work on each spec; the outcomes, and the problems of specs that were refused.

    Unless the command's format is for scripts, both are shown as soon as they are known.
    """
    outcomes: list[T] = []
    problems: list[Problem] = []
    for path in spec_paths(arguments.specs):
        try:
            try:
                outcome = work(path)
            finally:
                clear_progress()
        except Refused as error:
            problems += error.problems
            if arguments.format != "json":
                print_problems(error.problems)
            continue
        outcomes.append(outcome)
        if arguments.format == "text":
            show(outcome)
    return outcomes, problems


def print_problems(problems: Iterable[Problem], form: str = "text") -> None:
    """Print problems for a person, or as an outcome without specs for scripts."""
    if form == "json":
        print_json([], problems)
    else:
        show_problems(problems, sys.stderr)


@contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Keep other runs from writing below a folder; say what a killed one's end was made up for."""
    with alone(folder) as lines:
        for line in lines:
            say(f"xenhostgen: {line}", sys.stderr)
        yield


def print_or_write(text: str, output: Path | None) -> None:
    """Print a text, also for ``-`` and /dev/stdout, or write it to a file that doesn't hold it."""
    if output is None or str(output) in ("-", "/dev/stdout"):
        print(text, end="")
    else:
        write_files(output.parent, {output.name: text.encode()})


def print_json(specs: Iterable[Any], problems: Iterable[Problem], **others: Any) -> None:
    """Print the outcome of ``each_spec`` for scripts, and what else a command has to tell."""
    outcome = {"specs": list(specs), "problems": list(map(as_json, problems)), **others}
    print(json.dumps(outcome, indent=2, default=str))
