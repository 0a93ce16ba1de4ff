# SPDX-License-Identifier: GPL-2.0-only
"""The levels of verification, one after another: parse, conform, explore, boot, judge."""

import re
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface, Register
from xenhostgen.verify.boots import BootRunner, sections
from xenhostgen.verify.build import BuildError, build
from xenhostgen.verify.conform import conform
from xenhostgen.verify.driver import DriverError, running
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.facts import Read, read_tree
from xenhostgen.verify.findings import Finding, Verdict, Where, judge

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to judge and how: a tree instead of the rendering, the compiler, the last level."""

    tree: Path | None = None
    compilers: tuple[str, ...] = ("gcc",)
    level: str = "run"


def verify(spec: Interface, options: Options, progress: Progress = lambda said: None) -> Verdict:
    """Judge a spec's rendering, or a tree of C, and hold the findings against the expected ones."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        work = Path(name)
        tree = options.tree.absolute() if options.tree else written(spec, work / "tree")
        findings, facts = examine(spec, tree, work, options, progress)
    facts["seconds"] = round(time.monotonic() - started, 2)
    return judge(spec, findings, facts)


def written(spec: Interface, tree: Path) -> Path:
    """The rendering as a tree of files."""
    for path, text in render(spec).files.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tree


def examine(
    spec: Interface, tree: Path, work: Path, options: Options, progress: Progress
) -> tuple[list[Finding], dict[str, object]]:
    """All findings of the levels asked for, and what was done to find them."""
    facts: dict[str, object] = {"level": options.level}
    progress("parse")
    read = read_tree(spec, tree, work / "parse", options.compilers[0])
    findings = [*read.findings, *conform(spec, read, tree), *unused_tables(spec)]
    if options.level == "parse":
        return located(findings, read, tree), facts
    runs = []
    for compiler in options.compilers:
        progress(f"run under {compiler}")
        more, run = execute(spec, tree, work / compiler, compiler, read)
        runs.append(run)
        seen = {(finding.rule, finding.subject) for finding in findings}
        findings += [finding for finding in more if (finding.rule, finding.subject) not in seen]
    facts["runs"] = runs
    return located(findings, read, tree), facts


def execute(
    spec: Interface, tree: Path, work: Path, compiler: str, read: Read
) -> tuple[list[Finding], dict[str, object]]:
    """Compile and run: the registry's states, and every boot."""
    run: dict[str, object] = {
        "compiler": compiler,
        "sanitizers": [],
        "states": 0,
        "transitions": 0,
        "boots": 0,
    }
    try:
        program = build(spec, tree, work, compiler)
    except BuildError as error:
        return [uncompilable(error, spec)], run
    run["sanitizers"] = list(program.sanitizers)
    findings: list[Finding] = []
    try:
        with running(program) as driver:
            explored = Explorer(spec, driver).explore()
            findings += [diagnosed(spec, finding, read) for finding in explored.findings]
            run |= {"states": explored.states, "transitions": explored.transitions}
            booted = BootRunner(spec, driver, sections(work / "judged0.o")).run()
            findings += booted.findings
            run["boots"] = booted.count
    except DriverError as error:
        findings.append(
            Finding("driver-broken", spec.source.file, str(error), None, None, (), "execution")
        )
    return findings, run


def uncompilable(error: BuildError, spec: Interface) -> Finding:
    """A build failure as a finding with the compiler's place."""
    file, line, column, text = error.complaint()
    where = Where(file, line, column or 1) if line and not file.startswith("/") else None
    return Finding(
        "uncompilable",
        file or spec.source.file,
        f"does not compile: {text}",
        where,
        None,
        (),
        "compiler",
    )


def diagnosed(spec: Interface, finding: Finding, read: Read) -> Finding:
    """A broken iteration by its cause, where the macro shows it.

    An iterator that takes the array's address for a pointer to pointers reads structures as pointers.
    """
    if finding.rule != "iteration-wrong":
        return finding
    for facts in read.facts.values():
        for macro in facts.macros:
            pun = rf"\( {re.escape(spec.c.host)} \* \* \) (?:& )?{spec.c.array}\b"
            if macro.name == spec.c.iterator and re.search(pun, macro.body):
                message = (
                    f"casts the array of structures to a pointer to pointers: {finding.message}"
                )
                return replace(finding, rule="iterator-type-pun", message=message)
    return finding


def unused_tables(spec: Interface) -> Iterable[Finding]:
    """Tables that a guest defines and its own boot function never registers."""
    for guest in spec.guests:
        used = {step.table for step in guest.boot.steps if isinstance(step, Register)}
        for table in guest.tables:
            if table.role not in used:
                message = f"{guest.boot.function}() never registers '{table.symbol}', which its file defines"
                yield Finding(
                    "nested-table-unused", table.symbol, message, None, table.at, (), "spec rules"
                )


def located(findings: Iterable[Finding], read: Read, tree: Path) -> list[Finding]:
    """Findings with the place of their subject in the C, and without this run's folder names."""
    made = []
    for finding in findings:
        message = finding.message.replace(f"{tree}/", "")
        where = finding.where or called(finding, read) or read.where(finding.subject)
        made.append(replace(finding, where=where, message=message))
    return made


def called(finding: Finding, read: Read) -> Where | None:
    """The place of the function that the counterexample calls last."""
    last = finding.counterexample[-1:]
    return read.where(last[0].split("(")[0]) if last else None
