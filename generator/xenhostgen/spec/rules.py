# SPDX-License-Identifier: GPL-2.0-only
"""What must hold in a spec beyond its shape.

One function a subject, each noting every breach with its place and a hint. Nothing here changes the
model; whoever passes all of them can be rendered.
"""

import re
from collections.abc import Callable, Iterator

from xenhostgen.spec import expr
from xenhostgen.spec.model import (
    Assign,
    Call,
    ClearBss,
    Guest,
    Interface,
    Place,
    Register,
    ReturnIf,
)
from xenhostgen.spec.source import At, Problems, Text, did_you_mean

KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline "
    "int long register restrict return short signed sizeof static struct switch typedef union unsigned "
    "void volatile while asm typeof _Bool _Complex _Generic _Atomic _Noreturn _Alignas _Alignof "
    "_Static_assert _Thread_local __attribute__ __inline __volatile__ __asm__ __typeof__".split()
)
# Words that kernel headers define for everyone; a symbol of ours by that name would not compile.
RESERVED = frozenset(
    "NULL true false bool BUG BUG_ON EXPORT_SYMBOL_GPL linux unix i386 current".split()
)
_COMMENT_END = re.compile(
    r"\*/|/\*|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_DECLARED = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*$")
_FUNCTION_POINTER = re.compile(r"\(\s*\*\s*([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\)")
INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


def check(spec: Interface, problems: Problems) -> None:
    """Note every breach of every rule."""
    for rule in _RULES:
        rule(spec, problems)


def declared_name(c: str) -> str:
    """The name that a C declaration declares; empty if it declares none."""
    found = _FUNCTION_POINTER.search(c) or _DECLARED.search(c)
    return found[1] if found else ""


def at_of(value: object, otherwise: At) -> At:
    """Where a scalar stands, if it was written in the file."""
    return getattr(value, "at", None) or otherwise


def types(spec: Interface, problems: Problems) -> None:
    seen: dict[str, Text] = {}
    values: dict[int, str] = {}
    for host_type, value in zip(spec.types.values, _counted(spec), strict=True):
        name = host_type.name
        if name in seen:
            problems.add(
                "duplicate-type",
                f"type '{name}' is declared twice",
                name,
                f"the first is on line {seen[name].at.line}",
            )
        seen.setdefault(name, name)
        place = at_of(host_type.value, name.at)
        if value in values:
            problems.add(
                "duplicate-value",
                f"type '{name}' has the value {value} of '{values[value]}'",
                place,
                "give each type its own value",
            )
        values.setdefault(value, name)
        if not INT_MIN <= value <= INT_MAX:
            problems.add(
                "value-range",
                f"{value} does not fit an enumerator",
                place,
                "enumerators are 32-bit ints",
            )
    if 0 not in values:
        problems.add(
            "no-empty-type",
            "no type has the value 0",
            spec.types.at,
            "the type of value 0 marks an empty slot; add '{name: invalid, value: 0}'",
        )


def _counted(spec: Interface) -> Iterator[int]:
    following = 0
    for host_type in spec.types.values:
        value = following if host_type.value is None else int(host_type.value)
        yield value
        following = value + 1


