# SPDX-License-Identifier: GPL-2.0-only
"""Check specs: the shape, the rules of the language, and, with a compiler, each piece of C.

Reports all errors of all files at once.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from xenhostgen.commands.inputs import add_specs, each_spec, print_json, spec_paths
from xenhostgen.commands.reports import add_reports, write_reports
from xenhostgen.extension_points import hooks
from xenhostgen.render.write import write_files
from xenhostgen.report.cases import Case, Report, problem_suites
from xenhostgen.report.terminal import say
from xenhostgen.sandbox.confinement import obstacle
from xenhostgen.spec.load import load, load_text
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import SpecError
from xenhostgen.spec.yaml import read_file
from xenhostgen.verify.catalogue import check_expectations
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.pieces import check_pieces, is_certain
from xenhostgen.verify.subject import Options, is_ours, prepared

COMPILER = "gcc"
_OF_THE_LANGUAGE = {"unknown-key", "unknown-step", "unknown-choice", "unknown-rule", "unknown-part"}

_WORD = re.compile(r"^([\"']?)[\w-]+\1(?=[\s:,\]}]|$)")

EXAMPLES = """\
examples:
  xenhostgen lint                         every spec in specs/
  xenhostgen lint my.yaml --fix           correct keys that are misspelt or from version 1
  xenhostgen lint my.yaml --format json   for scripts and editors
  xenhostgen lint --format github         annotations of the spec's lines, in GitHub Actions
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    text = "first correct misspelt words of the language, and words of version 1"
    parser.add_argument("--fix", action="store_true", help=text)
    add_reports(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check each spec; 0 if all are fine, else 2."""

    def check(path: Path) -> tuple[Path, str]:
        while arguments.fix and fix_words(path):
            pass  # a word that is right may let others be read
        spec = load(path)
        check_expectations(spec)
        why_not = check_c(spec)
        for check in hooks("lint"):
            check(spec)
        return path, why_not

    def show(checked: tuple[Path, str]) -> None:
        path, why_not = checked
        but = f", but its pieces of C weren't checked: {why_not}" if why_not else ""
        say(f"{path}: OK{but}", sys.stdout)

    done, problems = each_spec(arguments, check, show)
    if arguments.format == "json":
        print_json(spec_paths(arguments.specs), problems)
    suites = {str(path): cases(why_not) for path, why_not in done}
    write_reports(arguments, Report("lint", suites | problem_suites(problems, "failure")))
    return 2 if problems else 0


def fix_words(path: Path) -> bool:
    """Replace the language's words that are wrong in a spec and near to one word alone."""
    source = read_file(path)
    try:
        check_expectations(load_text(source, str(path)))
    except SpecError as error:
        wrong = [
            problem
            for problem in error.problems
            if problem.meant and problem.rule in _OF_THE_LANGUAGE
        ]
    else:
        return False
    lines, changes = source.split("\n"), []
    for problem in reversed(wrong):
        row, column = problem.at.line - 1, problem.at.column - 1
        before, rest = lines[row][:column], lines[row][column:]
        line = before + _WORD.sub(rf"\g<1>{problem.meant}\g<1>", rest)
        if line != lines[row]:  # written with escapes it stays
            lines[row] = line
            changes.append(f"{problem.path}:{row + 1}:{column + 1}: now '{problem.meant}'")
    write_files(path.parent, {path.name: "\n".join(lines).encode()})
    for change in changes:
        say(change, sys.stderr)
    return bool(changes)


def cases(why_not: str) -> list[Case]:
    """What there is to say of a spec that is right."""
    pieces = Case("pieces-of-c", "skipped" if why_not else "ok", reason=why_not)
    return [Case("spec"), pieces]


def check_c(spec: Interface) -> str:
    """Ask a compiler about the spec's pieces of C; why none could be asked, else nothing.

    Raises ``SpecError``.
    """
    if not shutil.which(COMPILER):
        return f"{COMPILER} is not installed"
    options = Options(compilers=(COMPILER,))
    if (reason := obstacle()) and not is_ours(spec, options):
        return reason
    with prepared(spec, options) as subject:
        headers = subject.harness.stand_ins
        try:
            check_pieces(subject.harness, Expectation(spec))
            for check in hooks("lint c"):
                check(subject)
        except SpecError as error:
            if problems := [
                problem for problem in error.problems if not headers or is_certain(problem)
            ]:
                raise SpecError(problems) from None
            return f"only the kernel knows what {', '.join(headers)} declare"
    return ""
