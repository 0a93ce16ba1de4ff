# SPDX-License-Identifier: GPL-2.0-only
"""What the files of a spec must declare: written as C snippets, and read like the files."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from xenhostgen.csource.facts import Fact, Facts, snippet_facts
from xenhostgen.csource.preprocess import SourceError
from xenhostgen.csource.tokens import code_tokens
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Call, ClearBss, Guest, Interface, Op, Register, Step
from xenhostgen.spec.source import Problems, SpecError, Text
from xenhostgen.spec.yaml import read_file
from xenhostgen.verify.harness import enum_c, struct_c


class Expectation:
    """What the files of one spec must declare."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.c = spec.c
        # What ends as the kernel's type names do is one, whatever headers the file includes.
        named = ((c, declared_name(c)) for _, c in self.written())
        self.typedefs = {
            word
            for c, name in named
            for word in re.findall(r"\b[A-Za-z_]\w*_t\b", c)
            if word != name
        }
        self.typedefs |= {self.c.host, self.c.ops} if spec.typedefs else set()

    def written(self) -> Iterator[tuple[Text, str]]:
        """Each declaration that the spec has as C, by its place."""
        for op in self.spec.ops:
            yield op.returns, f"{op.returns} {op.name}"
            yield from ((arg, str(arg)) for arg in op.args)
            if op.wrapper_returns:
                yield op.wrapper_returns, f"{op.wrapper_returns} {op.name}"
        for field in self.spec.fields:
            yield from ((c, str(c)) for c in ([field.c] if field.c else field.struct))
        for struct in self.spec.kernel.structs:
            yield from ((member.type, f"{member.type} {member.name}") for member in struct.members)
        for guest in self.spec.guests:
            yield from ((param, str(param)) for param in guest.boot.params)

    def unreadable(self) -> SpecError:
        """What of the spec's C can't be parsed."""
        tried = [(at, f"struct x {{ {c}; }};") for at, c in self.written()]
        calls = (entry.calls for op in self.spec.ops for entry in op.tables if entry.calls)
        tried += [(c, f"void x(void) {{ {c}; }}") for c in calls]
        problems = Problems(self.spec.path, read_file(Path(self.spec.path)))
        for at, snippet in tried:
            try:
                snippet_facts(snippet, self.typedefs)
            except SourceError as error:
                said = error.complaints[0].text
                problems.add(
                    "not-c",
                    f"'{at[:60]}' is {said}",
                    at,
                    "a type must be the kernel's, of C, or end in '_t'",
                )
        if not problems.found:
            problems.add(
                "not-c", "C in it can't be parsed", self.spec.at, "look for a type that is none"
            )
        return SpecError(problems.found)

    def read(
        self, snippets: Iterable[str], includes: Iterable[str] = (), others: Iterable[Fact] = ()
    ) -> Facts:
        """The facts of snippets, together with those that snippets can't say."""
        try:
            declared = snippet_facts(" ".join(snippets), self.typedefs)
        except SourceError:
            raise self.unreadable() from None
        return (*(_fact("include", header) for header in includes), *declared, *others)

    def header(self) -> Facts:
        """The interface's header."""
        spec, c = self.spec, self.c
        values = ", ".join(f"{c.type(name)} = {value}" for name, value in spec.values.items())
        ops_type = f"struct {c.ops_tag}" if spec.typedefs else f"const struct {c.ops_tag}"
        fields = [member.c or f"struct {{ {'; '.join(member.struct)}; }}" for member in spec.fields]
        members = "; ".join([f"enum {c.enum} type", f"{ops_type} *ops", *fields])
        ops = " ".join(f"{op.returns} (*{op.name})({self.params(op, op.host)});" for op in spec.ops)
        snippets = [
            f"enum {c.enum} {{ {values} }};",
            f"struct {c.host.removeprefix('struct ')} {{ {members}; }};",
            f"struct {c.ops_tag} {{ {ops} }};",
            *(f"{head};" for head in self.registering()),
            f"extern {c.host} {c.array}[{len(spec.slots)}];",
            *(f"extern {c.host} *{slot.pointer};" for slot in spec.slots),
            *(f"extern {spec.table_type} {table.symbol};" for table in spec.shared_tables),
        ]
        macros = [_fact("macro", spec.guard), _fact("macro", c.iterator, "(xh)")]
        if not spec.typedefs:
            macros.append(_fact("macro", c.slot_count, str(len(spec.slots))))
        called = [op for op in spec.ops if op.wrapper != "none"]
        heads = [
            f"{op.wrapper_type} {c.wrapper(op.name)}({self.params(op, 'xh')})" for op in called
        ]
        snippets += [f"static {head} {{ }}" for head in heads]
        return self.read(snippets, spec.header.includes, macros)

    def params(self, op: Op, host: str) -> str:
        """The parameters of an op's functions; ``host`` names the first."""
        return ", ".join([f"{self.c.host} *{host}", *op.args])

    def registering(self) -> list[str]:
        """The heads of the functions that change the registry."""
        c, returns = self.c, "int" if self.spec.registry.misuse else "void"
        params = f"enum {c.enum} type, {self.spec.table_type} *ops"
        return [
            f"{returns} {c.register}({params})",
            f"{returns} {c.unregister}(enum {c.enum} type)",
        ]

    def source(self) -> Facts:
        """The interface's C file."""
        spec, c = self.spec, self.c
        snippets = [
            f"{c.host} {c.array}[{len(spec.slots)}];",
            *(f"{c.host} *{slot.pointer};" for slot in spec.slots),
            *(f"{head} {{ }}" for head in self.registering()),
        ]
        symbols = [symbol for export in spec.registry.exports for symbol in export.symbols]
        exports = [_fact("export", name, "EXPORT_SYMBOL_GPL") for name in symbols]
        return self.read(snippets, spec.source.includes, exports)

    def guest(self, guest: Guest) -> Facts:
        """A guest's file: what the interface adds, and the bodies that the spec gives whole."""
        return self.read(self.of_guest(guest), (*guest.context, guest.include.line))

    def of_guest(self, guest: Guest) -> Iterator[str]:
        """A guest's file as snippets."""
        spec = self.spec
        for table in spec.borrowed(guest) if guest.place else ():
            yield f"extern {spec.table_type} {table.symbol};"
        for table in guest.tables:
            entries = spec.entries[f"{guest.name}.{table.role}"]
            values = ", ".join(f".{op.name} = {entry.function}" for op, entry in entries)
            yield f"{spec.table_type} {table.symbol} = {{ {values} }};"
            for op, entry in entries:
                head = f"{op.returns} {entry.function}({self.params(op, op.host)})"
                if entry.is_kernels:
                    yield f"{head};"
                elif entry.function != "NULL":
                    returned = "" if op.returns == "void" else "return "
                    body = f"{returned}{entry.calls};" if entry.calls else ""
                    yield f"static {head} {{ {body} }}"
        for step in guest.boot.steps:
            if isinstance(step, Call):
                sets = " ".join(self.step(guest, each) for each in step.sets)
                yield f"static void {step.function}(void) {{ {sets} }}"
            elif isinstance(step, ClearBss):
                yield f"void {step.function}(void);"
        steps = " ".join(self.step(guest, step) for step in guest.boot.steps)
        yield f"void {guest.boot.function}({', '.join(guest.boot.params) or 'void'}) {{ {steps} }}"

    def step(self, guest: Guest, step: Step) -> str:
        """A boot step as C."""
        if not isinstance(step, Register):
            return step.c
        table = self.spec.table(guest, step.table).symbol
        call = f"{self.c.register}({self.c.type(step.type)}, &{table});"
        return f"if ({step.when}) {call}" if step.when else call

    def predicates(self) -> Facts:
        """The predicates, and what the spec says of the kernel header that they go into."""
        kernel = self.spec.kernel
        macros = [(macro.name, f"({macro.expands})") for macro in kernel.macros]
        macros += [(macro.name, macro.expands) for macro in self.spec.predicates.macros]
        snippets = [struct_c(struct) for struct in kernel.structs if struct.members] + list(
            map(enum_c, kernel.enums)
        )
        bodies = [(name, " ".join(token.text for token in code_tokens(c))) for name, c in macros]
        return self.read(
            snippets, (), [_fact("macro", name, f"() {body}") for name, body in bodies]
        )


def _fact(kind: str, name: str, text: str = "") -> Fact:
    return Fact(kind, name, text, Location())
