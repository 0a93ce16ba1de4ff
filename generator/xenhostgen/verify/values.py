# SPDX-License-Identifier: GPL-2.0-only
"""The values that calls pass and return, part by part: of structures all but their padding."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xenhostgen.csource.debug_info import VALUE, Unit
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Interface

_TRUTH = 128
"""The first mark of truth values, beyond those of numbers and pointers."""
_MARKS = 120


class Part(NamedTuple):
    """A number or pointer within a value: its C, and the byte by which it is to be known."""

    c: str
    mark: int

    @property
    def is_truth(self) -> bool:
        """Whether it is 0 or 1."""
        return self.mark >= _TRUTH

    def marked(self, number: int) -> "Part":
        """The same with the mark of a number."""
        mark = _TRUTH + number % _MARKS if self.is_truth else number % _MARKS + 2
        return self._replace(mark=mark)


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
    return " ".join(re.sub(r"\b(?:const|volatile)\b", "", c).split())


class Values:
    """The parts of an interface's values, as a compiler understands what is due."""

    def __init__(self, spec: Interface, due: Unit) -> None:
        self.table = spec.c.ops_tag
        keys = (f"{VALUE}{number}" for number in range(len(value_types(spec))))
        self.parts = dict(zip(value_types(spec), map(due.descriptions.get, keys), strict=True))

    def of(self, params: Iterable[str], number: int = 0) -> list[Part]:
        """The parts of all parameters of a function."""
        parts = (part for param in params for part in self(param))
        return [part.marked(at) for at, part in enumerate(parts, number)]

    def __call__(self, c: str, number: int = 0, name: str = "") -> Iterator[Part]:
        """The parts of a parameter or, with a name, of a value of a type; of nothing none."""
        if c == "void":
            return
        descriptions = self.parts.get(_unqualified(c if name else _type(c)))
        for at, description in enumerate((": ",) if descriptions is None else descriptions):
            path, _, kind = description.partition(": ")
            part = Part((name or declared_name(c)) + path, _TRUTH if kind == "bool" else 0)
            if self.table not in kind:  # a host's table is another for either side
                yield part.marked(number + 17 * at)
