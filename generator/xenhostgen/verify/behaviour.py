# SPDX-License-Identifier: GPL-2.0-only
"""Run the C that one compiler makes: the registry's states, every boot, every wrapper."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, product

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError
from xenhostgen.verify.boots import BootRunner
from xenhostgen.verify.build import SANITIZERS, Unwatchable
from xenhostgen.verify.configurations import AS_THE_SPEC, Configuration
from xenhostgen.verify.declarations import expectation
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.driver import DriverError, Program, run_driver
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.findings import Finding, Run
from xenhostgen.verify.harness import c_files
from xenhostgen.verify.pieces import check_pieces
from xenhostgen.verify.protocol import Runner
from xenhostgen.verify.subject import Subject
from xenhostgen.verify.wording import Wording
from xenhostgen.verify.wrappers import WrapperRunner

RUNNERS: tuple[type[Runner], ...] = (Explorer, BootRunner, WrapperRunner)


class Behaviour:
    """What the C does otherwise than the reference model, as each compiler makes it."""

    level = "run"

    def __init__(self, *compilers: str, runners: Sequence[type[Runner]] = RUNNERS) -> None:
        self.compilers, self.runners = compilers, runners

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Compile and run, side by side: first the spec's configuration, then the others."""
        subject.options.progress(f"run under {' and '.join(self.compilers)}")
        _ = subject.harness.flags
        runs = product([AS_THE_SPEC, *subject.configurations], self.compilers)
        with ThreadPoolExecutor(2) as pool:
            judged = list(pool.map(lambda run: self.judge(subject, *run), runs))
        # What a run shows otherwise than the first is of interest where it is expected.
        known: dict[tuple[str, str, int, str], Finding] = {}
        left_out: dict[str, None] = {}
        for run, findings, gaps in judged:
            subject.statistics.runs.append(run)
            left_out |= dict.fromkeys(gaps)
            for finding in findings:
                key = (finding.rule, finding.subject, finding.count, finding.outcome)
                known.setdefault(key, finding)
        subject.statistics.left_out += left_out
        yield from known.values()

    def judge(
        self, subject: Subject, turned: Configuration, compiler: str
    ) -> tuple[Run, list[Finding], list[str]]:
        """What was run of one configuration, what is wrong with it, and what was too much."""
        words = str(turned)
        run = Run(compiler, configuration=words)
        runners: list[Runner] = []
        try:
            program = subject.program(compiler, turned)
        except BuildError as error:
            findings = [_uncompilable(error, subject)]
        else:
            runners, broken = self.execute(subject, program)
            counts: Counter[str] = sum((runner.done for runner in runners), Counter())
            run = Run(compiler, SANITIZERS, configuration=words, **counts)
            findings = list(_found(subject, program, runners, broken))
        if words:
            findings = [
                replace(finding, message=f"{finding.message}, with {words}") for finding in findings
            ]
        return run, findings, [runner.left_out for runner in runners if runner.left_out]

    def execute(self, subject: Subject, program: Program) -> tuple[list[Runner], str]:
        """What has called everything in every state, and how the program broke."""
        wording, oracle = Wording(subject.spec), subject.oracle(program.off)
        with run_driver(program) as driver:
            runners = [runner(wording, driver, oracle) for runner in self.runners]
            try:
                for runner in runners:
                    runner.run()
            except DriverError as error:
                return runners, str(error)
        return runners, ""


def _found(
    subject: Subject, program: Program, runners: Iterable[Runner], broken: str
) -> Iterator[Finding]:
    """What a program that ran shows."""
    spec = subject.spec
    for finding in chain.from_iterable(runner.findings() for runner in runners):
        yield replace(_diagnosed(subject, finding), where=_place(subject, finding))
    if broken:
        file = spec.source.file
        yield Finding("not-runnable", file, broken, Location(file), seen_by="execution")
    if program.registry != spec.section:
        array, at = spec.c.array, spec.registry.at
        message = f"'{array}' lies in the section '{program.registry}'"
        message += f", should lie in '{spec.section}'"
        yield Finding("declaration-differs", array, message, spec_at=at, seen_by="compiler")


def _uncompilable(error: BuildError, subject: Subject) -> Finding:
    """What the compiler or linker says, with its place in the judged files if there is one.

    Raises ``SpecError`` where it is the spec's own C that a caller can't be compiled with.
    """
    complaint, spec = error.complaints()[0], subject.spec
    where, message = complaint.at, "does not compile"
    if not where.line:
        where = _mention(complaint.symbol, subject, c_files(spec)) or Location(spec.source.file)
        message = "can't be run"
    elif where.file.startswith("/") or not (subject.tree / where.file).is_file():
        where = _mention(complaint.symbol, subject, c_files(spec)) or Location(spec.header.file)
        message = "a caller that keeps to the spec does not compile"
        check_pieces(subject.harness, expectation(spec), alone=True)
    rule = "not-runnable" if isinstance(error, Unwatchable) else "uncompilable"
    return Finding(rule, where.file, f"{message}: {complaint.text}", where, seen_by="compiler")


def _mention(c: str, subject: Subject, files: Iterable[str]) -> Location | None:
    """The first place in files where a symbol, or other C, stands."""
    wanted = [token.text for token in code_tokens(c)]
    for path in files:
        tokens = code_tokens(read_text(subject.tree, path) or "")
        texts = [token.text for token in tokens]
        for index, token in enumerate(tokens):
            if texts[index : index + len(wanted)] == wanted:
                return Location(path, token.line, token.column)
    return None


def _place(subject: Subject, finding: Finding) -> Location | None:
    """Where a finding shows; of a boot function's that quotes a call, where its file makes that."""
    files = [guest.file for guest in subject.spec.guests if guest.boot.function == finding.subject]
    call = re.search(r"'(\w+\(.*?\))'", finding.message)
    return (call and _mention(call[1], subject, files)) or finding.where


def _diagnosed(subject: Subject, finding: Finding) -> Finding:
    """A broken iteration by its cause, where the macro shows it.

    An iterator that takes the array's address for a pointer to pointers reads structures as
    pointers.
    """
    if finding.rule != "iteration-wrong":
        return finding
    c = subject.spec.c
    pun = re.compile(rf"\( {re.escape(c.host)} \* \* \) (?:& )?{c.array}\b")
    for fact in chain.from_iterable(subject.declarations.files.values()):
        if fact.name == c.iterator and pun.search(fact.text):
            message = f"casts the array of structures to a pointer to pointers: {finding.message}"
            return replace(finding, rule="iterator-type-pun", message=message)
    return finding
