# SPDX-License-Identifier: GPL-2.0-only
"""The levels of verification, one after another: parse, conform, explore, boot, judge."""

import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from xenhostgen.csource.tokens import code_tokens
from xenhostgen.extensions.kernel_tree.kernel_slice import projected, reduced
from xenhostgen.extensions.proof.cbmc import check
from xenhostgen.extensions.proof.frama_c import prove, unexplained
from xenhostgen.render.files import render
from xenhostgen.render.provenance import spec_places
from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import Interface, Register
from xenhostgen.verify.boots import BootRunner
from xenhostgen.verify.build import SANITIZERS, Program, Store, Unwatchable, build
from xenhostgen.verify.conform import conform, declared
from xenhostgen.verify.drift import drift, read_text
from xenhostgen.verify.driver import Driver, DriverError
from xenhostgen.verify.explore import Explorer
from xenhostgen.verify.facts import Read, c_files, read_tree
from xenhostgen.verify.findings import Finding, Verdict, Where, judge
from xenhostgen.verify.harness import laid_out
from xenhostgen.verify.static import complaints
from xenhostgen.verify.wrappers import WrapperRunner

KERNELS = "taken for a kernel's tree: of its boot files, what the interface adds and the spec's steps are judged"
_NO_HEADER = re.compile(
    r"'?([\w/.-]+\.h)(?:: No such file or directory|' file not found)$"
)  # gcc and clang
Progress = Callable[[str], None]


