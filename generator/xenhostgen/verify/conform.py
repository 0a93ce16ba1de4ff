# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Both sides are read alike: facts by (kind, name), and what a compiler understood of each. Bodies are
judged by running.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from xenhostgen.csource.debug_info import ANCHOR, Unit
from xenhostgen.csource.facts import Fact, Facts
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.expr import ExpressionError, is_operand
from xenhostgen.spec.model import Interface, Register
from xenhostgen.verify.configurations import unexplained
from xenhostgen.verify.declarations import Declarations, expectation, read_due
from xenhostgen.verify.drift import drift, read_text
from xenhostgen.verify.expectation import LOOP
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.makefile import Makefile
from xenhostgen.verify.store import Reading
from xenhostgen.verify.subject import Subject

# What the kernel frees when it has booted.
_FREED = re.compile(r"\.(init|exit)\..*")
_WRITABLE = re.compile(r"\.(ref\.)?(data|bss)\b(?!\.rel\.ro)")


FactsByName = dict[tuple[str, str], Fact]
KERNELS = (
    "taken for a kernel's tree: of its boot files, what the interface adds and the spec's steps"
    " are judged"
)
ACROSS_FILES = (
    "__init code that another file uses after boot: of a kernel's boot files only parts are read"
)


class Drift:
    """Where a tree differs from the rendering, which is a finding only for who wants none."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Note the differences."""
        judged, statistics = subject.judged, subject.statistics
        if judged.is_rendering:
            return
        differences = drift(subject.spec, judged.path, judged.reduce)
        statistics.drift = [*([KERNELS] if judged.reduce else []), *differences]
        if subject.options.strict:
            statistics.strict = True
            for note in differences:
                path, line, message = note.split(":", 2)
                where = Location(path, int(line), 1)
                yield Finding("drift", path, message.strip(), where, seen_by="comparison")


class Conformance:
    """Every way in which the tree differs from what the spec declares."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Compare all declarations, and the Makefile."""
        subject.options.progress("parse")
        yield from _declared(subject, subject.declarations)
        if subject.judged.reduce:
            subject.statistics.left_out.append(ACROSS_FILES)
        yield from _other_makefile(subject)
        makefile = read_text(subject.tree, subject.spec.object.file) or ""
        yield from Makefile(subject.spec, makefile, subject.harness.judged).findings()
        yield from _unused_tables(subject.spec)
        yield from unexplained(subject.spec, subject.harness.judged)


class OtherOptions:
    """What differs only where the options of the kernel that files name are turned."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Compare the declarations that are read with these options."""
        for configuration in subject.configurations:
            for finding in _declared(subject, subject.turned(configuration)):
                yield replace(finding, message=f"{finding.message}, with {configuration}")


def _declared(subject: Subject, declarations: Declarations) -> Iterator[Finding]:
    """What couldn't be read, and every way in which what was read differs from the spec."""
    spec = subject.spec
    yield from declarations.findings
    due = read_due(subject.harness)
    units = [reading.unit for reading in declarations.readings.values() if reading.unit]
    known = (pair for unit in units for pair in unit.sections.items())
    sections = {name: section for name, section in known if section != "UNDEF"}
    for path, reading in declarations.readings.items():
        expected = expectation(spec).files[path]
        yield from _compare(spec, path, expected, due, reading)
        if reading.unit:
            # A boot function of which a part is judged may have lost its section.
            is_whole = not subject.judged.reduce
            own = {
                name: section
                for name, section in reading.unit.sections.items()
                if section != "UNDEF" or not is_whole
            }
            yield from _lasting(spec, path, expected, reading, sections | own)
        if path == spec.header.file and reading.unit:
            yield from _remembering(path, reading.unit)


def _compare(
    spec: Interface, path: str, due: Facts, understood: Unit, reading: Reading
) -> Iterator[Finding]:
    """One file's declarations; the predicates' header may hold more."""
    if not reading.facts and reading.complaints:
        return
    where = Location(path)
    actual, expected = _by_name(reading.facts), _by_name(due)
    for (kind, name), fact in expected.items():
        if (kind, name) not in actual:
            if kind == "prototype" and path != spec.header.file and reading.unit:
                continue  # the kernel's function, which a header may declare: the compiler knows it
            yield _finding(
                "declaration-missing", name, f"{kind} '{name}' is missing in {path}", where
            )
            continue
        by_compiler = (reading.unit, understood) if reading.unit else (None, None)
        facts = (actual[kind, name], fact)
        texts = (_said(spec, *pair) for pair in zip(facts, by_compiler, strict=True))
        for text, should in zip_longest(*texts, fillvalue=""):
            if text not in (should, re.sub(r"\[\d+\]$", "[]", should)):
                message = f"{kind} '{name}' {_otherwise(text, should)}"
                yield _finding(
                    "declaration-differs", name, message, facts[0].at._replace(file=path)
                )
                break
    if path != spec.predicates.file:
        yield from _unknown(path, actual, expected)


def _otherwise(text: str, should: str) -> str:
    """What one part of what is known of a name is, and should be."""
    if not text:
        return f"lacks '{should}'"
    return f"is '{text}', " + (f"should be '{should}'" if should else "which the spec lacks")


