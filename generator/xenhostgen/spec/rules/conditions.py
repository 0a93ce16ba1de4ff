# SPDX-License-Identifier: GPL-2.0-only
"""The small C expressions of boot steps, predicates and inputs."""

import re
from collections.abc import Iterable, Iterator
from math import prod

from xenhostgen.spec import expr
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Assign, Boot, Each, HostStep, Interface, ReturnIf
from xenhostgen.spec.rules.circles import circles
from xenhostgen.spec.source import Fault, Inside, Nearest, Text

_BOOTS_MAX = 10_000


def conditions(spec: Interface) -> Iterator[Fault]:
    """Conditions and assignments can be read, and ask only for what is known."""
    kernel = spec.kernel
    constants = {*kernel.values}
    known = constants | {variable.name for variable in kernel.variables}
    known |= {f"{macro.name}()" for macro in spec.macros}
    yield from _expressions((macro.expands for macro in spec.macros), known)
    yield from _macros(spec)
    boots = 0
    for path in spec.kinds:
        choices = prod(len(place.values) for place in path.inputs)
        boots += choices << len(spec.predicates.placeholders)
        if boots > _BOOTS_MAX:
            message = f"all inputs and placeholders together make more than {_BOOTS_MAX} boots"
            yield "too-large", message, path, "list fewer values under 'inputs'"
            break
        for place in path.inputs:
            yield from _expressions(place.values, constants | {"object"})
            yield from _assigned(place.target, constants)
    for guest in spec.guests:
        params = {declared_name(param) for param in guest.boot.params}
        yield from _expressions(_conditions(guest.boot), known | params)
        for assign in guest.parts(Assign):
            yield from _expressions((assign.value, assign.target), known | params)
            yield from _assigned(assign.target, constants)


def _assigned(target: Text, constants: set[str]) -> Iterator[Fault]:
    """What is set is a variable or a member of one."""
    place = _parsed(target)
    if not isinstance(place, expr.Place) or place.path in constants:
        message = f"'{target[:60]}' is not assignable"
        yield "not-assignable", message, target, "name a variable or a member"


def _macros(spec: Interface) -> Iterator[Fault]:
    """No macro expands to itself, nor by way of others."""
    asks: dict[str, list[str]] = {}
    for macro in spec.macros:
        if expression := _parsed(macro.expands):
            asks[f"{macro.name}()"] = sorted(expr.names(expression))
    endless = {*circles(asks)}
    for macro in spec.macros:
        if (call := f"{macro.name}()") in endless:
            message = (
                f"'{macro.name}' expands {'to itself' if call in asks[call] else 'in a circle'}"
            )
            yield "macro-cycle", message, macro.name, "break the circle"


def _conditions(boot: Boot) -> Iterator[Text]:
    yield from (step.condition for step in boot.parts(ReturnIf))
    yield from (step.when for step in boot.steps if isinstance(step, HostStep) and step.when)
    for step in boot.parts(Each):
        yield from step.args


def _parsed(source: Text) -> expr.Expression | None:
    try:
        return expr.parse(source)
    except expr.ExpressionError:
        return None


def _expressions(sources: Iterable[Text], known: set[str]) -> Iterator[Fault]:
    """Each text is an expression of names that are known."""
    for source in sources:
        try:
            names = expr.names(expr.parse(source))
        except expr.ExpressionError as error:
            message = f"'{source[:60]}': {error}"
            hint = "allowed are names, members, f(), numbers, ! && || == != & | and parentheses"
            yield "condition", message, Inside(source, error.offset), hint
            continue
        for name in sorted(names - known - {"NULL"}):
            match = re.search(rf"\b{name.removesuffix('()')}\b", source)
            place = Inside(source, match.start() if match else 0)
            message = f"'{name}' is known neither to 'kernel' nor to 'predicates'"
            if name.endswith("()"):
                message = f"'{name}' is no macro of 'kernel' or 'predicates'"
            yield "unknown-name", message, place, Nearest(name, known)
