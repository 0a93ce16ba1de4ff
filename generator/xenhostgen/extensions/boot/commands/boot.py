# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel with a spec's interface and boot it on a real Xen, as every kind of guest.

Runs KUnit tests, generated from the reference model, inside each guest. Everything runs under
QEMU's software emulation and stays in the work folder; nothing is installed.
"""

import argparse
import sys
import time
from pathlib import Path

from xenhostgen.commands.inputs import add_format
from xenhostgen.extensions.boot.guests import GUESTS
from xenhostgen.extensions.boot.judge import Outcome, judge_boot
from xenhostgen.extensions.boot.report import show
from xenhostgen.extensions.boot.run import Lab
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.report.terminal import is_live
from xenhostgen.spec.load import load
from xenhostgen.spec.source import did_you_mean, refusal
from xenhostgen.verify.findings import Finding, Statistics, judge

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
    text = "those to boot (default: %(default)s)"
    parser.add_argument("--guests", metavar="LIST", default=",".join(GUESTS), help=text)
    source = (
        "the version of a linux-source package, or a kernel tree, which is left as it is "
        "(default: %(default)s)"
    )
    parser.add_argument("--kernel-source", metavar="VERSION|DIR", default="6.12", help=source)
    work = "where everything is built, and kept for the next run (default: %(default)s)"
    parser.add_argument("--work", metavar="DIR", type=Path, default=Path(".cache/boot"), help=work)
    parser.add_argument("--kvm", action="store_true", help="use KVM, which must support nesting")
    add_format(parser, "junit")


def run(arguments: argparse.Namespace) -> int:
    """Boot; 1 if a guest differs from the model in a way that the spec doesn't expect."""
    suite = Suite(load(arguments.spec))
    guests = list(dict.fromkeys(name.strip() for name in arguments.guests.split(",")))
    for name in set(guests) - set(GUESTS):
        hint = did_you_mean(name, GUESTS, f"name some of {','.join(GUESTS)}")
        raise refusal("unknown-guest", f"no kind of guest '{name}'", "--guests", hint)
    started = time.monotonic()
    lab = Lab(arguments.work.absolute(), arguments.kernel_source, arguments.kvm, progress)
    consoles, in_bss = lab.boot(suite, guests)
    outcomes: list[Outcome] = []
    findings: dict[tuple[str, str], Finding] = {}
    for boot, console in consoles.items():
        outcomes += judge_boot(suite, in_bss, boot, console)
    for outcome in outcomes:
        for finding in outcome.findings:
            findings.setdefault((finding.rule, finding.subject), finding)
    statistics = Statistics("boot", seconds=round(time.monotonic() - started, 1))
    verdict = judge(suite.spec, findings.values(), statistics)
    logs = lab.work / "consoles"
    show(suite.spec.path, outcomes, verdict, logs, form=arguments.format, stream=sys.stdout)
    return 0 if verdict.passed else 1


def after_verify(spec: Path, tree: Path | None) -> int:
    """Boot what ``verify`` has judged; the exit status."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    source = ["--kernel-source", str(tree)] if tree else []
    return run(parser.parse_args([str(spec), *source]))


def progress(what: str) -> None:
    """What is being done: one line on a terminal, else a line each."""
    begin, end = ("\r\x1b[K", " …\r") if is_live(sys.stderr) else ("", "\n")
    # In one piece: two machines are started at a time.
    print(f"{begin}{time.strftime('%T')} {what}{end}", end="", file=sys.stderr, flush=True)