def _unknown(path: str, actual: FactsByName, expected: FactsByName) -> Iterator[Finding]:
    """What a file declares and others see, and the spec doesn't know."""
    # What nobody else sees a file may define for itself, and any file may include more.
    of_file = ("macro", "include") if path.endswith(".c") else ("include",)
    of_no_linkage = {"static", "typedef"}
    own = {
        fact.name
        for fact in actual.values()
        if fact.kind in of_file or of_no_linkage.intersection(fact.words)
    }
    for kind, name in [key for key in actual if key not in expected]:
        is_declared = kind == "prototype" and ("function", name) in expected
        if name not in own and not is_declared:
            message = f"{kind} '{name}' is not in the spec"
            at = actual[kind, name].at._replace(file=path)
            yield _finding("declaration-unknown", name, message, at)


def _by_name(facts: Facts) -> FactsByName:
    return {fact[:2]: fact for fact in facts if fact.kind != "enumerator"}


def _said(spec: Interface, fact: Fact, unit: Unit | None) -> Iterator[str]:
    """What parser and compiler tell of a fact, part by part."""
    text = fact.text
    if fact.kind == "macro":
        if fact.name in (*expectation(spec).constants, *expectation(spec).pointers):
            text = ""  # a compiler tells its value, or its type, and running where it points
        if fact.name == spec.c.iterator:
            text = re.sub(r"\w+", "xh", text.partition(" ")[0])
        text = re.sub(r"^(\(\) )?\( (.+) \)$", _without_parentheses, text)
    linkage = {"function": ("static",), "variable": ("static", "extern")}.get(fact.kind, ())
    yield from (word for word in fact.words if word in linkage)
    yield text
    if unit:
        description = unit.descriptions.get(f"{fact.kind}_{fact.name}", ())
        # Of a table that is only declared, the type is known.
        count = 1 if "extern" in fact.words else None
        yield from (part.removeprefix(f"{fact.name}_is = ") for part in description[:count])


def _without_parentheses(macro: re.Match[str]) -> str:
    """A macro's tokens, bare where it means the same without the parentheses around them."""
    with suppress(ExpressionError):
        if is_operand(macro[2]):
            return f"{macro[1] or ''}{macro[2]}"
    return macro[0]


def _lasting(
    spec: Interface, path: str, due: Facts, reading: Reading, sections: dict[str, str]
) -> Iterator[Finding]:
    """What is used after boot and freed with the boot code.

    Used are the array, the tables, the wrappers, the iterator, and what any code names that stays.
    ``sections`` has those of all files.
    """
    assert reading.unit
    kind = "function" if path == spec.header.file else "variable"
    for name in [fact.name for fact in due if fact.kind == kind]:
        if _FREED.match(sections.get(name, "")):
            message = f"'{name}' is used after boot, when it has been freed"
            yield _finding("declaration-differs", name, message, Location(path))
    own = {fact.name: fact.name for fact in reading.facts if fact.kind in ("function", "variable")}
    for symbol, user in {**own, LOOP: spec.c.iterator}.items():
        section = reading.unit.sections.get(symbol, "")
        freed = [name for name in reading.unit.references.get(section, ()) if name in sections]
        freed = [name for name in freed if _FREED.match(sections[name])]
        if freed and not _FREED.match(section) and not section.startswith(".ref."):
            message = f"'{user}' stays after boot and uses '{freed[0]}', which has been freed then"
            yield _finding("declaration-differs", user, message, Location(path))


def _remembering(path: str, unit: Unit) -> Iterator[Finding]:
    """The variables of the header's code: they lie with the caller, unseen by exploration."""
    for symbol, section in unit.sections.items():
        if _WRITABLE.match(section) and not symbol.startswith(ANCHOR):
            users = (
                name
                for name, code in unit.sections.items()
                if symbol in unit.references.get(code, ())
            )
            name = next(users, symbol)
            message = f"'{name}' keeps its value from call to call"
            yield _finding("hidden-state", name, message, Location(path))


def _finding(rule: str, name: str, message: str, where: Location) -> Finding:
    return Finding(rule, name, message, where, seen_by="conformance")


def _other_makefile(subject: Subject) -> Iterator[Finding]:
    """kbuild reads no Makefile where a Kbuild stands beside it."""
    makefile, name = Path(subject.spec.object.file), Path(subject.spec.source.file).stem
    other = makefile.with_name("Kbuild")
    root = subject.options.tree or subject.tree
    if makefile.name == "Makefile" and (root / other).exists():
        message = f"kbuild reads this file instead of {makefile}"
        yield _finding("makefile-line", f"{name}.o", message, Location(str(other), 1, 1))


def _unused_tables(spec: Interface) -> Iterator[Finding]:
    """Tables that a guest defines and its own boot function never registers."""
    for guest in spec.guests:
        used = {step.table for step in guest.parts(Register)}
        for table in guest.tables:
            if table.role not in used:
                function, symbol = guest.boot.function, table.symbol
                message = f"{function}() never registers '{symbol}', which its file defines"
                yield Finding(
                    "own-table-unregistered",
                    symbol,
                    message,
                    spec_at=table.at,
                    seen_by="spec rules",
                )
