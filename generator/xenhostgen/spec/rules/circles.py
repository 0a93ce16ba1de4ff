# SPDX-License-Identifier: GPL-2.0-only
"""Names that lead to each other in circles: macros by what they ask, slots by what they require."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

N = TypeVar("N", bound=str)


def circles(leads: Mapping[N, Iterable[N]]) -> Iterator[N]:
    """The name by which each circle is entered, where names lead to others; in linear time."""
    left: set[N] = set()
    for start in leads:
        path = {} if start in left else {start: iter(leads[start])}
        while path:
            name = next(reversed(path))
            other = next(path[name], None)
            if other is None:
                left.add(name)
                del path[name]
            elif other in path:
                yield other
            elif other in leads and other not in left:
                path[other] = iter(leads[other])
