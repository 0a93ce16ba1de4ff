# SPDX-License-Identifier: GPL-2.0-only
"""The typed model of a spec: what a host interface is made of.

Every class mirrors one mapping of the YAML; the ``key`` texts are also the descriptions in the JSON
Schema. Decisions that templates need (which symbol, which value) are properties here, so that a
template holds loops and names and nothing else.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from xenhostgen.spec.c_names import declared_name, spaced_type
from xenhostgen.spec.expr import is_operand
from xenhostgen.spec.kinds import (
    C_DECLARATION,
    C_TEXT,
    C_TYPE,
    C_VALUE,
    DOC,
    FORWARD,
    HEADER,
    LICENCE,
    LINE,
    NAME,
    OPTION,
    PATH,
    PROSE,
    STATEMENT,
    SYMBOL,
)
from xenhostgen.spec.shape import (
    FLAG,
    NUMBER,
    Brief,
    Choice,
    Items,
    P,
    Part,
    Row,
    Rows,
    Tagged,
    key,
    optional,
)
from xenhostgen.spec.source import Text

NONE = "none"
"""The table of empty slots, as ops name it."""


def _in_words(name: str) -> str:
    """A name as kernel-doc says it where the spec says no more: an empty text is an error there."""
    return name.replace("_", " ").strip()


class HostType(Part):
    """One enumerator of the enum of host types."""

    name = key(NAME, "the type's name; the enumerator is the prefix, '_' and this")
    value = optional(NUMBER, "its value, written out in C (default: the previous value plus 1)")
    distance = optional(NUMBER, "how many hypervisors away such a host is")
    doc = optional(DOC, "the comment above the enumerator")

    @property
    def summary(self) -> str:
        """What kernel-doc says of it."""
        return self.doc or _in_words(self.name)


class Types(Part):
    """The enum of host types. The type of value 0 marks an empty slot."""

    values = key(Items(HostType), "the types, in the order of declaration")
    doc = optional(DOC, "the comment above the enum")

    @property
    def summary(self) -> str:
        """What kernel-doc says of the enum."""
        return self.doc or "the types of hosts"

    @property
    def counted(self) -> Iterator[tuple[HostType, int]]:
        """The types with their values, counted as C does."""
        value = -1
        for host_type in self.values:
            value = value + 1 if host_type.value is None else host_type.value
            yield host_type, value


class Slot(Part):
    """A place in the registry that holds one registered host."""

    name = key(NAME, "the slot's name")
    pointer = key(SYMBOL, "the C pointer that always points to this slot")
    accepts = key(Items(NAME), "the host types that may be registered here")
    requires = optional(NAME, "a slot that must be taken before this one")
    requires_doc = optional(DOC, "the comment above the check for that slot")


class Misuse(Part):
    """The errno for each kind of misuse, by rule."""

    type = key(C_VALUE, "a type that no slot accepts (rule 1)")
    occupied = key(C_VALUE, "the slot is taken already (rule 2)")
    requires = key(C_VALUE, "the slot that this one requires is empty (rule 3)")
    ops = key(C_VALUE, "the ops pointer is NULL (rule 1)")
    absent = key(C_VALUE, "no host of that type is registered (rule 6)")
    required = key(C_VALUE, "another taken slot requires this one (rule 7)")

    @property
    def of_registering(self) -> str:
        """What the registering function returns, in lines of a comment."""
        return _returns(
            (self.type, "no slot takes the type"),
            (self.ops, "there are no ops"),
            (self.occupied, "the slot is taken"),
            (self.requires, "a slot that must be taken first is empty"),
        )

    @property
    def of_unregistering(self) -> str:
        """What the unregistering function returns, in lines of a comment."""
        return _returns(
            (self.type, "no slot takes the type"),
            (self.absent, "no such host is registered"),
            (self.required, "a taken slot requires this one"),
        )


def _returns(*reasons: tuple[str, str]) -> str:
    """Each errno once, with all reasons for it."""
    from textwrap import fill  # few specs have misuse

    by_errno: dict[str, list[str]] = {}
    for errno, reason in reasons:
        by_errno.setdefault(errno, []).append(reason)
    parts = [f"{errno} if {' or '.join(because)}" for errno, because in by_errno.items()]
    text = f"Return: 0; {', '.join(parts)}. Nothing has changed unless it returns 0."
    return fill(text, 74, break_on_hyphens=False)


class Export(Part):
    """Symbols exported to GPL modules, under one comment."""

    symbols = key(Items(SYMBOL), "the exported symbols")
    doc = optional(DOC, "the comment above the exports")


class Registry(Part):
    """The array of slots, the functions that change it, and the iterator."""

    slots = key(Items(Slot), "the slots in the order of the array")
    exports = optional(Items(Export), "symbols that modules may use")
    misuse = optional(Misuse, "errnos for misuse; without this key misuse is a BUG")
    storage = optional(
        Choice(
            bss="in .bss, or in .data if empty slots hold a table",
            read_mostly="`__read_mostly`: with data that seldom changes",
            ro_after_init="`__ro_after_init`: read-only once the kernel has booted",
        ),
        "where the array lies; the kernel clears .bss during boot",
        "bss",
    )
    cursor = optional(
        Choice(host="a pointer to a host", pointer="a pointer to a pointer to a host"),
        "the type of the iterator's variable (default: the template set's)",
    )
    doc = optional(DOC, "the comment above the slots' pointers")
    register_doc = optional(DOC, "the comment above the registering function")
    unregister_doc = optional(DOC, "the comment above the unregistering function")
    iterator_doc = optional(DOC, "the comment above the iterator")

    @property
    def attribute(self) -> str:
        """The array's attribute in C, with the blank before it."""
        return "" if self.storage == "bss" else f" __{self.storage}"


