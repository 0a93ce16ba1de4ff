# SPDX-License-Identifier: GPL-2.0-only
"""The C around the judged files: headers in front of their tree, and the glue between them and what runs them."""

import errno
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.csource.preprocess import SHIM
from xenhostgen.reference_model.boot import Scenario, scenarios
from xenhostgen.reference_model.ops import only
from xenhostgen.render.environment import environment, guarded
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import EnumFact, Interface, Op, StructFact
from xenhostgen.spec.template_sets import template_root

_REASONS = ("type", "ops", "occupied", "requires", "absent", "required")


class Argument(NamedTuple):
    """A wrapper's argument and the number that marks it."""

    name: str
    declaration: str
    number: int


class Wrapper(NamedTuple):
    """The call of an op's wrapper with marked arguments; ``returns`` tells whether its result is a number."""

    op: Op
    args: tuple[Argument, ...]
    call: str
    returns: bool


class Function(NamedTuple):
    """A kernel function that is only called: it tells its arguments and returns its mark."""

    name: str
    head: str
    values: tuple[str, ...]
    returns: str
    number: int


def laid_out(files: Mapping[str, str], folder: Path) -> Path:
    """Write files below a folder; returns that."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def rendered(template: str, **context: Any) -> str:
    """C from a template, named SET/FILE."""
    template_set, _, name = template.partition("/")
    return guarded(
        environment(template_set, template_root()).get_template(f"{name}.j2").render, **context
    )


def include_name(path: str) -> str:
    """A kernel header's path as #include writes it."""
    return f"<{path.removeprefix('include/')}>"


def enum_c(enum: EnumFact) -> str:
    """An enum of the kernel's in C."""
    return f"enum {enum.name} {{ {', '.join(enum.values)} }};"


def struct_c(struct: StructFact) -> str:
    """A structure of the kernel's in C; only declared if the spec knows no member."""
    members = "".join(f" {member.type} {member.name};" for member in struct.members)
    return f"struct {struct.name} {{{members} }};" if members else f"struct {struct.name};"


def kernel_facts(spec: Interface) -> list[str]:
    """What the spec says of the kernel's structures, variables and functions, in C."""
    facts = [f"typedef {typedef.declaration};" for typedef in spec.kernel.typedefs]
    facts += [struct_c(struct) for struct in spec.kernel.structs]
    facts += [f"extern {variable.declaration};" for variable in spec.kernel.variables]
    return [*facts, *(f"{function.prototype};" for function in spec.kernel.functions)]


def units(spec: Interface) -> list[str]:
    """The files that are compiled: the registry's and the guests'."""
    return [spec.source.file, *(guest.file for guest in spec.guests)]


def overlay(spec: Interface, tree: Path, folder: Path) -> Path:
    """Write the headers that go in front of the tree; returns the folder to include first.

    Placeholders, and stand-ins for the kernel headers that the spec names and nobody has.
    """
    files: dict[str, str] = {}
    predicates = include_name(spec.predicates.file)
    if placeholders := spec.predicates.placeholders:
        made = rendered("harness/placeholders.h", include=predicates, placeholders=placeholders)
        files[predicates[1:-1]] = made
    for header in spec.context_headers:
        name = header[1:-1]
        if header.startswith("<") and not any(
            (path / name).exists() for path in (tree / "include", SHIM)
        ):
            files.setdefault(name, f"#include {predicates}\n")
    return laid_out(files, folder)


def include_flags(spec: Interface, tree: Path, work: Path) -> list[str]:
    """The include path of a compiler that runs in the tree, and the kernel options that the spec stands on."""
    configs = {macro.config for macro in spec.kernel.macros if macro.config}
    front = overlay(spec, tree, work / "overlay")
    return [
        f"-I{front}",
        f"-I{SHIM}",
        "-Iinclude",
        *(f"-D{config}=1" for config in sorted(configs)),
    ]


def glue_source(spec: Interface) -> str:
    """The C of the glue."""
    return rendered("harness/glue.c", **context(spec))


