# SPDX-License-Identifier: GPL-2.0-only
"""Render each spec into OUT/SPEC/, laid out like the kernel tree. Only files that differ are written."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xenhostgen.commands.inputs import add_format, add_specs, spec_paths
from xenhostgen.render.fresh import is_fresh, template_root
from xenhostgen.report.generated import Generated, as_json, summary, unified, verdict

if TYPE_CHECKING:
    from xenhostgen.spec.source import Problem

EXAMPLES = """\
examples:
  xenhostgen generate                       every spec in specs/ into out/
  xenhostgen generate my.yaml -o elsewhere   one spec, into another folder
  xenhostgen generate --check               write nothing; fail with a diff if out/ is stale
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        default=Path("out"),
        help="the folder that gets a folder for each spec (default: out)",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 with a diff of each stale file")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render what has to be rendered; 1 if ``--check`` finds a difference, 2 on an error."""
    gc.disable()  # what a run builds lives until it ends; to look for garbage in it costs a tenth
    check, text = arguments.check, arguments.format == "text"
    specs = spec_paths(arguments.specs)
    told: list[Generated] = []
    problems: list[Problem] = []
    for spec in specs:
        one = None if check else unchanged(spec, arguments.output)
        if one is None:
            from xenhostgen.spec.source import Refused

            try:
                one = generated(spec, arguments.output, check)
            except Refused as error:
                problems += error.problems
                if text:
                    from xenhostgen.report.problems import show

                    show(error.problems, sys.stderr)
                continue
        told.append(one)
        if text:
            print("\n".join(verdict(one) if check else summary(one)))
    if not text:
        import json

        from xenhostgen.report.problems import as_json as problem_as_json

        outcome = {
            "specs": [as_json(one, check) for one in told],
            "problems": [problem_as_json(problem) for problem in problems],
        }
        print(json.dumps(outcome, indent=2))
    if problems:
        return 2
    return 1 if check and any(one.written or one.unknown for one in told) else 0


def unchanged(spec: Path, out: Path) -> Generated | None:
    """The outcome if there is nothing to do for a spec, else None."""
    files = is_fresh(spec, out, template_root())
    if files is None:
        return None
    folder = out / spec.stem
    return Generated(str(spec), str(folder), [], [str(folder / name) for name in files], [], [])


def generated(spec: Path, out: Path, check: bool) -> Generated:
    """Render a spec, and write or compare; raises ``Refused``."""
    from xenhostgen.render.generate import generate

    outcome = generate(spec, out, check=check)
    found = outcome.comparison
    diffs = [unified(str(one.path), one.before, one.text) for one in found.stale] if check else []
    return Generated(
        str(spec),
        str(outcome.folder),
        [str(one.path) for one in found.stale],
        [str(path) for path in found.unchanged],
        [str(path) for path in found.unknown],
        diffs,
    )
