# SPDX-License-Identifier: GPL-2.0-only
"""The typed model of a spec: what a host interface is made of.

Every class mirrors one mapping of the YAML; the ``key`` texts are also the descriptions in the JSON
Schema. Decisions that templates need (which symbol, which value) are properties here, so that a
template holds loops and names and nothing else.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from xenhostgen.spec.shape import (
    CText,
    CType,
    Doc,
    Header,
    Licence,
    Line,
    Name,
    Part,
    Path,
    Prose,
    Statement,
    Symbol,
    key,
    rows,
)
from xenhostgen.spec.source import Text

NO_TEXT = Text()


class HostType(Part):
    """One enumerator of the enum of host types."""

    name: Name = key("the type's name; the enumerator is the prefix, '_' and this")
    value: int | None = key("its value, written out in C; without it C counts on", default=None)
    distance: int | None = key("how many hypervisors away such a host is", default=None)
    doc: Doc = key("the comment above the enumerator", default=NO_TEXT)


class Types(Part):
    """The enum of host types. The type of value 0 marks an empty slot."""

    values: tuple[HostType, ...] = key("the types in the order of their declaration")
    doc: Doc = key("the comment above the enum", default=NO_TEXT)

    @property
    def counted(self) -> list[int]:
        """The types' values, counted as C does."""
        counted = [-1]
        for host_type in self.values:
            counted.append(counted[-1] + 1 if host_type.value is None else host_type.value)
        return counted[1:]


class Slot(Part):
    """A place where one registered host lives."""

    name: Name = key("the slot's name")
    pointer: Symbol = key("the C pointer that always points to this slot")
    accepts: tuple[Name, ...] = key("the host types that may be registered here")
    requires: Name | None = key("a slot that must be taken before this one", default=None)
    requires_doc: Doc = key("the comment above the check for that slot", default=NO_TEXT)


class Misuse(Part):
    """The errno that each misuse returns, by rule."""

    type: CText = key("a type that no slot accepts (rule 1)")
    occupied: CText = key("the slot is taken already (rule 2)")
    requires: CText = key("the slot that this one requires is empty (rule 3)")
    ops: CText = key("the ops pointer is NULL (rule 1)")
    absent: CText = key("no host of that type is registered (rule 6)")
    required: CText = key("another taken slot requires this one (rule 7)")


class Export(Part):
    """Symbols exported to GPL modules, under one comment."""

    symbols: tuple[Symbol, ...] = key("the exported symbols")
    doc: Doc = key("the comment above the exports", default=NO_TEXT)


class Registry(Part):
    """The array of slots, the functions that change it, and the iterator."""

    slots: tuple[Slot, ...] = key("the slots in the order of the array")
    exports: tuple[Export, ...] = key("what modules may use", default=())
    misuse: Misuse | None = key("errnos for misuse; without them misuse is a BUG", default=None)
    storage: Literal["bss", "read_mostly", "ro_after_init"] = key(
        "where the array lives; the kernel clears .bss during boot", default="bss"
    )
    cursor: Literal["host", "pointer"] | None = key(
        "what the iterator's variable is: a pointer to a host, or a pointer to such a pointer "
        "(default: as the template set has it)",
        default=None,
    )
    doc: Doc = key("the comment above the slots' pointers", default=NO_TEXT)
    register_doc: Doc = key("the comment above the registering function", default=NO_TEXT)
    unregister_doc: Doc = key("the comment above the unregistering function", default=NO_TEXT)
    iterator_doc: Doc = key("the comment above the iterator", default=NO_TEXT)

    @property
    def attribute(self) -> str:
        """The array's attribute in C, with the blank before it."""
        return "" if self.storage == "bss" else f" __{self.storage}"

    @property
    def section(self) -> str:
        """The section in which the attribute puts the array."""
        return ".bss" if self.storage == "bss" else f".data..{self.storage}"


class Field(Part):
    """A further member of the host structure: a declaration, or an anonymous struct of some."""

    c: CText | None = key("the member's C declaration, without ';'", default=None)
    struct: tuple[CText, ...] = key("the members of an anonymous struct", default=())
    doc: Doc = key("the comment above the member", default=NO_TEXT)


class Entry(Part):
    """One designated initialiser of an ops table."""

    table: Prose = key("GUEST.TABLE")
    function: Symbol = key("the function that implements the op there, or NULL")
    calls: Statement | None = key(
        "makes the function an adapter, written beside the table: the value it returns or the "
        "call it makes, empty for none; without it the function is the kernel's",
        default=None,
    )

    @property
    def is_kernels(self) -> bool:
        """Whether a kernel function is named, as opposed to NULL or an adapter of ours."""
        return self.calls is None and self.function != "NULL"


