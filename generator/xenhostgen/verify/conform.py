# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Both sides have the same flat form, a text for each (kind, name), so that one comparison serves all.
Bodies of functions and of the iterator are not compared here: what they do is judged by running.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from xenhostgen.csource.declarations import Declaration, declarations
from xenhostgen.csource.facts import Facts
from xenhostgen.csource.makefile import read_makefile
from xenhostgen.csource.tokens import Token
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Guest, Interface, Register
from xenhostgen.verify.declarations import Declarations
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.subject import Subject

# What the kernel frees when it has booted, by its words and by its sections.
_FREED = re.compile(r'__(?:init|exit)(?:data|const)?|"\.(?:init|exit)\..*')

Flat = dict[tuple[str, str], str]


def flatten(spec: Interface, facts: Facts) -> Flat:
    """What a file declares, in the form of the expectations."""
    c, pointers = spec.c, {slot.pointer for slot in spec.slots}
    flat: Flat = {}
    for fact in facts:
        kind, name, text = fact[:3]
        if kind == "variable" and name in pointers:
            # It may promise more than the spec asks: never to be changed.
            text = text.removesuffix(" const")
        elif kind == "macro" and name == c.iterator:
            text = text.partition(" ")[0]
        elif (kind, name) == ("struct", c.ops):
            name = c.ops_tag  # the tag and the typedef are one thing to the spec
        if kind != "enumerator":
            flat[kind, name] = text
    return flat


class Conformance:
    """Every way in which the tree differs from what the spec declares."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Compare all declarations, and the Makefile."""
        subject.options.progress("parse")
        yield from declared(subject.spec, subject.declarations)
        yield from _lasting(subject.spec, subject.tree)
        yield from _object(subject.spec, subject.tree)
        yield from _unused_tables(subject.spec)


class OtherOptions:
    """What differs only where the options of the kernel that files name are turned."""

    level = "parse"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Compare the declarations that are read with these options."""
        for finding in declared(subject.spec, subject.turned):
            message = f"{finding.message}, where the kernel's options are other ones"
            yield replace(finding, message=message)


def declared(spec: Interface, declarations: Declarations) -> Iterator[Finding]:
    """What couldn't be read, and every way in which what was read differs from the spec."""
    yield from declarations.findings
    expected = _expected(spec)
    for path, facts in declarations.files.items():
        yield from _compare(spec, path, expected[path], facts)
    for guest in spec.guests:
        facts = declarations.files.get(guest.file, ())
        yield from _bodies(guest, expected[guest.file], facts)


@lru_cache(maxsize=1)
def _expected(spec: Interface) -> dict[str, Facts]:
    """Each file's facts by the spec, kept for the next tree of the same spec."""
    expectation = Expectation(spec)
    return {
        spec.header.file: expectation.header(),
        spec.source.file: expectation.source(),
        spec.predicates.file: expectation.predicates(),
        **{guest.file: expectation.guest(guest) for guest in spec.guests},
    }


def _compare(spec: Interface, path: str, wanted: Facts, facts: Facts) -> Iterator[Finding]:
    """One file's declarations; the predicates' header may hold more."""
    expected, actual, where = flatten(spec, wanted), flatten(spec, facts), Location(path)
    for (kind, name), text in expected.items():
        if (kind, name) not in actual:
            yield _finding("missing", name, f"{kind} '{name}' is missing in {path}", where)
        elif _sense(kind, actual[kind, name]) != _sense(kind, text):
            message = f"{kind} '{name}' is '{actual[kind, name]}', should be '{text}'"
            yield _finding("differs", name, message, where)
    if path == spec.predicates.file:
        return
    # What nobody else sees a file may define for itself.
    of_file = ("macro", "include") if path.endswith(".c") else ()
    own = {fact.name for fact in facts if "static" in fact.words or fact.kind in of_file}
    for kind, name in [key for key in actual if key not in expected]:
        is_declared = kind == "prototype" and ("function", name) in expected
        if name not in own and kind != "table" and not is_declared:
            message = f"{kind} '{name}' is nothing that the spec knows"
            yield _finding("unknown", name, message, where)


def _sense(kind: str, text: str) -> str:
    """A text that is the same for tables in any order and for integers by any name."""
    if kind == "table":
        entries = [entry.replace("=&", "=") for entry in text.split("; ")]
        return "; ".join(sorted(entry for entry in entries if not entry.endswith("=NULL")))
    if kind == "macro":
        return re.sub(r"^(\(\) )?\( (.+) \)$", r"\1\2", text)
    text = re.sub(r"\b(u?)int(\d+)_t\b", lambda name: f"{name[1] or 's'}{name[2]}", text)
    return re.sub(r"\bunsigned(?! (?:char|short|int|long))", "unsigned int", text)


