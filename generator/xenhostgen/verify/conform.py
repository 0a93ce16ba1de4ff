# SPDX-License-Identifier: GPL-2.0-only
"""Hold what was read back against the spec, both ways: nothing missing, nothing unknown.

Expectations are computed from the spec alone. Both sides become the same flat form, a text for each
(kind, name), so that one comparison serves all. Bodies of functions and of the iterator are not
compared here: what they do is judged by running them.
"""

from collections.abc import Iterable
from pathlib import Path

from xenhostgen.csource.canonical import canonical_expression, canonical_statements, canonical_type
from xenhostgen.csource.facts import Facts, Member, Prototype
from xenhostgen.csource.tokens import code_tokens
from xenhostgen.spec.model import (
    ClearBss, Assign,
    Call,
    Guest,
    Interface,
    Macro,
    Op,
    Register,
    ReturnIf,
    Step,
)
from xenhostgen.spec.rules import declared_name
from xenhostgen.spec.source import At
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding, Where

Flat = dict[tuple[str, str], str]


class Expectation:
    """What the files of one spec must declare."""

    def __init__(self, spec: Interface) -> None:
        self.spec = spec
        self.c = spec.c
        self.typedefs = [spec.c.host, spec.c.ops] if spec.typedefs else []

    def type(self, text: str) -> str:
        """A C type in canonical spelling."""
        return canonical_type(text, self.typedefs)

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
            host += self.members(
                [member.c] if member.c else [f"struct {{ {'; '.join(member.struct)}; }}"]
            )
        flat["host", c.host.removeprefix("struct ")] = "; ".join(host)
        flat["ops", c.ops_tag] = "; ".join(f"{op.name}: {self.op_type(op)}" for op in spec.ops)
        flat["prototype", c.register] = self.registering(
            [f"enum {c.enum} type", f"{spec.table_type} *ops"]
        )
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
                flat["function", c.wrapper(op.name)] = self.function(
                    op.wrapper_returns or op.returns, params
                )
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
                said.append(
                    f"struct {{{'; '.join(self.members(c.strip() for c in inner if c.strip()))}}}"
                )
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
        flat["function", c.register] = self.registering(
            [f"enum {c.enum} type", f"{spec.table_type} *ops"]
        )
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
                    flat[kind, entry.function] = self.function(
                        op.returns, [f"{c.host} *{op.host}", *op.args]
                    )
        for step in guest.boot.steps:
            if isinstance(step, Call):
                flat["function", step.function] = "void (void)"
            elif isinstance(step, ClearBss):
                flat["prototype", step.function] = "void (void)"
        flat["function", guest.boot.function] = self.function("void", guest.boot.params)
        return flat

    def steps(self, guest: Guest) -> list[tuple[str, At]]:
        """A boot function's statements with the steps' places in the spec."""
        made = []
        for step in guest.boot.steps:
            (text,) = canonical_statements(self.step(guest, step), self.typedefs)
            made.append((text, step.at))
        return made

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
            flat["macro", macro.name] = (
                f"() {_tokens(_expansion(macro, macro not in spec.predicates.macros))}"
            )
        for enum in spec.kernel.enums:
            flat["enum", enum.name] = " ".join(f"{name}={n}" for n, name in enumerate(enum.values))
        return flat


def _expansion(macro: Macro, kernels: bool) -> str:
    return f"({macro.expands})" if kernels else macro.expands


def _tokens(text: str) -> str:
    return " ".join(token.text for token in code_tokens(text))