class Op(Part):
    """One operation: a member of the ops structure, its wrapper, and a column per table."""

    name: Name = key("the op's name")
    returns: CType = key("the C type it returns", default=Text("void"))
    args: tuple[CText, ...] = key("its C parameters after the host", default=())
    host: Name = key("the name of its host parameter", default=Text("xh"))
    tables: tuple[Entry, ...] = rows(
        "GUEST.TABLE: function, for each table that sets it", default=()
    )
    wrapper: Literal["plain", "guarded", "optional", "none"] = key(
        "the inline function that calls it: unchecked, only for a host that is not NULL, only "
        "where the table has it, or no such function",
        default="plain",
    )
    wrapper_returns: CType | None = key(
        "what the wrapper returns, if not what the op does", default=None
    )
    when_no_host: CText | None = key(
        "what the wrapper evaluates to when the host is NULL", default=None
    )
    when_missing: CText | None = key(
        "what the wrapper evaluates to when the table lacks the op", default=None
    )
    doc: Doc = key("the comment above the member", default=NO_TEXT)

    @property
    def wrapper_type(self) -> Text:
        """The C type that the wrapper returns."""
        return self.wrapper_returns or self.returns

    @property
    def takes_no_host(self) -> bool:
        """Whether the spec says what the wrapper does without a host."""
        return self.when_no_host is not None or self.wrapper == "guarded"


class Macro(Part):
    """A predicate: a macro without arguments that boot code asks."""

    name: Symbol = key("the macro's name")
    expands: Line = key("what it expands to")
    placeholder: bool = key(
        "stands for detection to come: explored with both values", default=False
    )
    config: Symbol | None = key("the kernel option without which it is 0", default=None)


class Place(Part):
    """Where a fragment goes in an existing kernel file: after or before a landmark."""

    after: Line | None = key("the landmark above the fragment", default=None)
    before: Line | None = key("the landmark below the fragment", default=None)
    alternatives: tuple[Line, ...] = key(
        "landmarks that other kernel versions have instead", default=()
    )

    @property
    def landmark(self) -> str:
        """The line, function or object beside which the place is."""
        return self.after or self.before or ""


class Predicates(Part):
    """The predicates, and the kernel header that they go into."""

    file: Path = key("the kernel header")
    place: Place = key("where in it: after or before which line")
    macros: tuple[Macro, ...] = key("the predicates")

    @property
    def placeholders(self) -> list[Macro]:
        """Those that stand for detection to come."""
        return [macro for macro in self.macros if macro.placeholder]

    @property
    def guard(self) -> str:
        """The include guard of that header's skeleton."""
        return "_" + "".join(
            c if c.isalnum() else "_" for c in self.file.upper().removeprefix("INCLUDE/")
        )


class SourceFile(Part):
    """A C file that the interface brings along."""

    file: Path = key("its path in the kernel tree")
    includes: tuple[Header, ...] = key("the headers that it includes", default=())
    guard: Symbol | None = key("a header's include guard", default=None)
    declares: tuple[CText, ...] = key("structures declared ahead, as 'struct page'", default=())
    doc: Doc = key("the comment at its top", default=NO_TEXT)


class ObjectLine(Part):
    """The object in the directory's Makefile."""

    file: Path = key("the Makefile")
    place: Place = key("after or before which object")


class Include(Part):
    """The include that a guest's file needs."""

    line: Header = key("the header")
    place: Place = key("after or before which include")


class Table(Part):
    """An ops table: one role of one guest."""

    role: Name = key("the table's role")
    symbol: Symbol = key("the table's C name")


class Register(Part):
    """Boot step, ours: register a host."""

    type: Name = key("the host type")
    table: Name = key("the role of the ops table")
    when: Line | None = key("the C condition under which it is registered", default=None)
    doc: Doc = key("the comment above it", default=NO_TEXT)


def _either(*c: str) -> str:
    """A regular expression for one of some pieces of C, white space left out."""
    return f"(?:{'|'.join(re.escape(''.join(piece.split())) for piece in c)})"


class ReturnIf(Part):
    """Boot step of the kernel: leave the boot function."""

    condition: Line = key("the C condition")
    alternatives: tuple[Line, ...] = key(
        "conditions that other kernel versions have instead", default=()
    )

    @property
    def c(self) -> str:
        return f"if ({self.condition}) return;"

    @property
    def pattern(self) -> str:
        return rf"if\({_either(self.condition, *self.alternatives)}\)(?:return;|{{[^}}]*return;}})"