class Field(Part):
    """An additional member of the host structure: a declaration, or an anonymous struct."""

    c = optional(C_DECLARATION, "the member's C declaration, without ';'")
    struct = optional(Items(C_DECLARATION), "the members of an anonymous struct")
    doc = optional(DOC, "the comment above the member")

    @property
    def summaries(self) -> dict[str, str]:
        """The members that it declares, and what kernel-doc says of each."""
        names = [declared_name(c) for c in ((self.c,) if self.c else self.struct)]
        return {name: self.doc or _in_words(name) for name in names}


class Entry(Part):
    """One designated initialiser of an ops table."""

    table = key(PROSE, "GUEST.TABLE, or 'none' for the table of empty slots")
    function = key(SYMBOL, "the function that implements the op there, or NULL")
    body = optional(
        STATEMENT,
        "the value that the function returns or the call that it makes, empty for no effect; it "
        "makes the function an adapter, defined beside the table, or in the interface's C file if "
        "tables in several files use it. Without this key the function is the kernel's",
    )
    shared = optional(
        FLAG, "define the adapter in the interface's C file, whichever tables use it", False
    )

    @property
    def guest(self) -> str:
        """The guest whose table it is in, or NONE."""
        return self.table.split(".")[0]

    @property
    def is_kernels(self) -> bool:
        """Whether a kernel function is named, as opposed to NULL or an adapter of ours."""
        return self.body is None and self.function != "NULL"


class Op(Part):
    """One operation: a member of the ops structure, its wrapper, and a column per table."""

    name = key(NAME, "the op's name")
    returns = optional(C_TYPE, "the C type it returns", Text("void"))
    args = optional(Items(C_DECLARATION), "its C parameters after the host")
    host = optional(NAME, "the name of its host parameter", Text("xh"))
    tables = optional(
        Rows(Entry),
        "GUEST.TABLE: the function, for each table that sets the op; 'none': what the op does for "
        "an empty slot. Either all ops have 'none' or no op has",
    )
    wrapper = optional(
        Choice(
            plain="calls it unchecked",
            guarded="calls it unless the host is NULL",
            optional="calls it if the table has it",
            none="the op has no wrapper",
        ),
        "the inline function that calls it",
        "plain",
    )
    wrapper_returns = optional(C_TYPE, "the wrapper's C type, if it differs from the op's")
    no_host = optional(C_VALUE, "the wrapper's value if the host is NULL")
    fallback = optional(C_VALUE, "the wrapper's value if the table lacks the op")
    doc = optional(DOC, "the comment above the member")

    @property
    def summary(self) -> str:
        """What kernel-doc says of it."""
        return self.doc or _in_words(self.name)

    @property
    def wrapper_type(self) -> Text:
        """The C type that the wrapper returns."""
        return self.wrapper_returns or self.returns

    @property
    def takes_no_host(self) -> bool:
        """Whether the spec says what the wrapper does without a host."""
        return self.no_host is not None or self.wrapper == "guarded"