def _bodies(guest: Guest, wanted: Facts, facts: Facts) -> Iterator[Finding]:
    """The statements of boot function, helpers and adapters against the spec's, in order."""
    bodies = {fact.name: fact.statements for fact in wanted if fact.kind == "function"}
    for function in facts:
        name, steps = function.name, function.statements
        if function.kind != "function" or steps == (expected := bodies.get(name, steps)):
            continue
        where = function.at._replace(file=guest.file)
        missing = [step for step in expected if step not in steps]
        unknown = [step for step in steps if step not in expected]
        for step in missing:
            yield _finding("step-missing", name, f"{name}() lacks the step '{step}'", where)
        for step in unknown:
            message = f"{name}() has a step that the spec doesn't know: '{step}'"
            yield _finding("step-unknown", name, message, where)
        if not (missing or unknown):
            message = f"{name}() takes its steps otherwise: {' '.join(steps)}"
            yield _finding("step-order", name, message, where)


def _lasting(spec: Interface, tree: Path) -> Iterator[Finding]:
    """What is used after boot and freed with the boot code, and what the header's code remembers.

    Used after boot are the array, the tables, the wrappers, the iterator, and whatever these name
    in their file. Variables of the header's functions lie with the caller, unseen by exploration.
    """
    c, header = spec.c, spec.header.file
    files = {header: [c.iterator, *(c.wrapper(op.name) for op in spec.ops)]}
    files[spec.source.file] = [c.array, *(slot.pointer for slot in spec.slots)]
    files |= {guest.file: [table.symbol for table in guest.tables] for guest in spec.guests}
    for path, names in files.items():
        for declaration in _used(declarations(read_text(tree / path) or ""), names):
            name = declaration.name
            freed = (token for token in declaration.tokens if _FREED.match(token.text))
            if token := next(freed, None):
                message = f"'{name}' is used after boot, and freed by then"
                yield _finding("differs", name, message, _place(path, token))
            if path == header and (token := _variable(declaration)):
                message = f"'{name}' keeps a variable from call to call"
                yield _finding("hidden-state", name, message, _place(path, token))


def _used(file: Iterable[Declaration], names: list[str]) -> Iterator[Declaration]:
    """The declarations of some names, and of all that these name."""
    by_name: dict[str, list[Declaration]] = {}
    for declaration in file:
        by_name.setdefault(declaration.name, []).append(declaration)
    while names:
        for declaration in by_name.pop(names.pop(), ()):
            names += [token.text for token in declaration.tokens]
            yield declaration


def _place(path: str, token: Token) -> Location:
    return Location(path, token.line, token.column)


def _variable(declaration: Declaration) -> Token | None:
    """The word that makes a variable static which isn't const, in a body or by itself."""
    start, end = (0, None) if declaration.kind == "variable" else declaration.body or (0, 0)
    tokens = declaration.tokens[start:end]
    for index, token in enumerate(tokens):
        if token.text == "static":
            words = [word.text for word in tokens[index:]]
            head = takewhile(lambda word: word not in ("=", ";", "["), words)
            behind_star = " ".join(head).rpartition("*")[2]
            if "const" not in behind_star.split():
                return token
    return None


def _finding(rule: str, name: str, message: str, where: Location) -> Finding:
    return Finding(rule, name, message, where, seen_by="conformance")


def _object(spec: Interface, tree: Path) -> Iterator[Finding]:
    """The Makefile builds the interface's C file, whatever the kernel's options."""
    file, stem = spec.object.file, Path(spec.source.file).stem
    name = f"{stem}.o"
    built = False
    for statement in read_makefile(read_text(tree / file) or ""):
        words, operator = statement.words, statement.operator
        if statement.variable == "obj-y" and operator not in ("?=", "!="):
            kept = operator == "+=" or "$(obj-y)" in words
            built = (built and kept) or (name in words and not statement.depth)
        if statement.variable in (f"{stem}-y", f"{stem}-objs"):
            built = False  # that makes it of other files
    if not built:
        message = f"no line 'obj-y += {name}' in {file}"
        at = spec.object.at
        yield Finding("missing", name, message, Location(file), at, seen_by="conformance")


def _unused_tables(spec: Interface) -> Iterator[Finding]:
    """Tables that a guest defines and its own boot function never registers."""
    for guest in spec.guests:
        used = {step.table for step in guest.boot.steps if isinstance(step, Register)}
        for table in guest.tables:
            if table.role not in used:
                function, symbol = guest.boot.function, table.symbol
                message = f"{function}() never registers '{symbol}', which its file defines"
                yield Finding(
                    "nested-table-unused", symbol, message, spec_at=table.at, seen_by="spec rules"
                )
