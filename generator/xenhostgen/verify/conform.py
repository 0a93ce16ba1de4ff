# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Both sides have the same flat form, a text for each (kind, name), so that one comparison serves all.
Bodies of functions and of the iterator are not compared here: what they do is judged by running them.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from xenhostgen.csource.declarations import Declaration, declarations
from xenhostgen.csource.facts import Fact, Facts
from xenhostgen.csource.makefile import read_makefile
from xenhostgen.csource.tokens import Token
from xenhostgen.spec.model import Guest, Interface
from xenhostgen.verify.drift import read_text
from xenhostgen.verify.expectation import Expectation
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding, Where

# What the kernel frees when it has booted, by its words and by its sections.
_FREED = re.compile(r'__(?:init|exit)(?:data|const)?|"\.(?:init|exit)\..*')

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
    """Every way in which the tree differs from what the spec declares."""
    return [*declared(spec, read), *_lasting(spec, tree), *_object(spec, tree)]


def declared(spec: Interface, read: Read) -> list[Finding]:
    """Every way in which the declarations that were read differ from the spec's."""
    wanted = _wanted(spec)
    findings: list[Finding] = []
    for path, expected in wanted.items():
        if (facts := read.facts.get(path)) is not None:
            findings += _compare(spec, path, expected, facts)
    for guest in spec.guests:
        findings += _bodies(guest, wanted[guest.file], read.facts.get(guest.file, ()))
    return findings


@lru_cache(maxsize=1)
def _wanted(spec: Interface) -> dict[str, Facts]:
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
    expected, found, where = flatten(spec, wanted), flatten(spec, facts), Where(path)
    for (kind, name), text in expected.items():
        if (kind, name) not in found:
            yield _finding("missing", name, f"{kind} '{name}' is missing in {path}", where)
        elif _sense(kind, found[kind, name]) != _sense(kind, text):
            yield _finding(
                "differs",
                name,
                f"{kind} '{name}' is '{found[kind, name]}', should be '{text}'",
                where,
            )
    # What nobody else sees a file may define for itself.
    of_file = ("macro", "include") if path.endswith(".c") else ()
    known = {fact.name for fact in facts if "static" in fact.words or fact.kind in of_file}
    for kind, name in found if path != spec.predicates.file else ():
        of_known = kind == "table" or (kind == "prototype" and ("function", name) in expected)
        if (kind, name) not in expected and name not in known and not of_known:
            yield _finding(
                "unknown", name, f"{kind} '{name}' is nothing that the spec knows", where
            )


def _sense(kind: str, text: str) -> str:
    """A text that is the same for what means the same: a table in any order, integers by any name."""
    if kind == "table":
        entries = [entry.replace("=&", "=") for entry in text.split("; ")]
        return "; ".join(sorted(entry for entry in entries if not entry.endswith("=NULL")))
    if kind == "macro":
        return re.sub(r"^(\(\) )?\( (.+) \)$", r"\1\2", text)
    text = re.sub(r"\b(u?)int(\d+)_t\b", lambda name: f"{name[1] or 's'}{name[2]}", text)
    return re.sub(r"\bunsigned(?! (?:char|short|int|long))", "unsigned int", text)


def _bodies(guest: Guest, wanted: Facts, facts: Facts) -> Iterator[Finding]:
    """The statements of the boot function, its helpers and adapters against the spec's, in order."""
    bodies = {fact.name: fact.statements for fact in wanted if fact.kind == "function"}
    for function in facts:
        name, steps = function.name, function.statements
        if function.kind != "function" or steps == (expected := bodies.get(name, steps)):
            continue
        where = Where(guest.file, function.at.line, function.at.column or 1)
        missing = [step for step in expected if step not in steps]
        unknown = [step for step in steps if step not in expected]
        for step in missing:
            yield _finding("step-missing", name, f"{name}() lacks the step '{step}'", where)
        for step in unknown:
            yield _finding(
                "step-unknown",
                name,
                f"{name}() has a step that the spec doesn't know: '{step}'",
                where,
            )
        if not (missing or unknown):
            yield _finding(
                "step-order", name, f"{name}() takes its steps otherwise: {' '.join(steps)}", where
            )


def _lasting(spec: Interface, tree: Path) -> Iterator[Finding]:
    """What is used after boot must not be freed with the boot code, and what the header adds to callers not remember.

    That is the array, the tables, the wrappers, the iterator, and whatever these name in their file. Variables of
    the header's functions lie with the caller, where exploration doesn't see them.
    """
    c, header = spec.c, spec.header.file
    files = {header: [c.iterator, *(c.wrapper(op.name) for op in spec.ops)]}
    files[spec.source.file] = [c.array, *(slot.pointer for slot in spec.slots)]
    files |= {guest.file: [table.symbol for table in guest.tables] for guest in spec.guests}
    for path, names in files.items():
        named: dict[str, list[Declaration]] = {}
        for each in declarations(read_text(tree / path) or ""):
            named.setdefault(each.name, []).append(each)
        while names:
            name = names.pop()
            for each in named.pop(name, ()):
                names += [token.text for token in each.tokens]
                where = [
                    Where(path, token.line, token.column)
                    for token in each.tokens
                    if _FREED.match(token.text)
                ]
                if where:
                    yield _finding(
                        "differs", name, f"'{name}' is used after boot, and freed by then", where[0]
                    )
                if path == header and (kept := _variable(each)):
                    message, at = (
                        f"'{name}' keeps a variable from call to call",
                        Where(path, kept.line, kept.column),
                    )
                    yield _finding("hidden-state", name, message, at)


def _variable(declaration: Declaration) -> Token | None:
    """The word that makes a variable static which isn't const, in a function or macro or by itself."""
    start, end = (0, None) if declaration.kind == "variable" else declaration.body or (0, 0)
    tokens = declaration.tokens[start:end]
    for index, token in enumerate(tokens):
        if token.text == "static":
            words = [each.text for each in tokens[index:]]
            words = words[
                : next(i for i, word in enumerate([*words, ";"]) if word in ("=", ";", "["))
            ]
            last = max((i for i, word in enumerate(words) if word == "*"), default=0)
            if "const" not in words[last:]:
                return token
    return None


def _finding(rule: str, name: str, message: str, where: Where) -> Finding:
    return Finding(rule, name, message, where, seen_by="conformance")


def _object(spec: Interface, tree: Path) -> Iterator[Finding]:
    """The Makefile builds the interface's C file, whatever the kernel's options."""
    name = Path(spec.source.file).stem + ".o"
    built = False
    for statement in read_makefile(read_text(tree / spec.object.file) or ""):
        words, operator = statement.words, statement.operator
        if statement.variable == "obj-y" and operator not in ("?=", "!="):
            kept = operator == "+=" or "$(obj-y)" in words
            built = (built and kept) or (name in words and not statement.depth)
        if statement.variable in (f"{name[:-2]}-y", f"{name[:-2]}-objs"):
            built = False  # that makes it of other files
    if not built:
        message, where = f"no line 'obj-y += {name}' in {spec.object.file}", Where(spec.object.file)
        yield Finding("missing", name, message, where, spec.object.at, seen_by="conformance")
