# SPDX-License-Identifier: GPL-2.0-only
"""Verification: the checks of all levels up to one, over one subject, and the verdict."""

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from xenhostgen import extension_points
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.spec.places import spec_places
from xenhostgen.spec.source import At
from xenhostgen.verify.behaviour import Behaviour
from xenhostgen.verify.conform import Conformance, Drift, OtherOptions
from xenhostgen.verify.declarations import Declarations
from xenhostgen.verify.elsewhere import Elsewhere
from xenhostgen.verify.findings import OF_PROVERS, Finding, Verdict, judge
from xenhostgen.verify.static import StaticChecks
from xenhostgen.verify.subject import Check, Options, Subject, prepared

_NOT_C = ("unparsable", "uncompilable")
_OF_COMPILERS = (*_NOT_C, "compiler-warning", "sparse-warning")
# What gcc and clang say of a header that isn't there.
_NO_HEADER = re.compile(r"'?([\w/.-]+\.h)(?:: No such file or directory|' file not found)$")
_NO_FUNCTION = re.compile(r"(?:undefined reference to|(?:im|un)\w+ (?:of )?function) '(\w+)'")


def verify(spec: Interface, options: Options, checks: Sequence[Check] | None = None) -> Verdict:
    """Judge a spec's rendering, or a tree of C, and hold the findings against the expected ones.

    ``checks`` instead of all those up to the level. Raises ``Refused`` if the tree can't be used,
    or the level can't be reached.
    """
    extension_points.check_reachable(options.level, options.tree)
    started = time.monotonic()
    with prepared(spec, options) as subject:
        checks = all_checks(options) if checks is None else checks
        findings = examine(subject, [Drift(), *checks])
        subject.statistics.seconds = round(time.monotonic() - started, 2)
        return judge(spec, findings, subject.statistics)


def core_checks(options: Options) -> list[Check]:
    """The checks of the levels parse and run."""
    behaviour = Behaviour(*options.compilers)
    return [Conformance(), OtherOptions(), Elsewhere(), behaviour, StaticChecks()]


def all_checks(options: Options) -> list[Check]:
    """The checks of all levels up to the one that is asked for."""
    levels = extension_points.levels()
    levels = levels[: levels.index(options.level) + 1]
    checks = [check for check in core_checks(options) if check.level in levels]
    for level in levels:
        checks += [check() for check in extension_points.hooks(f"check {level}")]
    return checks


def examine(subject: Subject, checks: Iterable[Check]) -> list[Finding]:
    """What the checks find, with places. Where files are missing the first check is the last."""
    findings: list[Finding] = []
    for check in checks:
        findings += _new(check.run(subject), findings)
        if any(finding.rule == "file-missing" for finding in findings):
            break
    places = spec_places(subject.spec)
    return [_located(finding, subject, places) for finding in findings]


def _new(findings: Iterable[Finding], known: Sequence[Finding]) -> list[Finding]:
    """Without what another check has found of the same subject.

    A rule that a counterexample breaks can't be proved: of a function that has one, what provers
    find adds nothing. Nor does what compilers say of a line that is no C.
    """
    seen = {(finding.rule, finding.subject) for finding in known}
    lines = {finding.where[:2] for finding in known if finding.where and finding.rule in _NOT_C}
    for finding in known:
        if finding.counterexample and finding.rule not in OF_PROVERS:
            function = re.split(r"[( ]", finding.counterexample[-1])[0]
            seen |= {(rule, function) for rule in OF_PROVERS}
    return [
        finding
        for finding in findings
        if (finding.rule, finding.subject) not in seen
        and not (finding.rule in _OF_COMPILERS and finding.where and finding.where[:2] in lines)
    ]


def _located(finding: Finding, subject: Subject, places: dict[str, At]) -> Finding:
    """With its place in the C and in the spec, and without this run's folder names."""
    message = finding.message.replace(f"{subject.tree}/", "")
    if (missing := _NO_FUNCTION.search(message)) and missing[1] not in places:
        message += "; if the kernel has it, add it to the spec's kernel.functions"
    if missing := _NO_HEADER.search(message):
        message += f"; for a stand-in, name <{missing[1]}> in the spec's includes"
        message += ", or in a guest's context"
    where = _place_in_c(finding, subject.declarations)
    at = finding.spec_at or places.get(finding.subject) or places.get(where.file, subject.spec.at)
    shown = where.complete() if where.file else None
    return replace(finding, where=shown, spec_at=at, message=message)


def _place_in_c(finding: Finding, declarations: Declarations) -> Location:
    """Where a finding shows: its own place, else that of the last call or of its subject."""
    where = finding.where or Location()
    if where.line:
        return where
    names = [finding.subject]
    if not where.file:
        calls = [call.split("(")[0] for call in finding.counterexample[-1:]]
        names = [finding.function, *calls, *names]
    places = (declarations.location(name, where.file) for name in names)
    return next(filter(None, places), where)