class Assign(Part):
    """Boot step of the kernel: set a variable."""

    target: Line = key("what is set")
    value: Line = key("the C expression it is set to")
    alternatives: tuple[Line, ...] = key(
        "values that other kernel versions set instead", default=()
    )

    @property
    def c(self) -> str:
        return f"{self.target} = {self.value};"

    @property
    def pattern(self) -> str:
        return f"{_either(self.target)}={_either(self.value, *self.alternatives)};"


class _Calling(Part):
    """A boot step that calls a function."""

    function: Symbol = key("the kernel function")

    @property
    def c(self) -> str:
        return f"{self.function}();"

    @property
    def pattern(self) -> str:
        return rf"{self.function}\(.*\);"


class Call(_Calling):
    """Boot step of the kernel: call a function, of which we know what it sets."""

    function: Symbol = key("the function's name")
    sets: tuple[Assign, ...] = rows("the variables it sets", default=())


class ClearBss(_Calling):
    """Boot step of the kernel: set all of .bss to zero."""

    function: Symbol = key("the kernel function that does it")


# Each has ``c``, the step in C, and ``pattern``, a regular expression for it without white space.
KernelStep = ReturnIf | Assign | Call | ClearBss
Step = Register | KernelStep


class Boot(Part):
    """A guest's boot function.

    Its steps are the stub's body, the anchor in the real one, and what the boot model runs.
    """

    function: Symbol = key("the kernel function")
    linkage: CText | None = key("specifiers before its return type", default=None)
    params: tuple[CText, ...] = key("its C parameters", default=())
    steps: tuple[Step, ...] = key("what it does, in order", default=())

    @property
    def head(self) -> str:
        """The function's first line in C."""
        linkage = f"{self.linkage} " if self.linkage else ""
        return f"{linkage}void __init {self.function}({', '.join(self.params) or 'void'})"


class Guest(Part):
    """A guest's boot file: its tables and its registrations."""

    name: Name = key("the guest's name")
    file: Path = key("its file in the kernel tree")
    include: Include = key("the interface's header there")
    boot: Boot = key("its boot function")
    context: tuple[Header, ...] = key("headers that the file includes already", default=())
    tables: tuple[Table, ...] = rows("role: C name of each ops table it defines", default=())
    borrows: Name | None = key("the guest whose tables it registers", default=None)
    place: Place | None = key("after or before which function its tables stand", default=None)


class EnumFact(Part):
    """An enum of the kernel's."""

    name: Symbol = key("the enum's tag")
    values: tuple[Symbol, ...] = key("its enumerators from 0 on")


class MemberFact(Part):
    """A member of a kernel structure."""

    name: Symbol = key("the member")
    type: CType = key("its C type")


class StructFact(Part):
    """A structure of the kernel's, as far as boot code reads it."""

    name: Symbol = key("the structure's tag")
    members: tuple[MemberFact, ...] = rows("member: C type")


def _declared(c_type: str, name: str) -> str:
    return f"{c_type}{name}" if c_type.endswith("*") else f"{c_type} {name}"


class Variable(Part):
    """A variable of the kernel's that boot code reads or sets, or a name of a type."""

    name: Symbol = key("the variable or name")
    type: CType = key("its C type")

    @property
    def declaration(self) -> str:
        return _declared(self.type, self.name)


class Constant(Part):
    """A constant of the kernel's."""

    name: Symbol = key("the constant")
    value: int = key("its value")


class FunctionFact(Part):
    """A function of the kernel's that wrappers or adapters call."""

    name: Symbol = key("the function")
    returns: CType = key("the C type it returns")
    args: tuple[CText, ...] = key("its C parameters", default=())

    @property
    def prototype(self) -> str:
        """Its declaration without ';'."""
        return _declared(self.returns, f"{self.name}({', '.join(self.args) or 'void'})")


class Kernel(Part):
    """What the kernel has already and the boot code uses: facts by which boot can be modelled."""

    constants: tuple[Constant, ...] = rows("name: value", default=())
    typedefs: tuple[Variable, ...] = rows("name: the C type that it stands for", default=())
    enums: tuple[EnumFact, ...] = rows("enum: its enumerators", default=())
    structs: tuple[StructFact, ...] = rows("struct: its members", default=())
    variables: tuple[Variable, ...] = rows("variable: C type", default=())
    macros: tuple[Macro, ...] = rows("macro: what it expands to", default=())
    functions: tuple[FunctionFact, ...] = rows("function: its C type", default=())