class Macro(Part):
    """A predicate: a macro without arguments that boot code evaluates."""

    name = key(SYMBOL, "the macro's name")
    expands = key(LINE, "what it expands to")
    placeholder = optional(FLAG, "detection is yet to come: 'verify' tries both values", False)
    config = optional(SYMBOL, "a kernel macro's option, without which it is 0; not for predicates")

    @property
    def c(self) -> str:
        """What it expands to as one value in C: operators stand in parentheses."""
        return self.expands if is_operand(self.expands) else f"({self.expands})"


class Place(Part):
    """Where a fragment goes in an existing kernel file: after or before a landmark."""

    after = optional(LINE, "the landmark above the fragment")
    before = optional(LINE, "the landmark below the fragment")
    alternatives = optional(Items(LINE), "landmarks that other kernel versions have instead")

    @property
    def landmark(self) -> Text:
        """The line, function or object beside which the place is."""
        return self.after or self.before or Text()


class Predicates(Part):
    """The predicates, and the kernel header that they go into."""

    file = key(PATH, "the kernel header")
    place = key(Place, "after or before which of its lines")
    macros = key(Items(Macro), "the predicates")

    @property
    def placeholders(self) -> list[Macro]:
        """Those that stand for detection to come."""
        return [macro for macro in self.macros if macro.placeholder]

    @property
    def guard(self) -> str:
        """The include guard of that header's skeleton."""
        return "_" + re.sub(r"\W", "_", self.file.upper().removeprefix("INCLUDE/"))


class SourceFile(Part):
    """A C file of the interface: its header, or the C file under 'source'."""

    file = key(PATH, "its path in the kernel tree")
    includes = optional(Items(HEADER), "the headers that it includes")
    guard = optional(SYMBOL, "a header's include guard")
    declares = optional(Items(FORWARD), "forward declarations, such as 'struct page'")
    doc = optional(DOC, "the comment at its top")


class ObjectLine(Part):
    """The object in the directory's Makefile."""

    file = key(PATH, "the Makefile")
    place = key(Place, "after or before which object")
    config = optional(OPTION, "the kernel option under which it is built (default: always)")

    @property
    def list(self) -> str:
        """The variable of the Makefile to which the object is added."""
        return f"obj-$({self.config})" if self.config else "obj-y"


class Include(Part):
    """The include that a guest's file needs."""

    line = key(HEADER, "the header")
    place = key(Place, "after or before which include")


class Table(Part):
    """An ops table: one role of one guest."""

    role = key(NAME, "the table's role")
    symbol = key(SYMBOL, "the table's C name")


class Register(Part):
    """The interface's boot step: register a host."""

    type = key(NAME, "the host type")
    table = key(NAME, "the role of the ops table")
    when = optional(LINE, "the C condition under which it is registered")
    doc = optional(DOC, "the comment above it")


class Unregister(Part):
    """The interface's boot step: unregister a host."""

    table = ""  # that is registered
    type = key(NAME, "the host type")
    when = optional(LINE, "the C condition under which it is unregistered")
    doc = optional(DOC, "the comment above it")


class Each(Part):
    """The interface's boot step: call an op of every registered host."""

    op = key(NAME, "the op; it must have a wrapper")
    args = optional(Items(LINE), "the C arguments after the host")
    doc = optional(DOC, "the comment above it")