class Kernel(NamedTuple):
    """A kernel that the interface is built in, by whoever knows how, and what that finds."""

    name: str
    build: Callable[[Progress], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Options:
    """What to judge and how: a tree instead of the rendering, the compilers, the last level, a kernel to build.

    The store is for whoever judges many variants of one tree.
    """

    tree: Path | None = None
    compilers: tuple[str, ...] = ("gcc",)
    level: str = "run"
    store: Store | None = None
    kernel: Kernel | None = None


def verify(spec: Interface, options: Options, progress: Progress = lambda said: None) -> Verdict:
    """Judge a spec's rendering, or a tree of C, and hold the findings against the expected ones."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xenhostgen-") as name:
        work = Path(name)
        tree = judged_tree(spec, options, work)
        findings, facts = examine(spec, tree, work, options, progress)
        if options.tree:
            kernels = tree.is_relative_to(work)
            facts["drift"] = [KERNELS] * kernels + drift(spec, tree, reduced if kernels else None)
    facts["seconds"] = round(time.monotonic() - started, 2)
    return judge(spec, findings, facts)


def judged_tree(spec: Interface, options: Options, work: Path) -> Path:
    """The tree that is judged: a written rendering, the given one, or the interface's part of a kernel's."""
    if not options.tree:
        return written(spec, work / "tree")
    return projected(spec, options.tree.absolute(), work / "tree")


def written(spec: Interface, tree: Path) -> Path:
    """The rendering as a tree of files."""
    return laid_out(render(spec).files, tree)


def examine(
    spec: Interface, tree: Path, work: Path, options: Options, progress: Progress
) -> tuple[list[Finding], dict[str, object]]:
    """All findings of the levels asked for, and what was done to find them."""
    facts: dict[str, object] = {"level": options.level}
    progress("parse")
    read = read_tree(spec, tree, work / "parse", options.compilers[0], options.store)
    findings = [*read.findings, *conform(spec, read, tree), *unused_tables(spec)]
    turned = read_tree(spec, tree, work / "turned", options.compilers[0], turned=True)
    for finding in unseen([*turned.findings, *declared(spec, turned)], findings):
        findings += [
            replace(
                finding, message=f"{finding.message}, where the kernel's options are other ones"
            )
        ]
    whole = not any(finding.rule == "file-missing" for finding in read.findings)
    if options.level != "parse" and whole:
        runs = []
        for compiler in options.compilers:
            progress(f"run under {compiler}")
            more, run = execute(
                spec, tree, work / compiler.replace("/", "_"), compiler, options.store
            )
            runs.append(run)
            findings += unseen([diagnosed(spec, finding, read) for finding in more], findings)
        facts["runs"] = runs
        progress("static checks")
        findings += complaints(spec, tree, work / "static", options.compilers, read)
    if options.level == "prove":
        progress("prove")
        proof = prove(spec, tree, work / "prove", read)
        progress("check with cbmc")
        bounded = check(spec, tree, work / "cbmc")
        facts["proof"] = {"proved": proof.proved, "goals": proof.total, "missing": proof.missing}
        facts["cbmc"] = {
            "holding": bounded.proved,
            "assertions": bounded.total,
            "missing": bounded.missing,
        }
        findings += unexplained([*proof.open, *bounded.open], findings)
    if options.kernel:
        facts["kernel"] = options.kernel.name
        findings += unseen(options.kernel.build(progress), findings)
    return located(findings, spec, read, tree), facts


def unseen(more: Iterable[Finding], findings: Iterable[Finding]) -> list[Finding]:
    """Those that are about something else than the findings that there are already."""
    seen = {(finding.rule, finding.subject) for finding in findings}
    return [finding for finding in more if (finding.rule, finding.subject) not in seen]


def execute(
    spec: Interface, tree: Path, work: Path, compiler: str, store: Store | None
) -> tuple[list[Finding], dict[str, object]]:
    """Compile and run: the registry's states, every boot, every wrapper."""
    counts = dict.fromkeys(("states", "transitions", "boots", "wrapper_calls"), 0)
    try:
        program = build(spec, tree, work, compiler, store)
    except BuildError as error:
        return [uncompilable(error, spec, tree)], {"compiler": compiler, "sanitizers": [], **counts}
    broken = list(misplaced(spec, program))
    with Driver(program) as driver:
        explorer, wrapping = Explorer(spec, driver), WrapperRunner(spec, driver)
        boots = BootRunner(spec, driver, program.in_bss)
        try:
            explorer.run()
            boots.run()
            wrapping.run()
        except DriverError as error:
            file = spec.source.file
            broken.append(
                Finding("not-runnable", file, str(error), Where(file), seen_by="execution")
            )
    counts |= {"states": len(explorer.images), "transitions": explorer.count, "boots": boots.count}
    counts["wrapper_calls"] = wrapping.count
    found = [*explorer.found.values(), *boots.found.values(), *wrapping.found.values(), *broken]
    return found, {"compiler": compiler, "sanitizers": list(SANITIZERS), **counts}


def misplaced(spec: Interface, program: Program) -> Iterator[Finding]:
    """The array in another section than the spec's: lost when .bss is cleared, freed after boot, or writable."""
    array, section = spec.c.array, spec.registry.section
    if program.registry != section:
        message = f"'{array}' lies in the section '{program.registry}', should lie in '{section}'"
        yield Finding("differs", array, message, spec_at=spec.registry.at, seen_by="compiler")


def uncompilable(error: BuildError, spec: Interface, tree: Path) -> Finding:
    """What the compiler or linker says, with its place in the judged files if there is one."""
    said = error.complaints()[0]
    file, line, column = said.at
    if line and (tree / file).is_file() and not file.startswith("/"):
        where = Where(file, line, column or 1)
        message = f"does not compile: {said.text}"
    elif line:
        where = mentioned(said.symbol, spec, tree) or Where(spec.header.file)
        message = f"a caller that keeps to the spec does not compile: {said.text}"
    else:
        where = mentioned(said.symbol, spec, tree) or Where(spec.source.file)
        message = f"can't be run: {said.text}"
    rule = "not-runnable" if isinstance(error, Unwatchable) else "uncompilable"
    return Finding(rule, where.file, message, where, seen_by="compiler")


def mentioned(symbol: str, spec: Interface, tree: Path) -> Where | None:
    """The first place in the judged files where a symbol stands."""
    tokens = (
        (path, token)
        for path in c_files(spec)
        for token in code_tokens(read_text(tree / path) or "")
    )
    return next(
        (Where(path, token.line, token.column) for path, token in tokens if token.text == symbol),
        None,
    )


def diagnosed(spec: Interface, finding: Finding, read: Read) -> Finding:
    """A broken iteration by its cause, where the macro shows it.

    An iterator that takes the array's address for a pointer to pointers reads structures as pointers.
    """
    if finding.rule != "iteration-wrong":
        return finding
    pun = rf"\( {re.escape(spec.c.host)} \* \* \) (?:& )?{spec.c.array}\b"
    for fact in (fact for facts in read.facts.values() for fact in facts):
        if (fact.kind, fact.name) == ("macro", spec.c.iterator) and re.search(pun, fact.text):
            message = f"casts the array of structures to a pointer to pointers: {finding.message}"
            return replace(finding, rule="iterator-type-pun", message=message)
    return finding


def unused_tables(spec: Interface) -> Iterator[Finding]:
    """Tables that a guest defines and its own boot function never registers."""
    for guest in spec.guests:
        used = {step.table for step in guest.boot.steps if isinstance(step, Register)}
        for table in guest.tables:
            if table.role not in used:
                message = f"{guest.boot.function}() never registers '{table.symbol}', which its file defines"
                yield Finding(
                    "nested-table-unused",
                    table.symbol,
                    message,
                    spec_at=table.at,
                    seen_by="spec rules",
                )


def located(findings: Iterable[Finding], spec: Interface, read: Read, tree: Path) -> list[Finding]:
    """Findings with their places in the C and in the spec, and without this run's folder names."""
    places = spec_places(spec)
    made = []
    for finding in findings:
        message = finding.message.replace(f"{tree}/", "")
        if lacking := _NO_HEADER.search(message):
            message += f"; for a stand-in, name <{lacking[1]}> in the spec's includes, or in a guest's context"
        calls = [call.split("(")[0] for call in finding.counterexample[-1:]]
        where = finding.where or next(
            filter(None, map(read.where, [*calls, finding.subject])), None
        )
        if where and where.line == 1:  # only its file is known so far
            where = read.where(finding.subject, where.file) or where
        at = (
            finding.spec_at
            or places.get(finding.subject)
            or (places.get(where.file) if where else None)
        )
        made.append(replace(finding, where=where, spec_at=at or spec.at, message=message))
    return made
