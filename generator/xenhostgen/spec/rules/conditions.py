# SPDX-License-Identifier: GPL-2.0-only
"""The small C expressions of boot steps, predicates and inputs."""

import re

from xenhostgen.spec import expr
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Assign, Call, Interface, Register, ReturnIf
from xenhostgen.spec.source import Problems, Text


def conditions(spec: Interface, problems: Problems) -> None:
    """Conditions and assignments can be read, and ask only for what is known."""
    kernel = spec.kernel
    constants = {constant.name for constant in kernel.constants}
    constants |= {value for enum in kernel.enums for value in enum.values}
    things = constants | {variable.name for variable in kernel.variables}
    macros = {f"{macro.name}()" for macro in spec.macros}
    parsed = {
        f"{macro.name}()": _expression(macro.expands, things | macros, problems)
        for macro in spec.macros
    }
    asks: dict[str, set[str]] = {name: expr.names(each) for name, each in parsed.items() if each}
    for macro in spec.macros:
        reached = [f"{macro.name}()"]
        for name in reached:
            reached += asks.get(name, set()).difference(reached[1:])
        if reached[0] in reached[1:]:
            problems.add(
                "macro-cycle", f"'{macro.name}' expands to itself", macro.name, "break the circle"
            )
    for path in spec.kinds:
        for put in path.inputs:
            for value in put.values:
                _expression(value, constants | {"object"}, problems)
    for guest in spec.guests:
        known = things | macros | {declared_name(param) for param in guest.boot.params}
        for step in guest.boot.steps:
            match step:
                case ReturnIf(condition):
                    _expression(condition, known, problems)
                case Register(when=Text() as when):
                    _expression(when, known, problems)
                case Assign() | Call():
                    for each in (step,) if isinstance(step, Assign) else step.sets:
                        _expression(each.value, known, problems)
                        target = _expression(each.target, known, problems)
                        if target and (
                            not isinstance(target, expr.Place) or target.path in constants
                        ):
                            message = f"'{each.target}' can't be assigned to"
                            problems.add(
                                "not-assignable",
                                message,
                                each.target,
                                "name a variable or a member",
                            )


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
        found = re.search(rf"\b{name.removesuffix('()')}\b", source)
        at = problems.inside(source, found.start() if found else 0)
        message = f"'{name}' is known neither to 'kernel' nor to 'predicates'"
        problems.add("unknown-name", message, at, problems.did_you_mean(name, known))
    return parsed