def slots(spec: Interface, problems: Problems) -> None:
    known = [host_type.name for host_type in spec.types.values]
    empty = {name for name, value in zip(known, _counted(spec), strict=True) if value == 0}
    by_name: dict[str, Text] = {}
    home: dict[str, str] = {}
    if not spec.slots:
        problems.add(
            "no-slot",
            "the registry has no slot",
            spec.registry.at,
            "list at least one under 'slots'",
        )
    for slot in spec.slots:
        if slot.name in by_name:
            problems.add(
                "duplicate-slot",
                f"slot '{slot.name}' is declared twice",
                slot.name,
                f"the first is on line {by_name[slot.name].at.line}",
            )
        by_name.setdefault(slot.name, slot.name)
        if not slot.accepts:
            problems.add(
                "useless-slot",
                f"slot '{slot.name}' accepts no type",
                slot.at,
                "list types under 'accepts'",
            )
        for name in slot.accepts:
            if name not in known:
                problems.add(
                    "unknown-type",
                    f"unknown type '{name}' in slot '{slot.name}'",
                    name,
                    did_you_mean(name, known),
                )
            elif name in empty:
                problems.add(
                    "empty-type-in-slot",
                    f"slot '{slot.name}' can't accept '{name}', which marks an empty slot",
                    name,
                    "remove it",
                )
            elif name in home:
                problems.add(
                    "two-homes",
                    f"type '{name}' is accepted by slot '{home[name]}' already",
                    name,
                    "a type lives in one slot",
                )
            home.setdefault(name, slot.name)
    for slot in spec.slots:
        if slot.requires is None:
            continue
        if slot.requires not in by_name:
            others = [name for name in by_name if name != slot.name]
            problems.add(
                "unknown-slot",
                f"slot '{slot.name}' requires an unknown slot '{slot.requires}'",
                slot.requires,
                did_you_mean(slot.requires, others),
            )
        elif slot.requires == slot.name:
            problems.add(
                "requires-itself",
                f"slot '{slot.name}' requires itself",
                slot.requires,
                "it could never be taken; remove 'requires'",
            )
        elif _in_cycle(spec, slot.name):
            problems.add(
                "requires-cycle",
                f"slot '{slot.name}' requires itself by way of '{slot.requires}'",
                slot.requires,
                "none of them could ever be taken",
            )
    for host_type in spec.types.values:
        if host_type.name not in home and host_type.name not in empty:
            problems.add(
                "homeless-type",
                f"no slot accepts type '{host_type.name}'",
                host_type.name,
                "add it to a slot's 'accepts', or remove it",
            )


def _in_cycle(spec: Interface, start: str) -> bool:
    requires = {slot.name: slot.requires for slot in spec.slots}
    seen: set[str] = set()
    name = requires.get(start)
    while name is not None and name != start and name not in seen:
        seen.add(name)
        name = requires.get(name)
    return name == start


def symbols(spec: Interface, problems: Problems) -> None:
    """No keyword, no reserved word, and no two things by one name once prefixed."""
    claimed: dict[str, tuple[str, At]] = {}
    for name, what, at in _claims(spec):
        if name in KEYWORDS:
            problems.add("c-keyword", f"'{name}' is a keyword of C", at, "choose another name")
        elif name in RESERVED or re.match(r"_[A-Z]|__builtin_", name):
            problems.add(
                "reserved-name",
                f"'{name}' is reserved for the compiler or the kernel",
                at,
                "choose another name",
            )
        elif name in claimed:
            other, first = claimed[name]
            problems.add(
                "name-collision",
                f"{what} '{name}' collides with {other} of that name",
                at,
                f"that one is on line {first.line}",
            )
        else:
            claimed[name] = (what, at)


def _claims(spec: Interface) -> Iterator[tuple[str, str, At]]:
    """Each name in C's ordinary name space with what it names and where the spec says so."""
    c = spec.c
    prefix = at_of(spec.interface, spec.at)
    yield c.array, "the array", at_of(spec.names.array, prefix)
    yield c.register, "the function", at_of(spec.names.register, prefix)
    yield c.unregister, "the function", at_of(spec.names.unregister, prefix)
    yield c.iterator, "the iterator", at_of(spec.names.iterator, prefix)
    yield spec.guard, "the include guard", at_of(spec.header.guard, prefix)
    if spec.typedefs:
        yield c.host, "the typedef", prefix
        yield c.ops, "the typedef", prefix
    else:
        yield c.slot_count, "the macro", prefix
        yield c.prefix, "the struct", prefix
    for host_type in dict.fromkeys(spec.types.values):
        yield c.type(host_type.name), "the type", host_type.name.at
    for slot in spec.slots:
        yield slot.pointer, "the pointer", slot.pointer.at
    for macro in spec.predicates.macros:
        yield macro.name, "the predicate", macro.name.at
    for guest in spec.guests:
        for table in guest.tables:
            yield table.symbol, "the table", table.symbol.at
        yield guest.boot.function, "the boot function", guest.boot.function.at
    for variable in spec.kernel.variables:
        yield variable.name, "the kernel's variable", variable.name.at
    for op in spec.ops:
        if op.name in KEYWORDS:
            yield op.name, "the op", op.name.at
        elif op.wrapper != "none":
            yield c.wrapper(op.name), "the wrapper", op.name.at


