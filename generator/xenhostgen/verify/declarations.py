# SPDX-License-Identifier: GPL-2.0-only
"""Read a judged tree back: what each file declares, what a compiler understood, and where."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from xenhostgen.csource.confined import read_facts, read_unit
from xenhostgen.csource.debug_info import Unit
from xenhostgen.csource.facts import Fact, Facts
from xenhostgen.csource.preprocess import SHIM, preprocess
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Complaint
from xenhostgen.spec.model import Interface
from xenhostgen.verify.configurations import AS_THE_SPEC, Configuration, options_in
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import Harness, c_files
from xenhostgen.verify.pieces import check_pieces, unreadable
from xenhostgen.verify.store import Reading
from xenhostgen.verify.values import Values

_DEFINING = ("function", "variable", "macro", "enumerator")
# Each function and variable by itself, so that its section shows what it refers to.
_FLAGS = (
    "-std=gnu11 -g -gdwarf-4 -O0 -w -fno-common -fno-pie -fno-asynchronous-unwind-tables "
    "-ffunction-sections -fdata-sections -D_Thread_local= -x c -c - -o"
).split()


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the files of a tree declare, and findings for those that are missing or no C."""

    readings: dict[str, Reading]
    findings: tuple[Finding, ...]

    @property
    def files(self) -> dict[str, Facts]:
        """Each file's facts."""
        return {path: reading.facts for path, reading in self.readings.items()}

    def location(self, symbol: str, file: str = "") -> Location | None:
        """Where a symbol is defined, else where it is declared, in one file or in any."""
        files = {path: facts for path, facts in self.files.items() if file in ("", path)}
        for is_wanted in (_defines, _declares):
            for path, facts in files.items():
                for fact in facts:
                    if fact.name == symbol and is_wanted(fact):
                        return fact.at._replace(file=path)
        return None


def _defines(fact: Fact) -> bool:
    return fact.kind in _DEFINING and "extern" not in fact.words


def _declares(fact: Fact) -> bool:
    return fact.kind in ("prototype", "enum", "variable", "struct")


@lru_cache(maxsize=1)
def expectation(spec: Interface) -> Expectation:
    """What is due by a spec, kept for the next tree of the same spec."""
    return Expectation(spec)


def read_due(harness: Harness) -> Unit:
    """What is due, as a compiler understands it. Raises ``SpecError``."""
    due, compiler, known = expectation(harness.spec), harness.compiler, harness.store.due
    if compiler not in known:
        command = [compiler, f"-I{harness.questions}", *harness.flags]
        try:
            known[compiler] = _compiled(harness, command, due.unit(), "due")
        except BuildError as error:
            check_pieces(harness, due)
            # It is nothing that stands in one piece.
            raise unreadable(harness.spec, error.complaints()) from None
    return known[compiler]


def values(harness: Harness) -> Values:
    """The parts of the interface's values. Raises ``SpecError``."""
    return Values(harness.spec, read_due(harness))


def read_tree(harness: Harness, turned: Configuration = AS_THE_SPEC) -> Declarations:
    """Parse and compile every C file of the spec that lies in the tree.

    In another configuration only those that name options of the kernel that it turns.
    """
    read_due(harness)  # to tell early what the spec has wrong
    tree, paths = harness.tree, c_files(harness.spec)
    if missing := [path for path in paths if not (tree / path).is_file()]:
        message = "the tree has no such file"
        findings = [_finding("file-missing", message, Location(path)) for path in missing]
        return Declarations({}, tuple(findings))
    own = {path: _named(harness, path, turned) for path in paths}
    affected = [path for path in paths if turned == AS_THE_SPEC or any(own[path])]
    with ThreadPoolExecutor() as pool:
        results = pool.map(lambda path: _read(harness, path, own[path].flags), affected)
        readings = dict(zip(affected, results, strict=True))
    findings = []
    for path, reading in readings.items():
        rule = "uncompilable" if reading.facts else "unparsable"
        for complaint in reading.complaints:
            where = _relative(complaint.at, tree) or Location(path)
            findings.append(_finding(rule, complaint.text, where))
    return Declarations(readings, tuple(dict.fromkeys(findings)))


def _relative(where: Location, tree: Path) -> Location | None:
    """A place by its path in the tree."""
    file = tree / where.file
    is_judged = where.line and file.is_relative_to(tree) and file.is_file()
    return where._replace(file=str(file.relative_to(tree))) if is_judged else None


def _finding(rule: str, message: str, where: Location) -> Finding:
    return Finding(rule, where.file, message, where, seen_by="parsing")


def _named(harness: Harness, path: str, turned: Configuration) -> Configuration:
    """Those of the options that a file names; of predicates the spec says what its own mean."""
    own = turned.of(options_in(read_text(harness.tree, path) or ""))
    return own._replace(off=()) if path == harness.spec.predicates.file else own


def _read(harness: Harness, path: str, flags: Sequence[str]) -> Reading:
    """What is known of a file, with options turned; the store keeps what could be read."""
    store, file = harness.store, harness.tree / path
    key = store.key(harness.tree, file, harness.compiler, path, *flags)
    if key in store.readings:
        return store.readings[key]
    folders = [harness.overlay, SHIM, harness.tree / "include"]
    options, view = [*harness.defines, *flags], harness.view
    try:
        output = preprocess(file, folders, options=options, cc=harness.compiler, view=view)
        facts = read_facts(output, file, harness.reader)
    except BuildError as error:
        return Reading(complaints=tuple(error.complaints()))
    reading = _understood(harness, path, flags, facts, key)
    if not reading.complaints:
        store.readings[key] = reading
    return reading


def _understood(
    harness: Harness, path: str, flags: Sequence[str], facts: Facts, key: str
) -> Reading:
    """What the compiler makes of a file; a name that it doesn't know it tries as a function's."""
    due = expectation(harness.spec)
    names = {fact[:2] for fact in due.files[path]}
    c = due.judged_unit(path, tuple(fact for fact in facts if fact[:2] in names))
    command = [harness.compiler, *harness.flags, *flags]
    complaints: tuple[Complaint, ...] = ()
    for _ in range(2):
        try:
            return Reading(facts, _compiled(harness, command, c, key), complaints)
        except BuildError as error:
            complaints = complaints or tuple(error.complaints()[:1])
            c = f"void {complaints[0].symbol or 'nothing'}(void);\n{c}"
    return Reading(facts, None, complaints)


def _compiled(harness: Harness, command: list[str], c: str, name: str) -> Unit:
    """What a compiler understands of C. Raises ``BuildError``."""
    target = harness.work / f"{name}.o"
    harness.run([*command, *_FLAGS, target], harness.tree, c)
    return read_unit(target, harness.reader)
