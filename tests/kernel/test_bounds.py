# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's kernel file is bounded before this process parses it."""

import time
from collections.abc import Callable

import pytest

from xenhostgen.api import Refused
from xenhostgen.extensions.kernel_tree.c_tree import bare, silent, words
from xenhostgen.extensions.kernel_tree.kernel_file import KernelFile
from xenhostgen.extensions.kernel_tree.kernel_slice import _called
from xenhostgen.extensions.kernel_tree.reduction import Reduction


@pytest.mark.parametrize(
    "c", [b"f(" * 1001, b"x[(]" * 1001, b"{" * 500_000, b"'(' {" * 1001, b";" * ((1 << 20) + 1)]
)
def test_too_much_is_refused_at_once(c: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Refused) as refused:
        KernelFile("setup.c", c).function(["setup"])
    assert time.process_time() - started < 1
    assert [problem.rule for problem in refused.value.problems] == ["too-large"]


@pytest.mark.parametrize("c", [b"f(" * 999 + b")" * 999 + b";", b"'(';" * 2000, b"/*{*/" * 2000])
def test_what_is_within_the_bounds_is_parsed(c: bytes) -> None:
    assert KernelFile("setup.c", c).nodes


def test_comments_without_an_end_take_linear_time() -> None:
    started = time.process_time()
    assert bare("a " + "/* " * 500_000) == "a"
    assert words("a " + "/* " * 500_000) == {"a"}
    assert time.process_time() - started < 2


def test_what_a_string_holds_is_no_comment() -> None:
    assert bare('f("/*", 1); /* x */ g("*/ // ");') == 'f("/*",1);g("*///");'


def test_what_the_spec_says_of_the_kernel_finds_room_or_is_refused() -> None:
    file = Reduction("#ifndef A\n#define A\n\n#define B\n \n#endif\n")
    file.keep(lambda node: True)
    file.supply(["<linux/types.h>"], ["int a;", "int b;"])
    lines = file.text().split("\n")
    assert lines == [
        "#ifndef A",
        "#define A",
        "#include <linux/types.h>",
        "#define B",
        "int a; int b; ",
        "#endif",
        "",
    ]
    full = Reduction("#ifndef A\n#define A\n#endif\n\n")
    full.keep(lambda node: True)
    with pytest.raises(Exception, match="no blank line"):
        full.supply([], ["int a;"])


@pytest.mark.parametrize(("search", "part"), [(_called, "a"), (silent, '"\\')])
def test_long_names_and_open_quotes_take_no_time(
    search: Callable[[str], object], part: str
) -> None:
    begin = time.process_time()
    search(part * 30_000)
    assert time.process_time() - begin < 2
