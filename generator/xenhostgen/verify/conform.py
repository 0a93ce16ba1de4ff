# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Both sides have the same flat form, a text for each (kind, name), so that one comparison serves all.
Bodies of functions and of the iterator are not compared here: what they do is judged by running them.
"""

from collections.abc import Iterator
from pathlib import Path

from xenhostgen.csource.facts import Fact, Facts
from xenhostgen.spec.model import Guest, Interface
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding, Where

Flat = dict[tuple[str, str], str]


def flatten(spec: Interface, facts: Facts) -> Flat:
    """What a file declares, in the form of the expectations."""
    c, pointers = spec.c, {slot.pointer for slot in spec.slots}

    def said(fact: Fact) -> tuple[str, str]:
        if fact.kind == "variable" and fact.name in pointers:
            # It may promise more than the spec asks: never to be changed.
            return fact.name, fact.text.removesuffix(" const")
        if fact.kind == "macro" and fact.name == c.iterator:
            return fact.name, fact.text.partition(" ")[0]
        # The tag and the typedef of the ops structure are one thing to the spec.
        return c.ops_tag if (fact.kind, fact.name) == ("struct", c.ops) else fact.name, fact.text

    told = [(fact.kind, *said(fact)) for fact in facts if fact.kind != "enumerator"]
    return {(kind, name): text for kind, name, text in told}


def conform(spec: Interface, read: Read, tree: Path) -> list[Finding]:
    """Every way in which the tree's declarations differ from the spec's."""
    expectation = Expectation(spec)
    findings: list[Finding] = []
    wanted: list[tuple[str, Facts, bool]] = [
        (spec.header.file, expectation.header(), True),
        (spec.source.file, expectation.source(), True),
        (spec.predicates.file, expectation.predicates(), False),
    ]
    wanted += [(guest.file, expectation.guest(guest), True) for guest in spec.guests]
    for path, expected, closed in wanted:
        if facts := read.facts.get(path):
            findings += _compare(path, flatten(spec, expected), flatten(spec, facts), facts, closed)
    for guest in spec.guests:
        if facts := read.facts.get(guest.file):
            findings += _bodies(guest, expectation, facts)
    findings += _object(spec, tree)
    return findings


def _compare(path: str, expected: Flat, found: Flat, facts: Facts, closed: bool) -> Iterator[Finding]:
    """One file's declarations; a file that isn't closed may hold more."""
    for (kind, name), text in expected.items():
        if (kind, name) not in found:
            yield _finding("missing", path, name, f"{kind} '{name}' is missing in {path}")
        elif found[kind, name] != text:
            yield _finding("differs", path, name, f"{kind} '{name}' is '{found[kind, name]}', should be '{text}'")
    private = _private(path, facts)
    for kind, name in found if closed else ():
        declared_ahead = kind == "prototype" and ("function", name) in expected
        if (kind, name) not in expected and name not in private and not declared_ahead:
            yield _finding("unknown", path, name, f"{kind} '{name}' is nothing that the spec knows")


def _private(path: str, facts: Facts) -> set[str]:
    """What a file may define for itself, as nobody else sees it."""
    of_file = ("macro", "include") if path.endswith(".c") else ()
    return {fact.name for fact in facts if "static" in fact.words or fact.kind in of_file}


def _finding(rule: str, path: str, name: str, message: str) -> Finding:
    return Finding(rule, name, message, Where(path), seen_by="conformance")


def _bodies(guest: Guest, expectation: Expectation, facts: Facts) -> Iterator[Finding]:
    """The statements of the boot function, its helpers and adapters against the spec's, in order."""
    bodies = {fact.name: fact.statements for fact in expectation.guest(guest) if fact.kind == "function"}
    for function in facts:
        expected = bodies.get(function.name) if function.kind == "function" else None
        if expected is None or function.statements == expected:
            continue
        name, where = function.name, Where(guest.file, function.at.line, function.at.column or 1)
        missing = [text for text in expected if text not in function.statements]
        unknown = [text for text in function.statements if text not in expected]
        for text in missing:
            yield Finding("step-missing", name, f"{name}() lacks the step '{text}'", where, seen_by="conformance")
        for text in unknown:
            message = f"{name}() has a step that the spec doesn't know: '{text}'"
            yield Finding("step-unknown", name, message, where, seen_by="conformance")
        if not (missing or unknown):
            message = f"{name}() takes its steps otherwise: {' '.join(function.statements)}"
            yield Finding("step-order", name, message, where, seen_by="conformance")


def _object(spec: Interface, tree: Path) -> Iterator[Finding]:
    """The Makefile builds the interface's C file."""
    name = Path(spec.source.file).stem + ".o"
    lines = (read_text(tree / spec.object.file) or "").splitlines()
    if not any(line.split("#")[0].split() == ["obj-y", "+=", name] for line in lines):
        message, where = f"no line 'obj-y += {name}' in {spec.object.file}", Where(spec.object.file)
        yield Finding("missing", name, message, where, spec.object.at, seen_by="conformance")