def members(spec: Interface, problems: Problems) -> None:
    seen = {"type": "the host's type", "ops": "the host's ops table"}
    for member in spec.fields:
        if (member.c is None) == (not member.struct):
            problems.add(
                "field-form",
                "a field has either 'c' or 'struct'",
                member.at,
                "write one declaration, or a list of them",
            )
        for c in ([member.c] if member.c else []) + list(member.struct):
            name = declared_name(c)
            if not name or name in KEYWORDS:
                problems.add(
                    "field-name",
                    f"'{c}' declares no name",
                    c,
                    "write it as in C: 'struct page *page'",
                )
            elif name in seen:
                problems.add(
                    "duplicate-field",
                    f"field '{name}' stands twice",
                    c,
                    f"the other is {seen[name]}",
                )
            else:
                seen[name] = f"on line {c.at.line}"


def exports(spec: Interface, problems: Problems) -> None:
    known = [
        spec.c.array,
        *(slot.pointer for slot in spec.slots),
        spec.c.register,
        spec.c.unregister,
    ]
    seen: set[str] = set()
    for export in spec.registry.exports:
        for symbol in export.symbols:
            if symbol not in known:
                problems.add(
                    "unknown-export",
                    f"'{symbol}' is no symbol of this interface",
                    symbol,
                    did_you_mean(symbol, known),
                )
            elif symbol in seen:
                problems.add(
                    "duplicate-export", f"'{symbol}' is exported twice", symbol, "remove one"
                )
            seen.add(symbol)


def guests(spec: Interface, problems: Problems) -> None:
    names = [guest.name for guest in spec.guests]
    run = {name for path in spec.kinds for name in path.runs}
    for guest in spec.guests:
        if guest.borrows is not None:
            lender = next((other for other in spec.guests if other.name == guest.borrows), None)
            if lender is None or lender is guest:
                problems.add(
                    "unknown-guest",
                    f"guest '{guest.name}' borrows from unknown guest '{guest.borrows}'",
                    guest.borrows,
                    did_you_mean(guest.borrows, [n for n in names if n != guest.name]),
                )
            elif not lender.tables:
                problems.add(
                    "nothing-to-borrow",
                    f"guest '{guest.borrows}' has no tables to borrow",
                    guest.borrows,
                    "name the guest that defines them",
                )
        if (guest.tables or guest.borrows) and guest.place is None:
            problems.add(
                "no-place",
                f"guest '{guest.name}' doesn't say where its tables stand",
                guest.at,
                "add 'place: {after: FUNCTION}'",
            )
        if guest.name not in run:
            problems.add(
                "guest-never-boots",
                f"no kind of guest runs '{guest.name}'",
                guest.name if isinstance(guest.name, Text) else guest.at,
                "add it to a 'runs' list under 'kinds', or remove it",
            )


def registrations(spec: Interface, problems: Problems) -> None:
    types_known = [host_type.name for host_type in spec.types.values]
    used: set[str] = set()
    for guest, step in spec.registrations():
        roles = _roles(spec, guest)
        if step.table in roles:
            used.add(roles[step.table])
        else:
            problems.add(
                "unknown-table",
                f"guest '{guest.name}' has no table '{step.table}'",
                step.table,
                did_you_mean(step.table, list(roles)),
            )
        if step.type not in types_known:
            problems.add(
                "unknown-type",
                f"unknown type '{step.type}' in a boot step of '{guest.name}'",
                step.type,
                did_you_mean(step.type, types_known),
            )
        elif spec.slot_of(step.type) is None:
            problems.add(
                "no-slot-for-type",
                f"no slot can take type '{step.type}'",
                step.type,
                "register a type that a slot accepts",
            )
    for guest, table in spec.tables():
        if table.symbol not in used:
            problems.add(
                "unregistered-table",
                f"no boot step registers table '{table.role}' of guest '{guest.name}'",
                table.symbol,
                "add a 'register' step, or remove the table",
            )
    for guest in spec.guests:
        _order(spec, guest, problems)