def flatten(spec: Interface, facts: Facts) -> Flat:
    """What a file declares, in the form of the expectations."""
    flat: Flat = {("include", include.text): "" for include in facts.includes}
    pointers = {slot.pointer for slot in spec.slots}
    for enum in facts.enums:
        flat["enum", enum.name] = " ".join(f"{one.name}={one.value}" for one in enum.enumerators)
    for thing in (*facts.structs, *facts.typedefs):
        if thing.members is not None:
            kind = (
                "ops"
                if thing.name in (spec.c.ops_tag, spec.c.ops)
                else "host"
                if thing.name == spec.c.host.removeprefix("struct ")
                else "struct"
            )
            name = spec.c.ops_tag if kind == "ops" else thing.name
            flat[kind, name] = "; ".join(map(_member, thing.members))
    for prototype in facts.prototypes:
        flat["prototype", prototype.name] = _function(prototype)
    for function in facts.functions:
        flat["function", function.name] = _function(function)
    for variable in facts.variables:
        const = "const " if variable.const and "*" not in variable.type and not variable.type.startswith("const ") else ""
        storage = f"{variable.storage} " if variable.storage else ""
        # A slot's pointer may promise more than the spec asks: never to be changed.
        c_type = variable.type.removesuffix(" const") if variable.name in pointers else variable.type
        flat["variable", variable.name] = f"{storage}{const}{c_type}"
        if variable.entries is not None:
            flat["table", variable.name] = "; ".join(
                f"{e.designator}={e.value}" for e in variable.entries
            )
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
            findings += _compare(path, expected, flatten(spec, facts), facts, closed, read)
    for guest in spec.guests:
        if facts := read.facts.get(guest.file):
            findings += _steps(spec, expectation, guest, facts)
    findings += _object(spec, tree)
    return findings


def _compare(
    path: str, expected: Flat, found: Flat, facts: Facts, closed: bool, read: Read
) -> list[Finding]:
    findings = []

    def note(rule: str, name: str, message: str) -> None:
        where = read.where(name)
        place = where if where and where.file == path else Where(path)
        findings.append(Finding(rule, name, message, place, None, (), "conformance"))

    for (kind, name), text in expected.items():
        if (kind, name) not in found:
            note("missing", name, f"{kind} '{name}' is missing in {path}")
        elif found[kind, name] != text:
            note("differs", name, f"{kind} '{name}' is '{found[kind, name]}', should be '{text}'")
    if not closed:
        return findings
    private = {v.name for v in facts.variables if v.storage == "static"}
    private |= {f.name for f in facts.functions if "static" in f.specifiers}
    private |= {p.name for p in facts.prototypes if "static" in p.specifiers}
    if path.endswith(".c"):
        # A C file may include and define for itself what nobody else sees.
        private |= {macro.name for macro in facts.macros} | {
            include.text for include in facts.includes
        }
    for kind, name in found:
        declared_twice = kind == "prototype" and ("function", name) in expected
        if (kind, name) not in expected and name not in private and not declared_twice:
            note("unknown", name, f"{kind} '{name}' is nothing that the spec knows")
    return findings


def _steps(spec: Interface, expectation: Expectation, guest: Guest, facts: Facts) -> list[Finding]:
    """The boot function's statements against the steps, in order."""
    function = next((f for f in facts.functions if f.name == guest.boot.function), None)
    if function is None:
        return []
    expected = expectation.steps(guest)
    found = list(function.statements)
    where = Where(guest.file, function.at.line, function.at.column or 1)
    findings = []
    texts = [text for text, _ in expected]
    if found == texts:
        return []
    for text, at in expected:
        if text not in found:
            message = f"{guest.boot.function}() lacks the step '{text}'"
            findings.append(
                Finding("step-missing", guest.boot.function, message, where, at, (), "conformance")
            )
    for text in found:
        if text not in texts:
            message = f"{guest.boot.function}() has a step that the spec doesn't know: '{text}'"
            findings.append(
                Finding(
                    "step-unknown",
                    guest.boot.function,
                    message,
                    where,
                    guest.boot.at,
                    (),
                    "conformance",
                )
            )
    if not findings:
        message = f"{guest.boot.function}() takes its steps in another order: {' '.join(found)}"
        findings.append(
            Finding(
                "step-order", guest.boot.function, message, where, guest.boot.at, (), "conformance"
            )
        )
    return findings


def _object(spec: Interface, tree: Path) -> list[Finding]:
    """The Makefile builds the interface's C file."""
    makefile = tree / spec.object.file
    name = Path(spec.source.file).stem + ".o"
    try:
        lines = makefile.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    if any(line.split("#")[0].split() == ["obj-y", "+=", name] for line in lines):
        return []
    message = f"no line 'obj-y += {name}' in {spec.object.file}"
    return [
        Finding(
            "missing", name, message, Where(spec.object.file), spec.object.at, (), "conformance"
        )
    ]