class Input(Part):
    """What differs from boot to boot: a place in memory and the values it may begin with."""

    target: Line = key("the variable or member")
    values: tuple[Line, ...] = key("its values; 'object' points a pointer at something")


class BootPath(Part):
    """A kind of guest as the kernel brings it up: the boot functions that run, in order."""

    kind: Name = key("the kind of guest")
    runs: tuple[Name, ...] = key("the guests whose boot functions run; 'clear_bss' between them")
    inputs: tuple[Input, ...] = rows("what the hypervisor hands over: place: values", default=())


class Expected(Part):
    """A finding that is known, with the reason why it stands."""

    rule: Line = key("the finding's rule")
    reason: Prose = key("why it is expected")
    subject: Line | None = key("the symbol it is about", default=None)


class AcceptedMutant(Part):
    """A wrong version of the C that no check can tell from the right one, and why."""

    mutant: Line = key("the mutant's id, as 'mutate' shows it, or a pattern with '*' for several")
    reason: Prose = key("why no observer can tell it apart")
    change: Line | None = key(
        "what it changes, as 'mutate' shows it, or a pattern with '*' for any code", default=None
    )


class Message(Part):
    """What a mail of the series says."""

    part: Name = key("'cover', 'interface', 'predicates' or a guest")
    subject: Line = key("the subject, without the series' area")
    body: Prose = key("the text below it", default=NO_TEXT)


class Series(Part):
    """The words of a patch series; where they lack, the subjects are made up."""

    area: Line = key("the subsystem that each subject begins with")
    messages: tuple[Message, ...] = rows("part: its subject and text", default=())


class Raw(Part):
    """Lines that the rest of the spec can't say, kept as they are in their place."""

    file: Path = key("the file that they belong to")
    text: Prose = key("the lines", default=NO_TEXT)
    after: Prose = key(
        "rendered lines right above them; without any they stand at the top", default=NO_TEXT
    )
    instead: Prose = key("lines that they take the place of", default=NO_TEXT)
    place: Place | None = key(
        "in a kernel file, away from what is rendered: after or before which line", default=None
    )


class NameChoices(Part):
    """Names that differ from those that the prefix would give."""

    register: Symbol | None = key("the registering function", default=None)
    unregister: Symbol | None = key("the unregistering function", default=None)
    array: Symbol | None = key("the array of slots", default=None)
    iterator: Symbol | None = key("the iterator macro", default=None)


class Names:
    """Every generated symbol, computed from the interface's prefix in this one place."""

    def __init__(self, prefix: str, typedefs: bool, choices: NameChoices) -> None:
        self.prefix, self.typedefs = prefix, typedefs
        self.enum = f"{prefix}_type"  # the tag of the enum of host types
        self.host = f"{prefix}_t" if typedefs else f"struct {prefix}"  # the C type of a host
        self.ops_tag = f"{prefix}_ops"
        self.ops = (
            f"{self.ops_tag}_t" if typedefs else f"struct {self.ops_tag}"
        )  # the C type of an ops table
        self.register = choices.register or f"{prefix}_register"
        self.unregister = choices.unregister or f"{prefix}_unregister"
        self.array = choices.array or f"{prefix}s"  # of slots
        self.iterator = choices.iterator or f"for_each_{prefix}"
        self.slot_count = f"{prefix.upper()}_SLOTS"  # the define for the number of slots

    def type(self, name: str) -> str:
        """The enumerator of a host type."""
        return f"{self.prefix}_{name}"

    def wrapper(self, op: str) -> str:
        """The inline function that calls an op."""
        return f"{self.prefix}_{op}"


