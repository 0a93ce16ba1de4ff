# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel with a spec's interface and boot it on a real Xen, as every kind of guest.

The kernel's own KUnit tests, generated from the reference model, report from inside each guest. All
runs under QEMU's software emulation; nothing is installed, everything lies in the work folder.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xenhostgen.kernel.boot.run import Booted
    from xenhostgen.report.booted import Checked
    from xenhostgen.spec.model import Interface
    from xenhostgen.verify.findings import Verdict

EXAMPLES = """\
examples:
  xenhostgen boot specs/xenhost.yaml                              all kinds of guests, on Linux 6.12
  xenhostgen boot specs/rfc-v1.yaml --guests pv-dom0,pvh-dom0     the expected findings, for real
  xenhostgen boot specs/xenhost.yaml --kernel-source ../linux     on another kernel
  xenhostgen boot specs/xenhost.yaml --format junit >boot.xml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="the spec file")
    parser.add_argument("--guests", metavar="LIST", help="pv-dom0,pvh-dom0,pv,pvh,hvm,nested, or some of them")
    kernel = "the version of a linux-source package, or a kernel tree, which is left as it is (default: %(default)s)"
    parser.add_argument("--kernel-source", metavar="VERSION|DIR", default="6.12", help=kernel)
    work = "where everything is built and kept for the next run (default: %(default)s)"
    parser.add_argument("--work", metavar="DIR", type=Path, default=Path(".cache/boot"), help=work)
    parser.add_argument("--kvm", action="store_true", help="use KVM, which must be able to nest")
    parser.add_argument(
        "--format", choices=("text", "json", "junit"), default="text", help="how the outcome is printed"
    )


def run(arguments: argparse.Namespace) -> int:
    """Boot; 1 if a guest differs from the model in a way that the spec doesn't expect."""
    from xenhostgen.kernel.boot.guests import GUESTS
    from xenhostgen.kernel.boot.run import Options, boot_all
    from xenhostgen.report.booted import junit, matrix_json, show_matrix
    from xenhostgen.spec.load import load
    from xenhostgen.spec.source import Problem, Refused, did_you_mean

    spec = load(arguments.spec)
    guests = tuple(arguments.guests.split(",") if arguments.guests else GUESTS)
    unknown = [name for name in guests if name not in GUESTS]
    if unknown:
        hint = did_you_mean(unknown[0], list(GUESTS))
        raise Refused([Problem("unknown-guest", f"no kind of guest '{unknown[0]}'", "--guests", hint=hint)])
    started = time.monotonic()
    said = _progress(started)
    booted = boot_all(spec, Options(guests, arguments.kernel_source, arguments.work, arguments.kvm), said)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    verdict = verdict_on(spec, booted, round(time.monotonic() - started, 1))
    cells = checked(booted, verdict)
    if arguments.format == "json":
        print(matrix_json(str(arguments.spec), cells, verdict))
    elif arguments.format == "junit":
        print(junit(str(arguments.spec), cells))
    else:
        show_matrix(str(arguments.spec), cells, verdict, sys.stdout)
    return 0 if verdict.passed else 1


def _progress(started: float) -> Callable[[str], None]:
    """Says what is being done and since when: one line on a terminal, else a line each."""

    def say(what: str) -> None:
        line = f"[{time.monotonic() - started:4.0f} s] {what} …"
        print(
            f"\r\x1b[K{line}" if sys.stderr.isatty() else line,
            end="\r" if sys.stderr.isatty() else "\n",
            file=sys.stderr,
        )
        sys.stderr.flush()

    return say


def verdict_on(spec: "Interface", booted: "Booted", seconds: float) -> "Verdict":
    """The findings of all guests against those that the spec expects and these guests can show."""
    from xenhostgen.verify.findings import judge

    first = {(one.rule, one.subject): one for cell in reversed(booted.cells) for one in reversed(cell.findings)}
    verdict = judge(spec, reversed(first.values()), {"seconds": seconds, "kernel": booted.kernel})
    checks = {(cell.guest, cell.check) for cell in booted.cells}
    watched = {
        "registry-in-bss": any(guest.startswith("pvh") for guest, _ in checks),
        "state-read-before-set": ("pv-dom0", "answered") in checks,
        "nested-table-unused": False,  # tells of what never runs
    }
    dom0 = ("pv-dom0", "fatal") in checks
    return replace(verdict, missing=tuple(one for one in verdict.missing if watched.get(one.rule, dom0)))


def checked(booted: "Booted", verdict: "Verdict") -> "Sequence[Checked]":
    """The cells of the matrix; several boots may go into one."""
    known = {(one.rule, one.subject) for one, _ in verdict.expected}
    made: dict[tuple[str, str], Checked] = {}
    for cell in booted.cells:
        found = [f"{one.rule}: {one.message}" for one in cell.findings]
        unexpected = any((one.rule, one.subject) not in known for one in cell.findings)
        status = "FAIL" if unexpected else "known" if found else "ok"
        name = next((one.seen_by.removeprefix("boot of ") for one in cell.findings), cell.guest)
        new: Checked = {
            "guest": cell.guest,
            "check": cell.check,
            "status": status,
            "findings": found,
            "excerpt": list(cell.excerpt) if found else [],
            "console": booted.consoles.get(name, ""),
        }
        old = made.get((cell.guest, cell.check))
        if old is None or ("ok", "known", "FAIL").index(status) > ("ok", "known", "FAIL").index(old["status"]):
            made[cell.guest, cell.check] = new
    return list(made.values())