def context(spec: Interface) -> dict[str, Any]:
    """What the templates of glue and provers name."""
    misuse = spec.registry.misuse
    by_pointer = spec.registry.cursor == "pointer"
    boots = [guest.boot for guest in spec.guests]
    params: dict[str, str] = {
        declared_name(param): param for boot in boots for param in boot.params
    }
    variables: dict[str, str] = {
        variable.name: variable.declaration for variable in spec.kernel.variables
    } | params
    pointed = {put.target for path in spec.kinds for put in path.inputs if "object" in put.values}
    return {
        "spec": spec,
        "c": spec.c,
        "values": spec.values,
        "slots": spec.slots,
        "index": {slot.name: index for index, slot in enumerate(spec.slots)},
        "guests": [
            {"boot": boot, "arguments": ", ".join(map(declared_name, boot.params))}
            for boot in boots
        ],
        "header": include_name(spec.header.file),
        "predicates": include_name(spec.predicates.file),
        "placeholders": spec.predicates.placeholders,
        "variables": [
            {"name": name, "declaration": declaration} for name, declaration in variables.items()
        ],
        "scalars": [
            name for name, c in variables.items() if not re.search(r"[*\[]|\b(?:struct|union)\b", c)
        ],
        "objects": [
            {"type": variables[target].split("*")[0].strip(), "name": f"object_{target}"}
            for target in sorted(pointed)
        ],
        "assignments": [
            (number, assignment(*pair)) for pair, number in numbered_inputs(spec).items()
        ],
        "tables": [table.symbol for _, table in spec.tables()],
        "table_type": spec.table_type,
        "bss_functions": sorted(spec.bss_functions),
        "functions": kernel_functions(spec),
        "wrappers": wrappers(spec),
        "only": {op.name: only(op.name) for op in spec.ops if op.wrapper != "none"},
        "cursor": f"{spec.c.host} **" if by_pointer else f"{spec.c.host} *",
        "visited": "*cursor" if by_pointer else "cursor",
        "errno": misuse is not None,
        "results": {reason: misuse and errno_value(getattr(misuse, reason)) for reason in _REASONS},
    }


def errno_value(name: str) -> str:
    """The number of ``-EINVAL`` and the like, as C returns it; 0 and numbers stand for themselves."""
    return str(-getattr(errno, name[1:], 0)) if name.startswith("-E") else name


def given(scenario: Scenario) -> list[tuple[str, str]]:
    """Each (place, value) that a scenario begins with, placeholders' answers included."""
    return [
        *scenario.inputs,
        *((f"driver_{name}", str(int(answer))) for name, answer in scenario.placeholders),
    ]


def numbered_inputs(spec: Interface) -> dict[tuple[str, str], int]:
    """A number for each (place, value) that a scenario may begin with."""
    pairs = dict.fromkeys(pair for scenario in scenarios(spec) for pair in given(scenario))
    return {pair: number for number, pair in enumerate(pairs)}


def assignment(target: str, value: str) -> str:
    """C that gives a place a value that a scenario may begin with."""
    return f"{target} = {f'&object_{target}' if value == 'object' else value}"


def kernel_functions(spec: Interface) -> list[Function]:
    """The kernel functions that tables, wrappers and adapters name, and those of made-up tables."""
    heads: dict[str, tuple[str, tuple[str, ...]]] = {}  # what each returns, and its parameters
    for op in spec.ops:
        for name in [entry.function for entry in op.tables if entry.is_kernels]:
            heads.setdefault(name, (op.returns, (f"{spec.c.host} *{op.host}", *op.args)))
    for fact in spec.kernel.functions:
        heads.setdefault(fact.name, (fact.returns, fact.args))
    for op in spec.ops:
        if op.wrapper != "none":
            heads[only(op.name)] = (op.returns, (f"{spec.c.host} *{op.host}", *op.args))
    return [
        Function(
            name,
            f"{returns} {name}({', '.join(params) or 'void'})",
            tuple(_as_number(spec, param) for param in params),
            ""
            if returns == "void"
            else returns.removeprefix("const ")
            if "*" not in returns
            else returns,
            _mark(returns, number),
        )
        for number, (name, (returns, params)) in enumerate(heads.items())
    ]


def wrappers(spec: Interface) -> list[Wrapper]:
    """The wrapper of each op that has one."""
    return [
        Wrapper(
            op,
            tuple(
                Argument(declared_name(arg), arg, _mark(arg, 10 + n))
                for n, arg in enumerate(op.args)
            ),
            f"{spec.c.wrapper(op.name)}({', '.join(['xh', *map(declared_name, op.args)])})",
            op.wrapper_type != "void" and not _by_value(op.wrapper_type),
        )
        for op in spec.ops
        if op.wrapper != "none"
    ]


def _mark(c_type: str, number: int) -> int:
    """A byte to tell a value by; a truth value has but one."""
    return 1 if "bool" in c_type.lower() and "*" not in c_type else number % 120 + 1


def _by_value(c_type: str) -> bool:
    """Whether a whole structure is passed, which is no number."""
    return "*" not in c_type and c_type.split(maxsplit=1)[0] in ("struct", "union")


def _as_number(spec: Interface, param: str) -> str:
    """A parameter as the driver is told of it: a host by its slot, structures not at all."""
    name = declared_name(param)
    if param.startswith(f"{spec.c.host} *"):
        return f"slot_index({name})"
    return "0" if _by_value(param) else f"TOLD({name})"