class Interface(Part):
    """A whole spec: one host interface."""

    interface: Name = key("the interface's name: the prefix of every generated symbol")
    templates: Name = key("the template set: a folder of templates")
    header: SourceFile = key("the interface's header")
    source: SourceFile = key("the interface's C file")
    object: ObjectLine = key("its object in the Makefile")
    types: Types = key("the enum of host types")
    registry: Registry = key("slots and the functions that change them")
    guests: tuple[Guest, ...] = rows("the guests that register hosts")
    kinds: tuple[BootPath, ...] = rows("how each kind of guest boots")
    predicates: Predicates = key("what boot code asks")
    kernel: Kernel = key("the kernel state that boot code reads and sets", default=Kernel())
    fields: tuple[Field, ...] = key("further members of the host structure", default=())
    ops: tuple[Op, ...] = rows("the operations: a row an op, a column a table", default=())
    names: NameChoices = key("names that differ from the prefix's", default=NameChoices())
    typedefs: bool | None = key(
        "name structures by typedef (default: as the template set does)", default=None
    )
    spdx: Licence | None = key("the licence line of the interface's files", default=None)
    banner: bool = key("say in each file that it is generated, and how", default=True)
    reference: Path | None = key(
        "facts of the kernel patch that this spec re-creates", default=None
    )
    expected_findings: tuple[Expected, ...] = key("known faults, each with its reason", default=())
    accepted_mutants: tuple[AcceptedMutant, ...] = key(
        "mutants that may survive, each with its reason", default=()
    )
    series: Series | None = key("the words of a patch series", default=None)
    raw: tuple[Raw, ...] = key("lines kept as they are, of each file from the top down", default=())
    path: str = ""

    @cached_property
    def c(self) -> Names:
        return Names(self.interface, bool(self.typedefs), self.names)

    @cached_property
    def values(self) -> dict[str, int]:
        """The value of each host type."""
        return dict(zip((each.name for each in self.types.values), self.types.counted, strict=True))

    @property
    def guard(self) -> str:
        """The header's include guard."""
        return self.header.guard or f"__{self.interface.upper()}_H"

    @property
    def empty(self) -> str:
        """The name of the type that marks an empty slot."""
        return next(name for name, value in self.values.items() if value == 0)

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.registry.slots

    def slot(self, name: str) -> Slot:
        return next(slot for slot in self.slots if slot.name == name)

    def slot_of(self, type_name: str) -> Slot | None:
        """The slot that accepts a type."""
        return next((slot for slot in self.slots if type_name in slot.accepts), None)

    def guest(self, name: str) -> Guest:
        return next(guest for guest in self.guests if guest.name == name)

    def table(self, guest: Guest, role: str) -> Table:
        """The table that a guest registers under a role, its own or a borrowed one."""
        return next(table for table in (*guest.tables, *self.borrowed(guest)) if table.role == role)

    @property
    def table_type(self) -> str:
        """The C type of a table as it is defined and declared."""
        return self.c.ops if self.typedefs else f"const {self.c.ops}"

    @property
    def bss_functions(self) -> set[str]:
        """The kernel functions by which boot functions clear .bss."""
        steps = (step for guest in self.guests for step in guest.boot.steps)
        return {step.function for step in steps if isinstance(step, ClearBss)}

    @property
    def context_headers(self) -> dict[str, None]:
        """All headers of the kernel's own that the interface's files include."""
        asked = [*self.header.includes, *self.source.includes]
        asked += [header for guest in self.guests for header in guest.context]
        ours = f"<{self.header.file.removeprefix('include/')}>"
        return dict.fromkeys(header for header in asked if header != ours)

    def borrowed(self, guest: Guest) -> tuple[Table, ...]:
        """The tables of another guest that this one registers."""
        return next((other.tables for other in self.guests if other.name == guest.borrows), ())

    @property
    def shared_tables(self) -> list[Table]:
        """The tables that the header declares for borrowers whose files don't declare them."""
        shared = any(guest.borrows and not guest.place for guest in self.guests)
        return [table for _, table in self.tables()] if shared else []

    @property
    def exported(self) -> set[str]:
        return {symbol for export in self.registry.exports for symbol in export.symbols}

    @cached_property
    def entries(self) -> dict[str, list[tuple[Op, Entry]]]:
        """For each table (GUEST.ROLE) the ops that it sets, in op order."""
        made: dict[str, list[tuple[Op, Entry]]] = {
            f"{guest.name}.{table.role}": [] for guest, table in self.tables()
        }
        for op in self.ops:
            for entry in op.tables:
                made[entry.table].append((op, entry))
        return made

    @property
    def macros(self) -> tuple[Macro, ...]:
        """The macros that conditions may ask: the kernel's and our predicates."""
        return (*self.kernel.macros, *self.predicates.macros)

    def tables(self) -> Iterator[tuple[Guest, Table]]:
        """Every ops table with the guest that defines it."""
        return ((guest, table) for guest in self.guests for table in guest.tables)

    def registrations(self) -> Iterator[tuple[Guest, Register]]:
        """Every registering boot step with its guest."""
        return (
            (guest, step)
            for guest in self.guests
            for step in guest.boot.steps
            if isinstance(step, Register)
        )
