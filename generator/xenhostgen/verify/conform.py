# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Both sides have the same flat form, a text for each (kind, name), so that one comparison serves all.
Bodies of functions and of the iterator are not compared here: what they do is judged by running them.
"""

from collections.abc import Iterator
from pathlib import Path

from xenhostgen.csource.facts import Facts, Member, Prototype, Struct, Typedef
from xenhostgen.spec.model import Guest, Interface
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.expectation import Expectation, Flat
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding, Where


def flatten(spec: Interface, facts: Facts) -> Flat:
    """What a file declares, in the form of the expectations."""
    flat: Flat = {("include", include.text): "" for include in facts.includes}
    pointers = {slot.pointer for slot in spec.slots}
    for enum in facts.enums:
        flat["enum", enum.name] = " ".join(f"{one.name}={one.value}" for one in enum.enumerators)
    structures: list[Struct | Typedef] = [*facts.structs, *facts.typedefs]
    for thing in structures:
        if thing.members is not None:
            # The tag and the typedef of the ops structure are one thing to the spec.
            is_ops = thing.name in (spec.c.ops_tag, spec.c.ops)
            flat["struct", spec.c.ops_tag if is_ops else thing.name] = "; ".join(map(_member, thing.members))
    for prototype in facts.prototypes:
        flat["prototype", prototype.name] = _function(prototype)
    for function in facts.functions:
        static = "static " if "static" in function.specifiers else ""
        flat["function", function.name] = static + _function(function)
    for variable in facts.variables:
        storage = f"{variable.storage} " if variable.storage else ""
        said_already = "*" in variable.type or variable.type.startswith("const ")
        const = "const " if variable.const and not said_already else ""
        # A slot's pointer may promise more than the spec asks: never to be changed.
        c_type = variable.type.removesuffix(" const") if variable.name in pointers else variable.type
        flat["variable", variable.name] = f"{storage}{const}{c_type}"
        if variable.entries is not None:
            flat["table", variable.name] = "; ".join(f"{entry.designator}={entry.value}" for entry in variable.entries)
    for export in facts.exports:
        flat["export", export.symbol] = export.kind
    for macro in facts.macros:
        params = f"({', '.join(macro.parameters)})" if macro.parameters is not None else ""
        body = "" if macro.name == spec.c.iterator else macro.body
        flat["macro", macro.name] = f"{params} {body}".strip()
    return flat


def _member(member: Member) -> str:
    if member.members is not None and not member.name:
        return f"struct {{{'; '.join(map(_member, member.members))}}}"
    return f"{member.name}: {member.type}"


def _function(prototype: Prototype) -> str:
    return f"{prototype.returns} ({', '.join(p.type for p in prototype.parameters) or 'void'})"


def conform(spec: Interface, read: Read, tree: Path) -> list[Finding]:
    """Every way in which the tree's declarations differ from the spec's."""
    expectation = Expectation(spec)
    findings: list[Finding] = []
    wanted: list[tuple[str, Flat, bool]] = [
        (spec.header.file, expectation.header(), True),
        (spec.source.file, expectation.source(), True),
        (spec.predicates.file, expectation.predicates(), False),
    ]
    wanted += [(guest.file, expectation.guest(guest), True) for guest in spec.guests]
    for path, expected, closed in wanted:
        if facts := read.facts.get(path):
            findings += _compare(path, expected, flatten(spec, facts), facts, closed)
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
    private = {variable.name for variable in facts.variables if variable.storage == "static"}
    private |= {function.name for function in (*facts.functions, *facts.prototypes) if "static" in function.specifiers}
    if path.endswith(".c"):
        private |= {macro.name for macro in facts.macros} | {include.text for include in facts.includes}
    return private


def _finding(rule: str, path: str, name: str, message: str) -> Finding:
    return Finding(rule, name, message, Where(path), seen_by="conformance")


def _bodies(guest: Guest, expectation: Expectation, facts: Facts) -> Iterator[Finding]:
    """The statements of the boot function, its helpers and adapters against the spec's, in order."""
    bodies = expectation.bodies(guest)
    for function in facts.functions:
        expected = bodies.get(function.name)
        if expected is None or list(function.statements) == expected:
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