def _either(*c: str) -> str:
    """A regular expression for one of some pieces of C, white space left out."""
    return f"(?:{'|'.join(re.escape(''.join(piece.split())) for piece in c)})"


class ReturnIf(Part):
    """The kernel's boot step: return from the boot function."""

    condition = key(LINE, "the C condition")
    alternatives = optional(Items(LINE), "conditions that other kernel versions have instead")

    @property
    def c(self) -> str:
        return f"if ({self.condition}) return;"

    @property
    def pattern(self) -> str:
        return rf"if\({_either(self.condition, *self.alternatives)}\)(?:return;|{{[^}}]*return;}})"


class Assign(Part):
    """The kernel's boot step: set a variable."""

    target = key(LINE, "what is set")
    value = key(LINE, "the C expression it is set to")
    alternatives = optional(Items(LINE), "values that other kernel versions set instead")

    @property
    def c(self) -> str:
        return f"{self.target} = {self.value};"

    @property
    def pattern(self) -> str:
        return f"{_either(self.target)}={_either(self.value, *self.alternatives)};"


class Calling(Part):
    """A boot step that calls a function."""

    function: Text

    @property
    def c(self) -> str:
        return f"{self.function}();"

    @property
    def pattern(self) -> str:
        return rf"{self.function}\(.*\);"


class Call(Calling):
    """The kernel's boot step: call a function that sets variables."""

    function = key(SYMBOL, "the function's name")
    sets = optional(Rows(Assign), "the variables it sets")


class ClearBss(Calling):
    """The kernel's boot step: clear .bss."""

    function = key(SYMBOL, "the kernel function that does it")


# Each has ``c``, the step in C, and ``pattern``, a regular expression for it without white space.
KernelStep = ReturnIf | Assign | Call | ClearBss
HostStep = Register | Unregister
OwnStep = HostStep | Each
Step = OwnStep | KernelStep
STEP: Tagged[Step] = Tagged(
    register=Brief(Register),
    unregister=Brief(Unregister),
    each=Brief(Each),
    return_if=Brief(ReturnIf),
    assign=Row(Assign),
    call=Brief(Call),
    clear_bss=Brief(ClearBss),
)


class Boot(Part):
    """A guest's boot function.

    Its steps are the body of the stub, the anchors in the kernel's function, and the boot model.
    """

    function = key(SYMBOL, "the kernel function")
    linkage = optional(C_TEXT, "specifiers before its return type")
    params = optional(Items(C_DECLARATION), "its C parameters")
    steps = optional(Items(STEP), "its steps, in order")

    @property
    def head(self) -> str:
        """The function's first line in C."""
        linkage = f"{self.linkage} " if self.linkage else ""
        return f"{linkage}void __init {self.function}({', '.join(self.params) or 'void'})"


class Guest(Part):
    """A guest's boot file: its tables and its registrations."""

    name = key(NAME, "the guest's name")
    file = key(PATH, "its file in the kernel tree")
    include = key(Include, "its include of the interface's header")
    boot = key(Boot, "its boot function")
    context = optional(Items(HEADER), "headers that the file includes already")
    tables = optional(Rows(Table), "role: C name, for each ops table that it defines")
    borrows = optional(NAME, "the guest whose tables it registers")
    place = optional(Place, "after or before which function its tables stand")


class EnumFact(Part):
    """A kernel enum."""

    name = key(SYMBOL, "the enum's tag")
    values = key(Items(SYMBOL), "its enumerators, counted from 0")


class Variable(Part):
    """A kernel variable or structure member that boot code reads or sets, or a typedef."""

    name = key(SYMBOL, "the variable, member or typedef")
    type = key(C_TYPE, "its C type")

    @property
    def declaration(self) -> str:
        return spaced_type(self.type) + self.name


class StructFact(Part):
    """A kernel structure, with the members that boot code uses."""

    name = key(SYMBOL, "the structure's tag")
    members = key(Rows(Variable), "member: C type")


class Constant(Part):
    """A kernel constant."""

    name = key(SYMBOL, "the constant")
    value = key(NUMBER, "its value")


