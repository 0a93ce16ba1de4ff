# SPDX-License-Identifier: GPL-2.0-only
"""Judge each spec's C: parse it back, run it beside the reference model, boot every kind of guest.

Passes when exactly the findings are made that the spec lists as expected. The C is what the spec
renders to, or with --tree what lies in a folder laid out like the kernel's. At the levels kernel and
boot, --tree is the Linux source tree to build in. It may have the rendering already.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from xenhostgen.commands.inputs import (
    FORMATS,
    add_format,
    add_specs,
    each_spec,
    print_json,
    spec_paths,
)
from xenhostgen.extensions.kernel_tree.build import Scratch, build
from xenhostgen.extensions.kernel_tree.placing import kernel_version, placed
from xenhostgen.report.cases import Judged, suites
from xenhostgen.report.findings import as_json, show
from xenhostgen.report.junit import as_junit
from xenhostgen.report.ktap import as_ktap
from xenhostgen.report.sarif import as_sarif
from xenhostgen.report.terminal import say
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused, printable
from xenhostgen.verify.catalogue import check_expectations
from xenhostgen.verify.replay import replay
from xenhostgen.verify.run import Kernel, Options, verify

LEVELS = ("parse", "run", "prove", "kernel", "boot")

EXAMPLES = """\
examples:
  xenhostgen verify                                   every spec in specs/
  xenhostgen verify specs/rfc-v1.yaml --format json   findings with their counterexamples
  xenhostgen verify --format sarif > findings.sarif   for code hosts; junit and ktap for CI
  xenhostgen verify my.yaml --tree ../mine            a tree's files instead of the rendering
  xenhostgen verify my.yaml --level kernel --tree ../linux   built in that kernel, objects kept in .cache
  xenhostgen verify my.yaml --level boot              … and last on a real Xen, as by xenhostgen boot
  xenhostgen verify specs/rfc-v1.yaml --replay 'xenhost_register(xenhost_r2, A)'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    said = "judge the C files of this tree; at the levels kernel and boot: the Linux source tree to build in"
    parser.add_argument("--tree", metavar="DIR", type=Path, help=said)
    parser.add_argument(
        "--level", choices=LEVELS, default="run", help="how far to go (default: %(default)s)"
    )
    said = "compile with this; may be repeated (default: gcc, and clang where installed)"
    parser.add_argument("--cc", metavar="COMPILER", action="append", help=said)
    parser.add_argument(
        "--replay", metavar="CALLS", help="run these calls, separated by ';', and show each outcome"
    )
    parser.add_argument(
        "--brief", action="store_true", help="tell expected findings by their rules alone"
    )
    add_format(parser, "sarif", "junit", "ktap")


def run(arguments: argparse.Namespace) -> int:
    """Verify each spec; 1 if a verdict fails, 2 on an error."""
    options, linux = chosen(arguments)
    if arguments.replay is not None:
        return replayed(options, arguments)

    def judged(path: Path) -> Judged:
        spec = load(path)
        check_expectations(spec)
        mine = in_kernel(spec, options, linux) if linux else options
        verdict = verify(spec, mine, progress(str(path)))
        return Judged(str(path), verdict, str(mine.tree or f"out/{path.stem}"))

    done, problems = each_spec(
        arguments, judged, lambda one: show(one, sys.stdout, arguments.brief)
    )
    checks = suites(done, problems)
    if arguments.format == "json":
        print_json(map(as_json, done), problems)
    elif arguments.format == "sarif":
        print(json.dumps(as_sarif(checks), indent=2))
    elif arguments.format == "junit":
        print(as_junit("xenhostgen verify", checks))
    elif arguments.format == "ktap":
        print("\n".join(as_ktap(checks)))
    booted = [boot_of(Path(one.spec), linux) for one in done] if arguments.level == "boot" else []
    passed = all(one.verdict.passed for one in done) and not any(booted)
    return 2 if problems else int(not passed)


