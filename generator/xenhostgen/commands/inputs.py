# SPDX-License-Identifier: GPL-2.0-only
"""What commands share: the specs, working on one after another, and the form of the outcome."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xenhostgen.render.write import write_files
from xenhostgen.spec.template_sets import template_root

if TYPE_CHECKING:
    from xenhostgen.spec.source import Problem

FORMATS = ("text", "json")
T = TypeVar("T")


def add_specs(parser: argparse.ArgumentParser) -> None:
    """``SPEC…``; without one, the specs of the current folder."""
    said = "spec files (default: specs/*.yaml here, or else those that ship with xenhostgen)"
    parser.add_argument("specs", nargs="*", metavar="SPEC", type=Path, help=said)


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """``--format``; ``more`` are the forms that this command has besides."""
    parser.add_argument(
        "--format", choices=(*FORMATS, *more), default="text", help="how the outcome is printed"
    )


def spec_paths(given: list[Path]) -> list[Path]:
    """The specs to work on, in order. Raises ``Refused`` if there is none, and ``OSError``."""
    # Not glob(), for which a folder that can't be read is empty.
    paths = given or sorted(path for path in default_specs().iterdir() if path.suffix == ".yaml")
    if not paths:
        from xenhostgen.spec.source import Problem, Refused

        raise Refused([Problem("no-specs", "holds no *.yaml", str(default_specs()))])
    return paths


def default_specs() -> Path:
    """``specs`` in the current folder, else the shipped ones, which are where the templates are."""
    return Path("specs") if Path("specs").is_dir() else template_root().parent / "specs"


def each_spec(
    arguments: argparse.Namespace, work: Callable[[Path], T], show: Callable[[T], None]
) -> "tuple[list[T], list[Problem]]":
    """Work on each spec: what came of it, shown at once if that is to be text, and the problems of those refused."""
    done: list[T] = []
    problems: list[Problem] = []
    for path in spec_paths(arguments.specs):
        try:
            done.append(work(path))
        except Exception as error:  # a run without work must not import what Refused needs
            from xenhostgen.report import problems as told
            from xenhostgen.spec.source import Refused

            if not isinstance(error, Refused):
                raise
            problems += error.problems
            if arguments.format != "json":
                told.show(error.problems, sys.stderr)
            continue
        if arguments.format == "text":
            show(done[-1])
    return done, problems


def print_or_write(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file that doesn't hold it yet."""
    if output is None:
        print(text, end="")
    else:
        write_files(output.parent, {output.name: text.encode()})


def print_json(
    specs: Iterable[Any], problems: "Iterable[Problem]", more: Mapping[str, Any] | None = None
) -> None:
    """The outcome of ``each_spec`` for scripts, and what else a command has to tell."""
    import json

    from xenhostgen.report.problems import as_json

    print(
        json.dumps(
            {"specs": list(specs), "problems": list(map(as_json, problems)), **(more or {})},
            indent=2,
        )
    )
