# SPDX-License-Identifier: GPL-2.0-only
"""What the files of a spec must declare, as C that is made from the spec alone.

It is parsed and compiled as the judged files are: compared is what came of either.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from xenhostgen.csource.debug_info import ANCHOR, VALUE
from xenhostgen.csource.facts import Fact, Facts, snippet_facts
from xenhostgen.spec.model import NONE, Call, ClearBss, Guest, Interface, Op
from xenhostgen.verify.harness import enum_c, include_name, struct_c
from xenhostgen.verify.values import value_types

LOOP = f"{ANCHOR}loop"
_TYPES = "#include <linux/types.h>"
_BODY = re.compile(r"\) \{.*\}$")  # of a function


class Expectation:
    """What the files of one spec must declare."""

    def __init__(self, spec: Interface) -> None:
        self.spec, self.c = spec, spec.c
        self.pointers = {slot.pointer for slot in spec.slots}
        self.constants: dict[str, str] = {self.c.slot_count: self.c.slot_count}
        """Macros whose value counts, and not how it is written, with how they are used."""
        for macro in spec.predicates.placeholders:
            if macro.expands.isdigit():
                self.constants[macro.name] = f"{macro.name}()"
        self.typedefs = {
            self.c.host,
            self.c.ops,
            *(typedef.name for typedef in spec.kernel.typedefs),
        }
        self.c_of: dict[str, list[str]] = {
            spec.predicates.file: list(self.predicates()),
            spec.header.file: list(self.header()),
            spec.source.file: list(self.source()),
            **{guest.file: list(self.guest(guest)) for guest in spec.guests},
        }

    @cached_property
    def files(self) -> dict[str, Facts]:
        """Each file's facts. Raises ``BuildError``."""
        c_of = {path: "\n".join(c) for path, c in self.c_of.items()}
        return {path: snippet_facts(c, self.typedefs) for path, c in c_of.items()}

    def unit(self) -> str:
        """C for a compiler: what is due, and its anchors. Raises ``BuildError``."""
        facts = [fact for file in self.files.values() for fact in file]
        types = enumerate(value_types(self.spec))
        values = [f"{c} {ANCHOR}{VALUE}{number};" for number, c in types]
        return "\n".join([self.declared(), *dict.fromkeys(map(self.anchor, facts)), *values, ""])

    def declared(self) -> str:
        """What is due as one unit, with functions' bodies left out."""
        spec = self.spec
        lines = [f"#define {constant.name} {constant.value}" for constant in spec.kernel.constants]
        lines += [_TYPES, f"#include {include_name(spec.predicates.file)}"]
        lines += [f"#define {macro.name}() {macro.c}" for macro in spec.macros]
        lines += [f"#include {header}" for header in spec.header.includes]
        for path, c in self.c_of.items():
            if path != spec.predicates.file:  # facts of the kernel, which it has included
                lines += [_BODY.sub(");", line) for line in c if not line.startswith("#include")]
        return "\n".join([*lines, ""])

    def judged_unit(self, path: str, facts: Facts) -> str:
        """C that includes a judged file and asks a compiler for what is due there.

        What the header says of the file's own names is set aside, lest it contradicts the file.
        """
        spec, c, lines = self.spec, self.c, [_TYPES]
        headers = (spec.predicates.file, spec.header.file)
        if path not in headers:
            own = [fact.name for fact in facts if fact.kind in ("function", "variable")]
            lines += [f"#define {name} header_{name}" for name in own]
            lines += [f"#include {include_name(header)}" for header in headers]
            lines += [f"#undef {name}" for name in own]
        lines.append(f'#include "{path}"')
        for fact in facts:  # what a compiler complains of there has its place in the file
            lines += [f'# {fact.at.line} "{path}"', self.anchor(fact)]
        if any(fact.name == c.iterator for fact in facts):
            star = "*" if spec.registry.cursor == "pointer" else ""
            lines.append(f"void {LOOP}({c.host} *{star}xh) {{ {c.iterator}(xh) ; }}")
        return "\n".join([*lines, ""])

    def anchor(self, fact: Fact) -> str:
        """C by which a compiler describes what a fact names; empty where that has no type."""
        kind, name = fact.kind, fact.name
        anchor = f"{ANCHOR}{kind}_{name}"
        # A slot's pointer may be const, and thus promise more; a macro is used as any other name.
        value = f"&{name}[0]" if name in self.pointers else name
        if kind in ("enum", "struct"):
            return f"{'' if name in self.typedefs else kind} {name} {anchor};"
        if kind in ("function", "prototype", "variable"):
            return f"__typeof__({value}) *{anchor} = (void *)&{name};"
        if name in self.pointers:
            return f"__typeof__({value}) *{anchor};"
        if name in self.constants:
            return f"enum {{ {name}_is = ({self.constants[name]}) }} {anchor};"
        return ""

    def predicates(self) -> Iterator[str]:
        """The predicates, and what the spec says of the kernel header that they go into."""
        kernel = self.spec.kernel
        yield from (struct_c(struct) for struct in kernel.structs if struct.members)
        yield from map(enum_c, kernel.enums)
        yield from (f"#define {macro.name}() ({macro.expands})" for macro in kernel.macros)
        for macro in self.spec.predicates.macros:
            yield f"#define {macro.name}() {macro.c}"

    def header(self) -> Iterator[str]:
        """What the interface's header declares."""
        spec, c = self.spec, self.c
        values = ", ".join(f"{c.type(name)} = {value}" for name, value in spec.values.items())
        ops_type = f"struct {c.ops_tag}" if spec.typedefs else f"const struct {c.ops_tag}"
        fields = [member.c or f"struct {{ {'; '.join(member.struct)}; }}" for member in spec.fields]
        members = "; ".join([f"enum {c.enum} type", f"{ops_type} *ops", *fields])
        ops = " ".join(f"{op.returns} (*{op.name})({self.params(op)});" for op in spec.ops)
        yield from _includes(spec.header.includes)
        yield from (f"{declared};" for declared in spec.header.declares)
        yield f"#define {spec.guard}"
        yield f"#define {c.iterator}(xh)"
        if not spec.typedefs:
            yield f"#define {c.slot_count} {len(spec.slots)}"
        yield f"enum {c.enum} {{ {values} }}; struct {c.ops_tag};"
        if spec.typedefs:
            yield f"typedef struct {{ {members}; }} {c.host};"
            yield f"typedef struct {c.ops_tag} {{ {ops} }} {c.ops};"
        else:
            yield f"{c.host} {{ {members}; }}; {c.ops} {{ {ops} }};"
        yield from (f"{head};" for head in self.registering())
        yield f"extern {c.host} {c.array}[{len(spec.slots)}];"
        if spec.typedefs:
            yield from (f"extern {c.host} *{slot.pointer};" for slot in spec.slots)
        else:
            for index, slot in enumerate(spec.slots):
                yield f"#define {slot.pointer} (&{c.array}[{index}])"
        yield from (f"extern {spec.table_type} {table.symbol};" for table in spec.shared_tables)
        for op, entry in spec.adapters(NONE):
            if entry.function in spec.shared_adapters:
                yield f"{op.returns} {entry.function}({self.params(op)});"
        for op in spec.ops:
            if op.wrapper != "none":
                head = f"{op.wrapper_type} {c.wrapper(op.name)}({self.params(op)})"
                yield f"static {head} {{ }}"

    def params(self, op: Op) -> str:
        """The parameters of an op's functions."""
        return ", ".join([f"{self.c.host} *{op.host}", *op.args])

    def registering(self) -> list[str]:
        """The heads of the functions that change the registry."""
        c, returns = self.c, "int" if self.spec.registry.misuse else "void"
        params = f"enum {c.enum} type, {self.spec.table_type} *ops"
        return [
            f"{returns} {c.register}({params})",
            f"{returns} {c.unregister}(enum {c.enum} type)",
        ]

    def source(self) -> Iterator[str]:
        """What the interface's C file declares."""
        spec, c = self.spec, self.c
        yield from _includes(spec.source.includes)
        yield from self.adapters(NONE)
        if spec.none:
            yield f"static {self.table(spec.none, NONE)}"
        yield f"{c.host} {c.array}[{len(spec.slots)}];"
        if spec.typedefs:
            yield from (f"{c.host} *{slot.pointer};" for slot in spec.slots)
        yield from (f"{head} {{ }}" for head in self.registering())
        for export in spec.registry.exports:
            for symbol in export.symbols:
                yield f'_Static_assert(sizeof(&{symbol}), "EXPORT_SYMBOL_GPL");'

    def guest(self, guest: Guest) -> Iterator[str]:
        """A guest's file: what the interface adds, and its boot function."""
        spec, boot = self.spec, guest.boot
        yield from _includes((*guest.context, guest.include.line))
        for table in spec.declared_by(guest):
            yield f"extern {spec.table_type} {table.symbol};"
        tables = []
        for table in guest.tables:
            key = f"{guest.name}.{table.role}"
            for op, entry in spec.entries[key]:
                if entry.is_kernels:
                    yield f"{op.returns} {entry.function}({self.params(op)});"
            tables.append(self.table(table.symbol, key))
        yield from self.adapters(guest.name)
        yield from tables
        for call in boot.parts(Call):
            yield f"static void {call.function}(void) {{ }}"
        for step in boot.parts(ClearBss):
            yield f"void {step.function}(void);"
        yield f"void {boot.function}({', '.join(boot.params) or 'void'}) {{ }}"

    def adapters(self, owner: str) -> Iterator[str]:
        """The adapters that a guest's file defines, or for NONE the interface's C file."""
        for op, entry in self.spec.adapters(owner):
            static = "" if entry.function in self.spec.shared_adapters else "static "
            yield f"{static}{op.returns} {entry.function}({self.params(op)}) {{ }}"

    def table(self, symbol: str, key: str) -> str:
        """An ops table by its name in C and its key."""
        entries = self.spec.entries[key]
        values = ", ".join(f".{op.name} = {entry.function}" for op, entry in entries)
        return f"{self.spec.table_type} {symbol} = {{ {values} }};"


def _includes(headers: Iterable[str]) -> Iterator[str]:
    return (f"#include {header}" for header in headers)
