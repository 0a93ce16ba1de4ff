# SPDX-License-Identifier: GPL-2.0-only
"""The kernel state that boot code sees: variables, what pointers point to, and C conditions on it."""

from operator import and_, eq, ne, or_

from xenhostgen.spec import expr
from xenhostgen.spec.model import Interface

# A number, or the name of the object that a pointer points to.
Value = int | str
_OPERATORS = {"==": eq, "!=": ne, "&": and_, "|": or_}


class Memory:
    """Variables and members by name; whatever was never set is 0."""

    def __init__(self, spec: Interface, placeholders: dict[str, bool]) -> None:
        self.cells: dict[str, Value] = {}
        self.placeholders = placeholders
        self.constants: dict[str, int] = {
            constant.name: int(constant.value) for constant in spec.kernel.constants
        }
        for enum in spec.kernel.enums:
            self.constants |= {name: value for value, name in enumerate(enum.values)}
        macros = spec.macros
        self.macros: dict[str, expr.Expression] = {
            macro.name: expr.parse(macro.expands) for macro in macros
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
        return 0 if source == "NULL" else self.evaluate(expr.parse(source))

    def true(self, source: str | None) -> bool:
        """Whether a C condition holds now; none at all always does."""
        return source is None or self.value(source) != 0

    def evaluate(self, parsed: expr.Expression) -> Value:
        """The value of a parsed expression."""
        match parsed:
            case expr.Number(value):
                return value
            case expr.Place(path):
                return (
                    self.constants[path]
                    if path in self.constants
                    else self.cells.get(self.cell(path), 0)
                )
            case expr.Ask(name):
                if name in self.placeholders:
                    return int(self.placeholders[name])
                return self.evaluate(self.macros[name])
            case expr.Not(operand):
                return int(not self.evaluate(operand))
            case expr.Binary("&&", left, right):
                return int(bool(self.evaluate(left)) and bool(self.evaluate(right)))
            case expr.Binary("||", left, right):
                return int(bool(self.evaluate(left)) or bool(self.evaluate(right)))
        return int(
            _OPERATORS[parsed.operator](self.evaluate(parsed.left), self.evaluate(parsed.right))
        )