def _roles(spec: Interface, guest: Guest) -> dict[str, str]:
    lender = next((other for other in spec.guests if other.name == guest.borrows), None)
    tables = [*(lender.tables if lender else ()), *guest.tables]
    return {table.role: table.symbol for table in tables}


def _order(spec: Interface, guest: Guest, problems: Problems) -> None:
    """Within one boot function a slot is taken once, and after the slot that it requires."""
    taken: dict[str, Register] = {}
    mine = [step for step in guest.boot.steps if isinstance(step, Register)]
    for step in mine:
        slot = spec.slot_of(step.type)
        if slot is None:
            continue
        earlier = taken.get(slot.name)
        if earlier and (earlier.when is None or earlier.when == step.when):
            problems.add(
                "slot-taken",
                f"slot '{slot.name}' is taken by an earlier step already",
                step.type,
                "a second registration would be misuse",
            )
        later = mine[mine.index(step) + 1 :]
        if slot.requires and slot.requires not in taken:
            fillers = [
                other
                for other in later
                if (home := spec.slot_of(other.type)) and home.name == slot.requires
            ]
            if fillers:
                problems.add(
                    "registered-too-early",
                    f"slot '{slot.name}' requires '{slot.requires}', which is registered later",
                    step.type,
                    f"move it below line {fillers[0].at.line}",
                )
        taken.setdefault(slot.name, step)