class FunctionFact(Part):
    """A kernel function that wrappers or adapters call."""

    name = key(SYMBOL, "the function")
    returns = key(C_TYPE, "the C type it returns")
    args = optional(Items(C_DECLARATION), "its C parameters")

    @property
    def prototype(self) -> str:
        """Its declaration without ';'."""
        return f"{spaced_type(self.returns)}{self.name}({', '.join(self.args) or 'void'})"


class Kernel(Part):
    """What the kernel provides, as far as boot code and ops use it."""

    constants = optional(Rows(Constant), "name: value, for each constant")
    typedefs = optional(Rows(Variable), "name: C type, for each typedef")
    enums = optional(Rows(EnumFact), "tag: enumerators, for each enum")
    structs = optional(Rows(StructFact), "tag: members, for each structure")
    variables = optional(Rows(Variable), "name: C type, for each variable")
    macros = optional(Rows(Macro), "name: expansion, or the keys of 'predicates.macros'")
    functions = optional(Rows(FunctionFact), "name: C type, for each function")

    @property
    def values(self) -> dict[str, int]:
        """The value of each constant and enumerator."""
        values: dict[str, int] = {constant.name: constant.value for constant in self.constants}
        for enum in self.enums:
            values |= {name: value for value, name in enumerate(enum.values)}
        return values


class Input(Part):
    """What differs between boots: a variable or member, and the initial values to try."""

    target = key(LINE, "the variable or member")
    values = key(Items(LINE), "its initial values; 'object' is a valid pointer")


class BootPath(Part):
    """A kind of guest: the boot functions that run, in order."""

    kind = key(NAME, "the kind of guest")
    runs = key(Items(NAME), "the guests whose boot functions run; 'clear_bss' between them")
    inputs = optional(Rows(Input), "what the hypervisor passes in, as TARGET: VALUES")


class Expected(Part):
    """A known finding, and why it is accepted."""

    rule = key(LINE, "the finding's rule")
    reason = key(PROSE, "why it is expected")
    subject = optional(LINE, "the symbol it is about")
    shows = optional(NUMBER, "how many transitions, boots or calls show it")
    outcome = optional(LINE, "what the C does in the shortest one")


class AcceptedMutant(Part):
    """A mutant that no check can tell from the original, and why."""

    mutant = key(LINE, "the mutant's id, as 'mutate' shows it, or a pattern with '*' for several")
    reason = key(PROSE, "why nothing can tell them apart")
    change = optional(
        LINE, "what it changes, as 'mutate' shows it, or a pattern with '*' for any code"
    )


class Message(Part):
    """The text of one mail of the series."""

    part = key(NAME, "'cover', 'interface', 'predicates' or a guest")
    subject = key(LINE, "the subject, without the series' area")
    body = optional(PROSE, "the text below it")


class Series(Part):
    """The texts of a patch series; the default ones are plain."""

    area = key(LINE, "the subsystem that each subject begins with")
    messages = optional(Rows(Message), "part: its subject and text")


class NameChoices(Part):
    """Names that differ from the ones derived from the prefix."""

    register = optional(SYMBOL, "the registering function")
    unregister = optional(SYMBOL, "the unregistering function")
    array = optional(SYMBOL, "the array of slots")
    iterator = optional(SYMBOL, "the iterator macro")
    enumerators = optional(
        Choice(lower="as in the RFC", upper="as usual in the kernel"),
        "the case of enumerators (default: the template set's)",
    )


class Layout(Part):
    """How authors lay out what they write into kernel files, where they differ."""

    initialisers = optional(
        Choice(aligned="the values in one column", plain="a blank on either side of `=`"),
        "how tables are written",
        "aligned",
    )
    adapters = optional(
        Choice(first="above all tables", beside="each above the first table that names it"),
        "where adapters stand",
        "first",
    )
    registrations = optional(
        Choice(apart="with blank lines around them", joined="as further statements"),
        "how registrations stand among the kernel's statements",
        "apart",
    )


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
        self.enumerators = choices.enumerators or ("lower" if typedefs else "upper")
        self.none = f"{prefix}_none_ops"  # the table of empty slots
        self.slot_count = f"{prefix.upper()}_SLOTS"  # the define for the number of slots

    def type(self, name: str) -> str:
        """The enumerator of a host type."""
        enumerator = f"{self.prefix}_{name}"
        return enumerator.upper() if self.enumerators == "upper" else enumerator

    def wrapper(self, op: str) -> str:
        """The inline function that calls an op."""
        return f"{self.prefix}_{op}"


