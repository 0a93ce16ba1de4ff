# SPDX-License-Identifier: GPL-2.0-only
"""What the files of a spec must declare, computed from the spec alone.

Each declaration becomes a text under its (kind, name): the flat form in which what was read back is
compared with it.
"""

from collections.abc import Iterable

from xenhostgen.csource.canonical import canonical_expression, canonical_statements, canonical_type
from xenhostgen.csource.tokens import code_tokens
from xenhostgen.spec.model import Assign, Call, ClearBss, Entry, Guest, Interface, Macro, Op, Register, ReturnIf, Step
from xenhostgen.spec.words import declared_name

Flat = dict[tuple[str, str], str]


class Expectation:
    """What the files of one spec must declare."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.c = spec.c
        self.types: dict[str, str] = {}  # by their spelling in the spec
        self.typedefs = [spec.c.host, spec.c.ops] if spec.typedefs else []

    def type(self, text: str) -> str:
        """A C type in canonical spelling."""
        if text not in self.types:
            self.types[text] = canonical_type(text, self.typedefs)
        return self.types[text]

    def param(self, declaration: str) -> str:
        """The type of a parameter's declaration."""
        name = declared_name(declaration)
        before, _, after = declaration.rpartition(name)
        return self.type(before + after)

    def function(self, returns: str, params: Iterable[str]) -> str:
        """A function's type: results and parameters, names left out."""
        return f"{self.type(returns)} ({', '.join(map(self.param, params)) or 'void'})"

    def header(self) -> Flat:
        """The interface's header."""
        spec, c = self.spec, self.c
        flat: Flat = {("include", header): "" for header in spec.header.includes}
        enumerators = [f"{c.type(name)}={value}" for name, value in spec.values.items()]
        flat["enum", c.enum] = " ".join(enumerators)
        ops_tag = f"struct {c.ops_tag}"
        ops_pointer = f"{ops_tag} *" if spec.typedefs else f"const {ops_tag} *"
        host = [f"type: enum {c.enum}", f"ops: {self.type(ops_pointer)}"]
        for member in spec.fields:
            host += self.members([member.c] if member.c else [f"struct {{ {'; '.join(member.struct)}; }}"])
        flat["struct", c.host.removeprefix("struct ")] = "; ".join(host)
        flat["struct", c.ops_tag] = "; ".join(f"{op.name}: {self.op_type(op)}" for op in spec.ops)
        flat["prototype", c.register] = self.registering([f"enum {c.enum} type", f"{spec.table_type} *ops"])
        flat["prototype", c.unregister] = self.registering([f"enum {c.enum} type"])
        count = str(len(spec.slots))
        flat["variable", c.array] = f"extern {self.type(f'{c.host} [{count}]')}"
        for slot in spec.slots:
            flat["variable", slot.pointer] = f"extern {self.type(f'{c.host} *')}"
        for table in spec.shared_tables:
            flat["variable", table.symbol] = f"extern {self.type(spec.table_type)}"
        flat["macro", spec.guard] = ""
        flat["macro", c.iterator] = "(xh)"
        if not spec.typedefs:
            flat["macro", c.slot_count] = count
        for op in spec.ops:
            if op.wrapper != "none":
                params = [f"{c.host} *xh", *op.args]
                signature = self.function(op.wrapper_returns or op.returns, params)
                flat["function", c.wrapper(op.name)] = f"static {signature}"
        return flat

    def registering(self, params: list[str]) -> str:
        return self.function("int" if self.spec.registry.misuse else "void", params)

    def op_type(self, op: Op) -> str:
        params = ", ".join([f"{self.c.host} *{op.host}", *op.args])
        return self.type(f"{op.returns} (*)({params})")

    def members(self, declarations: Iterable[str]) -> list[str]:
        """Members of a structure in the spelling of ``_member``."""
        said = []
        for declaration in declarations:
            if declaration.startswith("struct {"):
                inner = declaration.removeprefix("struct {").removesuffix("}").split(";")
                said.append(f"struct {{{'; '.join(self.members(c.strip() for c in inner if c.strip()))}}}")
            else:
                said.append(f"{declared_name(declaration)}: {self.param(declaration)}")
        return said

    def source(self) -> Flat:
        """The interface's C file."""
        spec, c = self.spec, self.c
        flat: Flat = {("include", header): "" for header in spec.source.includes}
        flat["variable", c.array] = self.type(f"{c.host} [{len(spec.slots)}]")
        for slot in spec.slots:
            flat["variable", slot.pointer] = self.type(f"{c.host} *")
        flat["function", c.register] = self.registering([f"enum {c.enum} type", f"{spec.table_type} *ops"])
        flat["function", c.unregister] = self.registering([f"enum {c.enum} type"])
        for export in spec.registry.exports:
            flat |= {("export", symbol): "EXPORT_SYMBOL_GPL" for symbol in export.symbols}
        return flat

    def guest(self, guest: Guest) -> Flat:
        """A guest's file: what the interface adds, in its frame."""
        spec, c = self.spec, self.c
        flat: Flat = {("include", header): "" for header in (*guest.context, guest.include.line)}
        for table in spec.borrowed(guest) if guest.place else ():
            flat["variable", table.symbol] = f"extern {self.type(spec.table_type)}"
        for table in guest.tables:
            flat["variable", table.symbol] = self.type(spec.table_type)
            entries = spec.entries[f"{guest.name}.{table.role}"]
            flat["table", table.symbol] = "; ".join(
                f".{op.name}={canonical_expression(entry.function)}" for op, entry in entries
            )
            for op, entry in entries:
                if entry.function != "NULL":
                    kind = "prototype" if entry.is_kernels else "function"
                    signature = self.function(op.returns, [f"{c.host} *{op.host}", *op.args])
                    flat[kind, entry.function] = signature if entry.is_kernels else f"static {signature}"
        for step in guest.boot.steps:
            if isinstance(step, Call):
                flat["function", step.function] = "static void (void)"
            elif isinstance(step, ClearBss):
                flat["prototype", step.function] = "void (void)"
        flat["function", guest.boot.function] = self.function("void", guest.boot.params)
        return flat

    def bodies(self, guest: Guest) -> dict[str, list[str]]:
        """The statements of the functions that the spec gives whole: boot function, helpers, adapters."""
        bodies = {guest.boot.function: [self.step(guest, step) for step in guest.boot.steps]}
        for step in guest.boot.steps:
            if isinstance(step, Call):
                bodies[step.function] = [self.step(guest, each) for each in step.sets]
        for op, entry in (pair for table in guest.tables for pair in self.spec.entries[f"{guest.name}.{table.role}"]):
            if entry.calls is not None:
                bodies[entry.function] = [self.adapter(op, entry)] if entry.calls else []
        return {name: list(canonical_statements(" ".join(steps), self.typedefs)) for name, steps in bodies.items()}

    def adapter(self, op: Op, entry: Entry) -> str:
        """What an adapter does, as C."""
        return f"{entry.calls};" if op.returns == "void" else f"return {entry.calls};"

    def step(self, guest: Guest, step: Step) -> str:
        """A boot step as C."""
        match step:
            case ReturnIf(condition):
                return f"if ({condition}) return;"
            case Assign(target, value):
                return f"{target} = {value};"
            case Register():
                table = self.spec.table(guest, step.table).symbol
                call = f"{self.c.register}({self.c.type(step.type)}, &{table});"
                return f"if ({step.when}) {call}" if step.when else call
        return f"{step.function}();"

    def predicates(self) -> Flat:
        """The predicates, and what the spec says of the kernel header that they go into."""
        spec = self.spec
        flat: Flat = {}
        for macro in (*spec.kernel.macros, *spec.predicates.macros):
            flat["macro", macro.name] = f"() {_tokens(_expansion(macro, macro not in spec.predicates.macros))}"
        for struct in spec.kernel.structs:
            if struct.members:
                members = (f"{member.name}: {self.type(member.type)}" for member in struct.members)
                flat["struct", struct.name] = "; ".join(members)
        for enum in spec.kernel.enums:
            flat["enum", enum.name] = " ".join(f"{name}={n}" for n, name in enumerate(enum.values))
        return flat


def _expansion(macro: Macro, kernels: bool) -> str:
    return f"({macro.expands})" if kernels else macro.expands


def _tokens(text: str) -> str:
    return " ".join(token.text for token in code_tokens(text))
