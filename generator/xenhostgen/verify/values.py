# SPDX-License-Identifier: GPL-2.0-only
"""The values that calls pass and return, part by part: of structures all but their padding."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xenhostgen.csource.debug_info import VALUE, Unit
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Interface

_TRUTH = 1
"""The mark of a truth value, which has but one."""


class Part(NamedTuple):
    """A number or pointer within a value: its C, and the byte by which it is to be known."""

    c: str
    mark: int

    @property
    def is_truth(self) -> bool:
        """Whether it is 0 or 1."""
        return self.mark == _TRUTH


def value_types(spec: Interface) -> list[str]:
    """The types of which values are passed and returned; none of pointers and arrays."""
    types = [c for op in spec.ops for c in (op.returns, op.wrapper_type, *map(_type, op.args))]
    for function in spec.kernel.functions:
        types += [function.returns, *map(_type, function.args)]
    values = (_unqualified(c) for c in types if c != "void" and not {*"*[("}.intersection(c))
    return list(dict.fromkeys(values))


def _type(param: str) -> str:
    """The type of a parameter that is no pointer and no array."""
    return param.removesuffix(declared_name(param)).rstrip()


def _unqualified(c: str) -> str:
    return c.removeprefix("const ")


class Values:
    """The parts of an interface's values, as a compiler understands what is due."""

    def __init__(self, spec: Interface, due: Unit) -> None:
        keys = (f"{VALUE}{number}" for number in range(len(value_types(spec))))
        self.parts = dict(zip(value_types(spec), map(due.descriptions.get, keys), strict=True))

    def of(self, params: Iterable[str], number: int = 0) -> list[Part]:
        """The parts of all parameters of a function."""
        return [part for at, param in enumerate(params, number) for part in self(param, at)]

    def __call__(self, c: str, number: int = 0, name: str = "") -> Iterator[Part]:
        """The parts of a parameter or, with a name, of a value of a type; of nothing none."""
        if c == "void":
            return
        descriptions = self.parts.get(_unqualified(c if name else _type(c)))
        for at, description in enumerate((": ",) if descriptions is None else descriptions):
            path, _, kind = description.partition(": ")
            mark = _TRUTH if kind == "bool" else (number + 17 * at) % 120 + 2
            yield Part((name or declared_name(c)) + path, mark)
