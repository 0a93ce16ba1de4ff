# SPDX-License-Identifier: GPL-2.0-only
"""Judge each spec's C: parse it back, run it beside the reference model, boot every kind of guest.

Passes when exactly the findings are made that the spec lists as expected. The C is what the spec
renders to, or with --tree what lies in a folder laid out like the kernel's.
"""

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from xenhostgen.commands.inputs import FORMATS, add_format, add_specs, spec_paths
from xenhostgen.report.cases import Judged

if TYPE_CHECKING:
    from xenhostgen.spec.model import Interface
    from xenhostgen.verify.findings import Verdict
    from xenhostgen.verify.run import Options

LEVELS = ("parse", "run", "prove", "kernel", "boot")

EXAMPLES = """\
examples:
  xenhostgen verify                                   every spec in specs/
  xenhostgen verify specs/rfc-v1.yaml --format json   findings with their counterexamples
  xenhostgen verify --format sarif > findings.sarif   for code hosts; junit and ktap for CI
  xenhostgen verify my.yaml --tree ../linux           a tree's files instead of the rendering
  xenhostgen verify specs/xenhost.yaml --kernel ../linux   build it there, objects kept in .cache
  xenhostgen verify specs/xenhost.yaml --level boot   … and last on a real Xen, as by xenhostgen boot
  xenhostgen verify specs/rfc-v1.yaml --replay 'xenhost_register(xenhost_r2, A)'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    parser.add_argument("--tree", metavar="DIR", type=Path, help="judge the C files of this tree")
    parser.add_argument("--kernel", metavar="LINUX", type=Path, help="build it in this Linux source tree, too")
    parser.add_argument("--level", choices=LEVELS, default="run", help="how far to go (default: %(default)s)")
    parser.add_argument(
        "--cc",
        metavar="COMPILER",
        action="append",
        help="compile with this; may be repeated (default: gcc, and clang where installed)",
    )
    parser.add_argument("--replay", metavar="CALLS", help="run these calls, separated by ';', and show each outcome")
    parser.add_argument("--brief", action="store_true", help="tell expected findings by their rules alone")
    add_format(parser, "sarif", "junit", "ktap")


def run(arguments: argparse.Namespace) -> int:
    """Verify each spec; 1 if a verdict fails, 2 on an error."""
    from xenhostgen.report.findings import show
    from xenhostgen.spec.load import load
    from xenhostgen.verify.catalogue import check_expectations
    from xenhostgen.verify.run import Options, verify

    # Ended from outside, too, it takes its temporary files and processes along.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    compilers = tuple(arguments.cc or [cc for cc in ("gcc", "clang") if shutil.which(cc)] or ["gcc"])
    inside = "prove" if arguments.level in ("kernel", "boot") else arguments.level
    check_level(arguments)
    options = Options(checked_tree(arguments.tree), compilers, inside)
    paths = spec_paths(arguments.specs)
    if arguments.replay is not None:
        return replayed(paths, options, arguments)
    judged = []
    for path in paths:
        spec = load(path)
        check_expectations(spec)
        verdict = verify(spec, options, progress(str(path)))
        if arguments.kernel:
            verdict = built(spec, verdict, arguments.kernel, progress(str(path)))
        judged.append(Judged(str(path), verdict, str(arguments.tree or f"out/{path.stem}")))
        if arguments.format == "text":
            show(str(path), verdict, sys.stdout, arguments.brief)
    if arguments.format != "text":
        print(formatted(judged, arguments.format))
    booted = [boot_of(path) for path in paths] if arguments.level == "boot" else []
    return 0 if all(each.verdict.passed for each in judged) and not any(booted) else 1


def check_level(arguments: argparse.Namespace) -> None:
    """Refuse a level that lacks what it needs."""
    from xenhostgen.spec.source import Problem, Refused

    if arguments.level == "kernel" and not arguments.kernel:
        raise Refused([Problem("no-kernel", "needs a kernel tree", "--level kernel", hint="add --kernel LINUX")])
    if arguments.level == "boot" and arguments.format != "text":
        hint = "xenhostgen boot SPEC --format json or junit prints the matrix for scripts"
        raise Refused([Problem("text-only", "is told as text", "--level boot", hint=hint)])


def boot_of(path: Path) -> int:
    """Boot one spec with the defaults of the command that does just that; its exit status."""
    from xenhostgen.commands import boot

    parser = argparse.ArgumentParser()
    boot.add_arguments(parser)
    return boot.run(parser.parse_args([str(path)]))


def formatted(judged: list[Judged], form: str) -> str:
    """The verdicts for other programs."""
    from xenhostgen.report.findings import as_json
    from xenhostgen.report.junit import as_junit
    from xenhostgen.report.ktap import as_ktap
    from xenhostgen.report.sarif import as_sarif

    if form == "junit":
        return as_junit(judged)
    if form == "ktap":
        return "\n".join(as_ktap(judged))
    told = {"specs": [as_json(each.spec, each.verdict) for each in judged]}
    return json.dumps(as_sarif(judged) if form == "sarif" else told, indent=2)


def built(spec: "Interface", verdict: "Verdict", linux: Path, tell: Callable[[str], None]) -> "Verdict":
    """The verdict with what a kernel build says besides; its objects are kept in .cache/kernel."""
    from dataclasses import replace

    from xenhostgen.kernel.build import build
    from xenhostgen.verify.findings import Finding, Where
    from xenhostgen.verify.places import spec_places

    known = {expected.rule for expected in spec.expected_findings}
    complaints = [each for each in build(spec, linux, Path(".cache/kernel"), tell) if each.rule not in known]
    at = spec_places(spec)
    found = [
        Finding(one.rule, one.file, one.message, Where(one.file, one.line), at.get(one.file, spec.at), (), "kernel")
        for one in complaints
    ]
    return replace(verdict, unexpected=(*verdict.unexpected, *found))


def checked_tree(tree: Path | None) -> Path | None:
    """The tree, if it is a folder; raises ``Refused``."""
    if tree is not None and not tree.is_dir():
        from xenhostgen.spec.source import Problem, Refused

        hint = "give a folder that is laid out like the kernel's"
        raise Refused([Problem("no-such-tree", "is no folder", str(tree), hint=hint)])
    return tree


def progress(title: str) -> Callable[[str], None]:
    """A line on a terminal that says what is being done; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda said: None
    return lambda said: print(f"\r\x1b[K{title}: {said} …", end="\r", file=sys.stderr, flush=True)


def replayed(paths: list[Path], options: "Options", arguments: argparse.Namespace) -> int:
    """Replay calls on one spec's C; 1 if the C and the model part ways."""
    from xenhostgen.spec.load import load
    from xenhostgen.spec.source import Problem, Refused
    from xenhostgen.verify.replay import replay

    if len(paths) != 1 or arguments.format not in FORMATS:
        raise Refused([Problem("replay", "takes exactly one SPEC, and tells it as text or json", "--replay")])
    calls = [call.strip() for call in arguments.replay.split(";") if call.strip()]
    steps = replay(load(paths[0]), options, calls)
    if arguments.format == "json":
        from dataclasses import asdict

        print(json.dumps([asdict(step) for step in steps], indent=2))
    else:
        for step in steps:
            print(f"{step.call}\n    C:     {step.did}\n    model: {step.expected}")
            print("    agree" if step.agrees else "    DIFFERENT")
    return 0 if all(step.agrees for step in steps) else 1
