# SPDX-License-Identifier: GPL-2.0-only
"""The small C expressions of boot steps, predicates and inputs."""

import re
from collections.abc import Iterator

from xenhostgen.spec import expr
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Assign, Boot, Call, Interface, Register, ReturnIf
from xenhostgen.spec.source import Problems, Text


def conditions(spec: Interface, problems: Problems) -> None:
    """Conditions and assignments can be read, and ask only for what is known."""
    kernel = spec.kernel
    constants = {constant.name for constant in kernel.constants}
    for enum in kernel.enums:
        constants.update(enum.values)
    known = constants | {variable.name for variable in kernel.variables}
    known |= {f"{macro.name}()" for macro in spec.macros}
    _macros(spec, known, problems)
    for path in spec.kinds:
        for place in path.inputs:
            for value in place.values:
                _expression(value, constants | {"object"}, problems)
    for guest in spec.guests:
        params = {declared_name(param) for param in guest.boot.params}
        for text in _conditions(guest.boot):
            _expression(text, known | params, problems)
        for assign in _assignments(guest.boot):
            _expression(assign.value, known | params, problems)
            target = _expression(assign.target, known | params, problems)
            is_variable = isinstance(target, expr.Place) and target.path not in constants
            if target and not is_variable:
                message = f"'{assign.target}' can't be assigned to"
                hint = "name a variable or a member"
                problems.add("not-assignable", message, assign.target, hint)


def _macros(spec: Interface, known: set[str], problems: Problems) -> None:
    """Macros expand to expressions, and not to themselves."""
    asks: dict[str, set[str]] = {}
    for macro in spec.macros:
        if expression := _expression(macro.expands, known, problems):
            asks[f"{macro.name}()"] = expr.names(expression)
    for macro in spec.macros:
        call = f"{macro.name}()"
        reached = list(asks.get(call, ()))
        for name in reached:
            reached += asks.get(name, set()).difference(reached)
        if call in reached:
            message = f"'{macro.name}' expands to itself"
            problems.add("macro-cycle", message, macro.name, "break the circle")


def _conditions(boot: Boot) -> Iterator[Text]:
    for step in boot.steps:
        if isinstance(step, ReturnIf):
            yield step.condition
        if isinstance(step, Register) and step.when is not None:
            yield step.when


def _assignments(boot: Boot) -> Iterator[Assign]:
    for step in boot.steps:
        if isinstance(step, Assign):
            yield step
        if isinstance(step, Call):
            yield from step.sets


def _expression(source: Text, known: set[str], problems: Problems) -> expr.Expression | None:
    """The parsed expression, if it is one."""
    try:
        parsed = expr.parse(source)
    except expr.ExpressionError as error:
        message = f"'{source[:60]}': {error}"
        hint = "names, members, f(), numbers, ! && || == != & | and parentheses may stand here"
        problems.add("condition", message, problems.inside(source, error.offset), hint)
        return None
    for name in sorted(expr.names(parsed) - known - {"NULL"}):
        match = re.search(rf"\b{name.removesuffix('()')}\b", source)
        at = problems.inside(source, match.start() if match else 0)
        message = f"'{name}' is known neither to 'kernel' nor to 'predicates'"
        problems.add("unknown-name", message, at, problems.did_you_mean(name, known))
    return parsed
