# SPDX-License-Identifier: GPL-2.0-only
"""Judge each spec's C: parse it, run it beside the reference model, boot every kind of guest.

Passes if the findings are exactly those that the spec lists as expected. Judges the C that the spec
renders to or, with --tree, the C in a folder laid out like the kernel. At the levels kernel and
boot, --tree is the Linux source tree to build in; it may already have the rendering.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from difflib import unified_diff
from pathlib import Path

from xenhostgen.commands.inputs import (
    FORMATS,
    add_specs,
    add_unconfined,
    each_spec,
    print_json,
    spec_paths,
)
from xenhostgen.commands.reports import add_reports, write_reports
from xenhostgen.extension_points import LEVELS, check_reachable, hooks
from xenhostgen.render.write import write_files
from xenhostgen.report.cases import Judged, Report, cases, problem_suites
from xenhostgen.report.findings import as_json, show, show_rules
from xenhostgen.report.terminal import progress, say
from xenhostgen.sandbox.process import Job
from xenhostgen.sandbox.process import run as run_program
from xenhostgen.spec.load import load
from xenhostgen.spec.source import NOWHERE, Problem, Refused, refusal
from xenhostgen.verify.accept import accepted
from xenhostgen.verify.catalogue import check_expectations
from xenhostgen.verify.replay import replay
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options

BINUTILS = ("ld", "objcopy")
NAMED = "name gcc or clang, or the path of one, without options (Debian: gcc, clang, binutils)"
EXAMPLES = """\
examples:
  xenhostgen verify                                   every spec in specs/
  xenhostgen verify specs/rfc-v1.yaml --format json   findings with their counterexamples
  xenhostgen verify --format sarif > findings.sarif   for code hosts; junit and ktap for CI
  xenhostgen verify --format github --report junit=verify.xml   several from one run
  xenhostgen verify my.yaml --tree ../mine            a tree's files instead of the rendering
  xenhostgen verify my.yaml --level kernel --tree ../linux   built in that kernel, in .cache
  xenhostgen verify my.yaml --level boot              … and last booted on a real Xen
  xenhostgen verify specs/rfc-v1.yaml --replay 'xenhost_register(xenhost_r2, A)'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_specs(parser)
    parser.add_argument(
        "--tree",
        metavar="DIR",
        type=Path,
        help="judge the C files of this tree; at the levels kernel and boot: the Linux source tree "
        "to build in",
    )
    text = "how far to go (default: %(default)s)"
    parser.add_argument("--level", choices=LEVELS, default="run", help=text)
    parser.add_argument(
        "--cc",
        metavar="COMPILER",
        action="append",
        help="compile with this; may be repeated (default: gcc, and clang if installed)",
    )
    parser.add_argument(
        "--replay", metavar="CALLS", help="run these calls, separated by ';', and show each outcome"
    )
    parser.add_argument(
        "--brief", action="store_true", help="list expected findings by their rules only"
    )
    text = "report any difference between a tree and the rendering as a finding"
    parser.add_argument("--strict", action="store_true", help=text)
    text = "update the spec's expected_findings to the findings, and show what changes"
    parser.add_argument("--accept", action="store_true", help=text)
    add_unconfined(parser)
    add_reports(parser)
    text = "in sarif and github, include expected findings"
    parser.add_argument("--all", action="store_true", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Verify each spec; 1 if a verdict fails, 2 on an error."""
    options = chosen(arguments)
    if arguments.replay is not None:
        return replayed(options, arguments)

    if arguments.accept:
        return accept(options, arguments)

    def judged(path: Path) -> Judged:
        spec = load(path)
        check_expectations(spec)
        verdict = verify(spec, replace(options, progress=progress(str(path))))
        is_given = verdict.statistics.drift is not None
        return Judged(str(path), verdict, str(options.tree if is_given else f"out/{path.stem}"))

    done, problems = each_spec(
        arguments, judged, lambda judged: show(judged, sys.stdout, arguments.brief)
    )
    if arguments.format == "json":
        print_json(map(as_json, done), problems)
    suites = {judged.spec: cases(judged) for judged in done} | problem_suites(problems)
    properties = {"level": options.level, "compilers": " ".join(options.compilers)}
    write_reports(arguments, Report("verify", suites, properties, arguments.all))
    failed = [judged for judged in done if not judged.verdict.passed]
    if arguments.format == "text":
        show_rules(failed, sys.stdout)
    for act in hooks(f"after {arguments.level}"):
        failed += [judged for judged in done if act(Path(judged.spec), arguments.tree)]
    return 2 if problems else int(bool(failed))


def chosen(arguments: argparse.Namespace) -> Options:
    """What to judge and how. Refuses a level that lacks what it needs."""
    tree, level = arguments.tree, arguments.level
    installed = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]
    compilers = usable(arguments.cc or installed or ["gcc"])
    check_reachable(level, tree)
    if level == "boot" and arguments.format != "text":
        hint = "xenhostgen boot SPEC --format json or junit prints the matrix for scripts"
        raise refusal("text-only", "is told as text", "--level boot", hint)
    if tree and not tree.is_dir():
        hint = "give a folder that is laid out like the kernel's"
        raise refusal("no-such-tree", "is no folder", tree, hint)
    if level == "boot":
        level = below_boot(tree)
    return Options(tree, compilers, level, strict=arguments.strict, unconfined=arguments.unconfined)


def below_boot(tree: Path | None) -> str:
    """The highest level below boot that can be reached here."""
    with suppress(Refused):
        check_reachable("kernel" if tree else "prove", tree)
        return "kernel" if tree else "prove"
    return "run"


def usable(compilers: Sequence[str]) -> tuple[str, ...]:
    """Compilers by names that hold in any folder. Refuses what is no compiler."""
    problems = []
    for tool in (*compilers, *BINUTILS):
        program, reason = shutil.which(tool), ""
        if program is None:
            reason = "is not installed"
        elif tool not in BINUTILS:
            answer = run_program(Job([Path(program).absolute(), "-dumpversion"]))
            reason = "" if answer.text[:1].isdigit() else "is no compiler"
        if reason:
            subject = tool if tool in BINUTILS else f"compiler '{tool}'"
            problems.append(Problem("no-compiler", reason, subject, NOWHERE, NAMED))
    if problems:
        raise Refused(problems)
    return tuple(str(Path(name).absolute()) if "/" in name else name for name in compilers)


def accept(options: Options, arguments: argparse.Namespace) -> int:
    """Write what is found of each spec's rendering into the spec; 2 on an error."""
    if options.tree or arguments.report or arguments.format != "text":
        message = "works on the spec's own rendering, and prints text only"
        raise refusal("accept", message, "--accept", "leave out --tree, --format and --report")

    def rewritten(path: Path) -> str:
        spec, text = load(path), path.read_bytes().decode()
        verdict = verify(spec, replace(options, progress=progress(str(path))))
        new = accepted(spec, text, verdict)
        write_files(path.parent, {path.name: new.encode()})
        old, lines = text.splitlines(), new.splitlines()
        return "\n".join(unified_diff(old, lines, str(path), str(path), lineterm="", n=1))

    def told(diff: str) -> None:
        for line in diff.split("\n") if diff else ["nothing changes"]:
            say(line, sys.stdout)

    _, problems = each_spec(arguments, rewritten, told)
    return 2 if problems else 0


def replayed(options: Options, arguments: argparse.Namespace) -> int:
    """Replay calls on one spec's C; 1 if the C and the model part ways."""
    paths = spec_paths(arguments.specs)
    if len(paths) != 1 or arguments.report or arguments.format not in FORMATS:
        message = "takes exactly one SPEC, and prints what happens as text or json"
        raise refusal("replay", message, "--replay")
    calls = [call.strip() for call in arguments.replay.split(";") if call.strip()]
    steps = replay(load(paths[0]), options, calls)
    if arguments.format == "json":
        print(json.dumps([asdict(step) for step in steps], indent=2))
    else:
        for step in steps:
            outcome = "agree" if step.agrees else "DIFFERENT"
            shown = (f"C:     {step.did}", f"model: {step.expected}", outcome)
            for line in (step.call, *(f"    {line}" for line in shown)):
                say(line, sys.stdout)
    return int(not all(step.agrees for step in steps))