def chosen(arguments: argparse.Namespace) -> tuple[Options, Path | None]:
    """What to judge and how, and the kernel to build in. Refuses a level that lacks what it needs."""
    tree, level = arguments.tree, arguments.level
    compilers = usable(
        arguments.cc or [cc for cc in ("gcc", "clang") if shutil.which(cc)] or ["gcc"]
    )
    if level == "boot" and arguments.format != "text":
        hint = "xenhostgen boot SPEC --format json or junit prints the matrix for scripts"
        raise Refused([Problem("text-only", "is told as text", "--level boot", hint=hint)])
    if level in ("kernel", "boot"):
        if tree:
            kernel_version(tree)
        elif level == "kernel":
            hint = "add --tree LINUX, the top folder of a Linux source tree"
            raise Refused(
                [Problem("no-kernel", "needs a kernel to build in", "--level kernel", hint=hint)]
            )
        return Options(None, compilers, "prove"), tree
    if tree and not tree.is_dir():
        hint = "give a folder that is laid out like the kernel's"
        raise Refused([Problem("no-such-tree", "is no folder", str(tree), hint=hint)])
    return Options(tree, compilers, level), None


def usable(compilers: Sequence[str]) -> tuple[str, ...]:
    """Compilers by names that hold in any folder. Refuses what is none, as no fault of the C is to blame."""
    problems = []
    for compiler in compilers:
        found = shutil.which(compiler)
        if found is None or not tells_version(found):
            hint = "name gcc or clang, or the path of one, without options (Debian: gcc, clang)"
            reason = "is no compiler" if found else "is not installed"
            problems.append(Problem("no-compiler", reason, f"compiler '{compiler}'", hint=hint))
    missing = [tool for tool in ("ld", "objcopy", "readelf") if not shutil.which(tool)]
    if missing and not problems:
        problems.append(
            Problem("no-compiler", "is not installed", ", ".join(missing), hint="Debian: binutils")
        )
    if problems:
        raise Refused(problems)
    return tuple(str(Path(one).absolute()) if "/" in one else one for one in compilers)


def tells_version(tool: str) -> bool:
    """Whether a program answers as compilers do."""
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as scratch:
        try:
            (said,) = run_all(
                [Job([str(Path(tool).absolute()), "-dumpversion"], Path())], Path(scratch)
            )
        except BuildError:
            return False
    return said[:1].isdigit()


def in_kernel(spec: Interface, options: Options, linux: Path) -> Options:
    """Build in a kernel, too, kept in .cache; judge its own C, if it has the interface. Refuses what doesn't fit."""
    placement = placed(spec, linux)
    scratch = Scratch(linux, Path(".cache/kernel"), placement.after)
    kernel = Kernel(
        f"Linux {kernel_version(linux)}", lambda tell: build(spec, placement, scratch, tell)
    )
    return replace(options, tree=linux if placement.applied else None, kernel=kernel)


def boot_of(path: Path, linux: Path | None) -> int:
    """Boot one spec as the command does that does just that; its exit status."""
    from xenhostgen.extensions.boot.commands import boot  # heavy, and rarely asked for

    parser = argparse.ArgumentParser()
    boot.add_arguments(parser)
    return boot.run(
        parser.parse_args([str(path), *(["--kernel-source", str(linux)] if linux else [])])
    )


def progress(title: str) -> Callable[[str], None]:
    """A line on a terminal that says what is being done; nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda said: None
    return lambda said: print(
        f"\r\x1b[K{printable(title, '?')}: {said} …", end="\r", file=sys.stderr, flush=True
    )


def replayed(options: Options, arguments: argparse.Namespace) -> int:
    """Replay calls on one spec's C; 1 if the C and the model part ways."""
    paths = spec_paths(arguments.specs)
    if len(paths) != 1 or arguments.format not in FORMATS:
        raise Refused(
            [Problem("replay", "takes exactly one SPEC, and tells it as text or json", "--replay")]
        )
    calls = [call.strip() for call in arguments.replay.split(";") if call.strip()]
    steps = replay(load(paths[0]), options, calls)
    if arguments.format == "json":
        print(json.dumps([asdict(step) for step in steps], indent=2))
    else:
        for step in steps:
            outcome = "agree" if step.agrees else "DIFFERENT"
            for line in (
                step.call,
                f"    C:     {step.did}",
                f"    model: {step.expected}",
                f"    {outcome}",
            ):
                say(line, sys.stdout)
    return int(not all(step.agrees for step in steps))