def paths(spec: Interface, problems: Problems) -> None:
    seen: dict[str, Text] = {}
    files = [spec.header.file, spec.source.file, spec.object.file, spec.predicates.file]
    files += [guest.file for guest in spec.guests]
    for path in files:
        _relative(path, problems)
        if path in seen:
            problems.add(
                "duplicate-file",
                f"'{path}' is used twice",
                path,
                f"first on line {seen[path].at.line}; each file has one purpose",
            )
        seen.setdefault(path, path)
    for path in files:
        parents = {"/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)}
        if clash := parents & set(seen):
            problems.add(
                "file-in-file",
                f"'{path}' lies below the file '{clash.pop()}'",
                path,
                "a file can't be a folder too",
            )
    if spec.reference is not None:
        _relative(spec.reference, problems)


def _relative(path: Text, problems: Problems) -> None:
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        problems.add(
            "absolute-path",
            f"'{path}' is not a path below the tree's root",
            path,
            "write it relative to the root, with '/'",
        )
    elif any(part in ("", ".", "..") for part in path.split("/")):
        problems.add(
            "path-escapes",
            f"'{path}' has a part '.', '..' or an empty one",
            path,
            "write the path straight down from the root",
        )


def comments(spec: Interface, problems: Problems) -> None:
    """Texts that land in C comments can't end the comment nor hide what they say."""
    for doc in _docs(spec):
        found = _COMMENT_END.search(doc)
        if not found:
            continue
        at = getattr(doc, "at", spec.at)
        if found[0] in ("*/", "/*"):
            problems.add(
                "comment-break",
                f"'{found[0]}' in a text that lands in a C comment",
                at,
                "put a blank between '*' and '/'",
            )
        else:
            problems.add(
                "comment-control",
                f"control character U+{ord(found[0]):04X} in a text that lands in a C comment",
                at,
                "remove it",
            )
    if spec.spdx is not None and not _SPDX.fullmatch(spec.spdx):
        problems.add(
            "spdx",
            f"'{spec.spdx[:40]}' is not an SPDX licence expression",
            spec.spdx,
            "write it as 'GPL-2.0-only'",
        )


def _docs(spec: Interface) -> Iterator[Text]:
    yield spec.types.doc
    registry = spec.registry
    yield from (registry.doc, registry.register_doc, registry.unregister_doc, registry.iterator_doc)
    yield from (spec.header.doc, spec.source.doc)
    documented = (*spec.types.values, *registry.exports, *spec.fields, *spec.ops)
    yield from (thing.doc for thing in documented if thing.doc)
    yield from (slot.requires_doc for slot in spec.slots)
    yield from (step.doc for _, step in spec.registrations())


def places(spec: Interface, problems: Problems) -> None:
    found: list[Place] = [spec.object.place, spec.predicates.place]
    for guest in spec.guests:
        found += [guest.include.place] + ([guest.place] if guest.place else [])
        landmark = guest.include.place.landmark
        if landmark and landmark not in guest.context:
            problems.add(
                "unknown-include",
                f"'{landmark}' is not among the headers of '{guest.name}'",
                at_of(guest.include.place.after or guest.include.place.before, guest.at),
                did_you_mean(landmark, guest.context, "add it to 'context'"),
            )
    for place in found:
        if (place.after is None) == (place.before is None):
            problems.add(
                "place-form",
                "a place is told by 'after' or by 'before'",
                place.at,
                "write one of the two",
            )


def conditions(spec: Interface, problems: Problems) -> None:
    kernel = spec.kernel
    things = {variable.name for variable in kernel.variables} | {
        constant.name for constant in kernel.constants
    }
    things |= {value for enum in kernel.enums for value in enum.values}
    macros = {macro.name for macro in (*kernel.macros, *spec.predicates.macros)}
    for macro in (*kernel.macros, *spec.predicates.macros):
        _expression(macro.expands, things | macros, problems)
    _macro_cycles(spec, problems)
    for guest in spec.guests:
        known = things | macros | {declared_name(param) for param in guest.boot.params}
        for step in guest.boot.steps:
            match step:
                case ReturnIf(condition):
                    _expression(condition, known, problems)
                case Register(when=Text() as when):
                    _expression(when, known, problems)
                case Assign():
                    _assignment(step, known, problems)
                case Call(sets=sets):
                    for each in sets:
                        _assignment(each, known, problems)
                case ClearBss() | Register():
                    pass


def _assignment(step: Assign, known: set[str], problems: Problems) -> None:
    _expression(step.value, known, problems)
    if _expression(step.target, known, problems) and not isinstance(
        expr.parse(step.target), expr.Place
    ):
        problems.add(
            "not-assignable",
            f"'{step.target}' can't be assigned to",
            step.target,
            "name a variable or a member",
        )


def _expression(source: Text, known: set[str], problems: Problems) -> bool:
    try:
        asked = expr.names(expr.parse(source))
    except expr.ExpressionError as error:
        at = At(source.at.line, source.at.column + error.offset)
        problems.add(
            "condition",
            f"'{source[:60]}': {error}",
            at,
            "names, ! && || == != & |, numbers and parentheses may stand here",
        )
        return False
    except RecursionError:
        problems.add("condition", "the condition is nested too deeply", source, "use a predicate")
        return False
    for name in sorted(asked - known - {"NULL"}):
        problems.add(
            "unknown-name",
            f"'{name}' is known neither to 'kernel' nor to 'predicates'",
            source,
            did_you_mean(name, sorted(known)),
        )
    return True


def _macro_cycles(spec: Interface, problems: Problems) -> None:
    asks: dict[str, set[str]] = {}
    for macro in (*spec.kernel.macros, *spec.predicates.macros):
        try:
            asks[macro.name] = expr.names(expr.parse(macro.expands))
        except (expr.ExpressionError, RecursionError):
            continue
    for macro in (*spec.kernel.macros, *spec.predicates.macros):
        reached: set[str] = set()
        todo = [macro.name]
        while todo:
            for name in asks.get(todo.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    todo.append(Text(name))
        if macro.name in reached:
            problems.add(
                "macro-cycle", f"'{macro.name}' expands to itself", macro.name, "break the circle"
            )


def kinds(spec: Interface, problems: Problems) -> None:
    names = [guest.name for guest in spec.guests]
    pointers = {variable.name: "*" in variable.type for variable in spec.kernel.variables}
    if not spec.kinds:
        problems.add(
            "no-kind",
            "no kind of guest boots",
            spec.at,
            "list the boot functions of each under 'kinds'",
        )
    for path in spec.kinds:
        for name in path.runs:
            if name not in names and name != "clear_bss":
                problems.add(
                    "unknown-guest",
                    f"kind '{path.kind}' runs unknown guest '{name}'",
                    name,
                    did_you_mean(name, [*names, "clear_bss"]),
                )
        if not any(name in names for name in path.runs):
            problems.add(
                "kind-runs-nothing",
                f"kind '{path.kind}' runs no boot function",
                path.at,
                "list guests under 'runs'",
            )
        for put in path.inputs:
            base = re.split(r"->|\.", put.target)[0].strip()
            if base not in pointers:
                problems.add(
                    "unknown-name",
                    f"'{base}' is no variable of 'kernel'",
                    put.target,
                    did_you_mean(base, list(pointers)),
                )
            elif "object" in put.values and not (base == put.target and pointers[base]):
                problems.add(
                    "not-a-pointer",
                    f"'{put.target}' is no pointer to an object",
                    put.target,
                    "give it numbers or constants",
                )
            if not put.values:
                problems.add(
                    "no-values",
                    f"'{put.target}' has no value to begin with",
                    put.target,
                    "list at least one",
                )


def ops(spec: Interface, problems: Problems) -> None:
    tables = [f"{guest.name}.{table.role}" for guest, table in spec.tables()]
    known = set(tables)
    for op in spec.ops:
        for entry in op.tables:
            if entry.table not in known:
                problems.add(
                    "unknown-table",
                    f"op '{op.name}' names unknown table '{entry.table}'",
                    entry.table,
                    did_you_mean(entry.table, tables),
                )
        if op.args:
            _arguments(op.args, op.host, problems)
        if op.wrapper != "none" and op.wrapper_returns != "void" and op.returns != "void":
            _value_wanted(op.wrapper, op.when_no_host, op.name, problems)


def _value_wanted(wrapper: str, when_no_host: Text | None, name: Text, problems: Problems) -> None:
    if wrapper == "guarded" and when_no_host is None:
        problems.add(
            "no-fallback",
            f"the guarded wrapper of '{name}' returns nothing when there is no host",
            name,
            "add 'when_no_host', or 'wrapper_returns: void'",
        )


def _arguments(args: tuple[Text, ...], host: Text, problems: Problems) -> None:
    seen = {str(host)}
    for arg in args:
        name = declared_name(arg)
        if not name or name in KEYWORDS or " " not in arg.replace("*", " "):
            problems.add(
                "arg-name",
                f"'{arg}' is no C parameter with a name",
                arg,
                "write it as in C: 'int cpu'",
            )
        elif name in seen:
            problems.add("duplicate-arg", f"parameter '{name}' stands twice", arg, "rename one")
        seen.add(name)


def expected(spec: Interface, problems: Problems) -> None:
    seen: set[tuple[str, str | None]] = set()
    for finding in spec.expected_findings:
        which = (str(finding.rule), finding.subject)
        if which in seen:
            problems.add(
                "duplicate-expectation",
                f"'{finding.rule}' is expected twice",
                finding.rule,
                "remove one, or give each its subject",
            )
        seen.add(which)
        if not finding.reason.strip():
            problems.add(
                "no-reason",
                f"'{finding.rule}' is expected without a reason",
                finding.rule,
                "say why the fault stands",
            )


_RULES: tuple[Callable[[Interface, Problems], None], ...] = (
    types,
    slots,
    symbols,
    members,
    exports,
    guests,
    registrations,
    paths,
    comments,
    places,
    conditions,
    kinds,
    ops,
    expected,
)
