# SPDX-License-Identifier: GPL-2.0-only
"""The kernel state that boot code sees: variables, objects behind pointers, C conditions."""

from collections.abc import Callable, Sequence
from operator import and_, eq, ne, or_
from typing import Any

from xenhostgen.spec import expr
from xenhostgen.spec.model import Interface

# A number, or the name of the object that a pointer points to.
Value = int | str
_OPERATORS: dict[str, Callable[[Any, Any], int]] = {
    "==": eq,
    "!=": ne,
    "&": and_,
    "|": or_,
    # Expressions have no side effects: nothing shows whether the right side is evaluated.
    "&&": lambda left, right: bool(left and right),
    "||": lambda left, right: bool(left or right),
}


class Memory:
    """Variables and members by name; whatever was never set is 0.

    ``off`` are options of the kernel without which macros are 0, ``named`` the variables and
    constants that expressions have named.
    """

    def __init__(
        self, spec: Interface, placeholders: dict[str, bool], off: Sequence[str] = ()
    ) -> None:
        self.cells: dict[str, Value] = {}
        self.named: set[str] = set()
        self.placeholders = placeholders
        self.constants = spec.kernel.values
        self.macros: dict[str, str] = {
            macro.name: "0" if macro.config in off else macro.expands for macro in spec.macros
        }

    def set(self, target: str, value: Value) -> None:
        """Set a variable or member."""
        parsed = expr.parse(target)
        assert isinstance(parsed, expr.Place)
        self.cells[self.cell(parsed.path)] = value

    def cell(self, path: str) -> str:
        """The cell that a path means: members of what a pointer points to belong to that object."""
        base, dot, member = path.partition(".")
        pointed = self.cells.get(base)
        return f"{pointed}.{member}" if dot and isinstance(pointed, str) else path

    def value(self, source: str) -> Value:
        """What a C expression evaluates to now."""
        return self.evaluate(expr.parse(source))

    def true(self, source: str | None) -> bool:
        """Whether a C condition holds now; none at all always does."""
        return source is None or self.value(source) != 0

    def evaluate(self, parsed: expr.Expression) -> Value:
        """The value of a parsed expression."""
        match parsed:
            case expr.Number(value):
                return value
            case expr.Place(path):
                self.named.add(path.split(".")[0])
                variable = self.cells.get(self.cell(path), 0)
                return self.constants.get(path, variable)
            case expr.Ask(name):
                if name in self.placeholders:
                    return int(self.placeholders[name])
                return self.value(self.macros[name])
            case expr.Not(operand):
                return int(not self.evaluate(operand))
            case expr.Binary(operator, left, right):
                return int(_OPERATORS[operator](self.evaluate(left), self.evaluate(right)))