class Interface(Part):
    """A whole spec: one host interface."""

    interface = key(NAME, "the interface's name: the prefix of every generated symbol")
    templates = key(NAME, "the template set: a folder of templates")
    header = key(SourceFile, "the interface's header")
    source = key(SourceFile, "the interface's C file, with the keys of 'header'")
    object = key(ObjectLine, "the interface's object in the Makefile")
    types = key(Types, "the enum of host types")
    registry = key(Registry, "slots and the functions that change them")
    guests = key(Rows(Guest), "the guests that register hosts")
    kinds = key(Rows(BootPath), "how each kind of guest boots")
    predicates = key(Predicates, "the macros that boot code evaluates")
    kernel = optional(Kernel, "what the kernel provides to boot code and ops", Kernel())
    fields = optional(Items(Field), "additional members of the host structure")
    ops = optional(Rows(Op), "the operations: one row per op, one column per table")
    names = optional(NameChoices, "names that aren't derived from the prefix", NameChoices())
    layout = optional(Layout, "how C is laid out in the kernel's files", Layout())
    typedefs = optional(FLAG, "name structures by typedefs (default: the template set's)")
    spdx = optional(LICENCE, "the licence line of the interface's files")
    banner = optional(FLAG, "say in each file that it is generated, and how", True)
    reference = optional(PATH, "facts of the kernel patch that this spec re-creates")
    expected_findings = optional(Items(Expected), "known faults, each with its reason")
    accepted_mutants = optional(
        Items(AcceptedMutant), "mutants that may survive, each with its reason"
    )
    series = optional(Series, "the texts of a patch series")
    path: str = ""

    @cached_property
    def c(self) -> Names:
        return Names(self.interface, bool(self.typedefs), self.names)

    @cached_property
    def values(self) -> dict[str, int]:
        """The value of each host type."""
        return {host_type.name: value for host_type, value in self.types.counted}

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

    @property
    def cursor(self) -> str:
        """The iterator's variable in C, with stars as in its declaration."""
        return "**xh" if self.registry.cursor == "pointer" else "*xh"

    def call(self, step: Each) -> str:
        """The call of an op for the host that the iterator visits."""
        return f"{self.c.wrapper(step.op)}({', '.join([self.cursor[1:], *step.args])})"

    def guest(self, name: str) -> Guest:
        return next(guest for guest in self.guests if guest.name == name)

    def table(self, guest: Guest, step: HostStep) -> str:
        """The table that a boot step registers, the guest's own or a borrowed one; else empty."""
        tables = (*guest.tables, *self.borrowed(guest))
        return next((table.symbol for table in tables if table.role == step.table), "")

    @property
    def table_type(self) -> str:
        """The C type of a table as it is defined and declared."""
        return self.c.ops if self.typedefs else f"const {self.c.ops}"

    @property
    def bss_functions(self) -> set[str]:
        """The kernel functions by which boot functions clear .bss."""
        return {step.function for step in self.steps(ClearBss)}

    @property
    def context_headers(self) -> dict[str, None]:
        """All headers of the kernel's own that the interface's files include."""
        headers = [*self.header.includes, *self.source.includes]
        headers += [header for guest in self.guests for header in guest.context]
        ours = f"<{self.header.file.removeprefix('include/')}>"
        return dict.fromkeys(header for header in headers if header != ours)

    def borrowed(self, guest: Guest) -> tuple[Table, ...]:
        """The tables of another guest that this one registers."""
        return next((other.tables for other in self.guests if other.name == guest.borrows), ())

    def declared_by(self, guest: Guest) -> tuple[Table, ...]:
        """The borrowed tables that a guest's file declares, where the header doesn't."""
        return self.borrowed(guest) if guest.place and self.typedefs else ()

    @property
    def shared_tables(self) -> list[Table]:
        """The tables that the header declares: for borrowers whose files don't, and for sparse."""
        borrowed = any(guest.borrows and not guest.place for guest in self.guests)
        shared = borrowed or not self.typedefs
        return [table for _, table in self.tables()] if shared else []

    @property
    def exported(self) -> set[str]:
        return {symbol for export in self.registry.exports for symbol in export.symbols}

    @cached_property
    def entries(self) -> dict[str, list[tuple[Op, Entry]]]:
        """For each table (GUEST.ROLE) the ops that it sets, in op order."""
        entries: dict[str, list[tuple[Op, Entry]]] = {
            f"{guest.name}.{table.role}": [] for guest, table in self.tables()
        }
        entries[NONE] = []
        for op, entry in self.cells:
            # A spec that isn't checked may name tables that aren't there.
            entries.setdefault(entry.table, []).append((op, entry))
        return entries

    @property
    def cells(self) -> Iterator[tuple[Op, Entry]]:
        """The matrix of operations, row by row."""
        return ((op, entry) for op in self.ops for entry in op.tables)

    @property
    def none(self) -> str:
        """The table of empty slots; an empty text where these hold NULL."""
        return self.c.none if self.entries[NONE] else ""

    @property
    def section(self) -> str:
        """The section in which the array of slots lies."""
        if self.registry.storage != "bss":
            return f".data..{self.registry.storage}"
        return ".data" if self.none else ".bss"

    @cached_property
    def shared_adapters(self) -> frozenset[str]:
        """The adapters that tables of several files name, or that the spec says are shared."""
        adapters = [entry for _, entry in self.cells if entry.body is not None]
        files: dict[str, set[str]] = {}
        for entry in adapters if self.none else ():
            files.setdefault(entry.function, set()).add(entry.guest)
        shared = {entry.function for entry in adapters if entry.shared}
        return frozenset(shared.union(name for name, guests in files.items() if len(guests) > 1))

    def adapters(self, owner: str) -> list[tuple[Op, Entry]]:
        """The adapters that a guest's file defines, or for NONE the interface's C file.

        Each once, in op order.
        """
        return list(self._adapters.get(owner, {}).values())

    @cached_property
    def _adapters(self) -> dict[str, dict[str, tuple[Op, Entry]]]:
        adapters: dict[str, dict[str, tuple[Op, Entry]]] = {}
        for op, entry in self.cells:
            if entry.body is not None:
                is_shared = entry.function in self.shared_adapters
                owner = NONE if is_shared else entry.guest
                adapters.setdefault(owner, {}).setdefault(entry.function, (op, entry))
        return adapters

    @property
    def ahead(self) -> tuple[str, ...]:
        """The structures of ours that the kernel's functions take, to be declared before these."""
        prototypes = " ".join(function.prototype for function in self.kernel.functions)
        own = () if self.typedefs else (self.c.host, f"struct {self.c.ops_tag}")
        return tuple(c for c in own if re.search(rf"\b{c}\b", prototypes))

    @property
    def macros(self) -> tuple[Macro, ...]:
        """The macros that conditions may ask: the kernel's and our predicates."""
        return (*self.kernel.macros, *self.predicates.macros)

    def tables(self) -> Iterator[tuple[Guest, Table]]:
        """Every ops table with the guest that defines it."""
        return ((guest, table) for guest in self.guests for table in guest.tables)

    def steps(self, kind: type[P]) -> Iterator[P]:
        """The parts of a kind in boot functions: steps, or what their calls set."""
        for guest in self.guests:
            yield from guest.boot.parts(kind)

    def host_steps(self) -> Iterator[tuple[Guest, HostStep]]:
        """Every boot step that registers or unregisters, with its guest."""
        for guest in self.guests:
            yield from ((guest, step) for step in guest.boot.steps if isinstance(step, HostStep))
