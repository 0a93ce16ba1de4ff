# SPDX-License-Identifier: GPL-2.0-only
"""The source of the glue: the C between the fixed driver and the judged C of one interface."""

from dataclasses import dataclass

from xenhostgen.contract.boot import scenarios
from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import Boot, Interface
from xenhostgen.spec.words import declared_name


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The call of an op's wrapper with zeros for its arguments."""

    op: str
    call: str


@dataclass(frozen=True, slots=True)
class _GuestCall:
    """A boot function and what it is called with."""

    boot: Boot
    arguments: str


@dataclass(frozen=True, slots=True)
class _Object:
    """Something for a pointer to point at."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of boot functions, as a variable of the glue's."""

    name: str
    declaration: str


def include_name(path: str) -> str:
    """A kernel header's path as #include writes it."""
    return f"<{path.removeprefix('include/')}>"


def glue_source(spec: Interface) -> str:
    """The C of the glue."""
    by_pointer = spec.registry.cursor == "pointer"
    boots = [guest.boot for guest in spec.guests]
    return guarded(
        environment("harness", template_root()).get_template("glue.c.j2").render,
        c=spec.c,
        slots=spec.slots,
        guests=[_GuestCall(boot, ", ".join(map(declared_name, boot.params))) for boot in boots],
        header=include_name(spec.header.file),
        predicates=include_name(spec.predicates.file),
        placeholders=[macro for macro in spec.predicates.macros if macro.placeholder],
        variables=[*spec.kernel.variables, *_parameters(spec)],
        objects=_objects(spec),
        assignments=_assignments(spec),
        tables=[table.symbol for _, table in spec.tables()],
        table_type=spec.table_type,
        bss_functions=sorted(spec.bss_functions),
        functions=_functions(spec),
        wrappers=_wrappers(spec),
        cursor=f"{spec.c.host} **" if by_pointer else f"{spec.c.host} *",
        visited="*cursor" if by_pointer else "cursor",
        errno=spec.registry.misuse is not None,
    )


def numbered_inputs(spec: Interface) -> dict[tuple[str, str], int]:
    """A number for each (place, value) that a scenario may begin with, placeholders' answers included."""
    pairs: dict[tuple[str, str], int] = {}
    for scenario in scenarios(spec):
        for target, value in scenario.inputs:
            pairs.setdefault((target, value), len(pairs))
        for name, answer in scenario.placeholders:
            pairs.setdefault((f"driver_{name}", str(int(answer))), len(pairs))
    return pairs


def _parameters(spec: Interface) -> list[_Parameter]:
    params = dict.fromkeys(param for guest in spec.guests for param in guest.boot.params)
    return [_Parameter(declared_name(param), param) for param in params]


def _objects(spec: Interface) -> list[_Object]:
    types: dict[str, str] = {variable.name: variable.declaration for variable in spec.kernel.variables}
    types |= {param.name: param.declaration for param in _parameters(spec)}
    wanted = {put.target for path in spec.kinds for put in path.inputs if "object" in put.values}
    return [_Object(types[target].split("*")[0].strip(), f"object_{target}") for target in sorted(wanted)]


def _assignments(spec: Interface) -> list[tuple[int, str]]:
    return [
        (number, f"{target} = {f'&object_{target}' if value == 'object' else value}")
        for (target, value), number in numbered_inputs(spec).items()
    ]


def _functions(spec: Interface) -> list[str]:
    """Definitions of the kernel functions that tables, wrappers and adapters name: they return zero."""
    made: dict[str, str] = {}
    for op in spec.ops:
        params = ", ".join([f"{spec.c.host} *{op.host}", *op.args])
        for entry in op.tables:
            if entry.is_kernels:
                head = f"{op.returns} {entry.function}({params})"
                made.setdefault(entry.function, _definition(head, op.returns))
    for function in spec.kernel.functions:
        made.setdefault(function.name, _definition(function.prototype, function.returns))
    return list(made.values())


def _definition(head: str, returns: str) -> str:
    if returns == "void":
        return f"{head}\n{{\n}}\n"
    return f"{head}\n{{\n\tstatic {returns.removeprefix('const ')} zero;\n\n\treturn zero;\n}}\n"


def _wrappers(spec: Interface) -> list[Wrapper]:
    return [
        Wrapper(op.name, f"{spec.c.wrapper(op.name)}({', '.join(['xh', *('0' for _ in op.args)])})")
        for op in spec.ops
        if op.wrapper != "none"
    ]
