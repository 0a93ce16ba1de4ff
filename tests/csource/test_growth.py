# SPDX-License-Identifier: GPL-2.0-only
"""What strangers' texts are searched by takes time that grows with them, whatever they hold."""

import time
from collections.abc import Callable

import pytest

from xenhostgen.csource import tokens
from xenhostgen.extensions.kernel_tree import c_tree, kernel_slice
from xenhostgen.verify import driver, makefile

SEARCHES: dict[str, tuple[Callable[[str], object], str]] = {
    "a name": (kernel_slice._called, "a"),
    "quotes": (c_tree.silent, '"\\'),
    "lines of a comment": (lambda text: tokens.comments(f"/*{text}*/"), "\n"),
    "a complaint's numbers": (driver._COMPLAINT.search, ":1"),
    "a complaint's folders": (driver._PLACE.match, "a/"),
    "a variable": (makefile._OF_OBJECT.fullmatch, "A_"),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_long_text_takes_no_time(kind: str) -> None:
    search, part = SEARCHES[kind]
    begin = time.process_time()
    search(part * 30_000)
    assert time.process_time() - begin < 2
