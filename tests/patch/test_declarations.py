# SPDX-License-Identifier: GPL-2.0-only
"""Declarations are found and named; `declarations/*.c` stands beside the labels expected of it."""

from pathlib import Path

import pytest

from xenhostgen.extensions.patches.declarations import declarations, digest

HERE = Path(__file__).parent


@pytest.mark.parametrize("case", sorted(HERE.glob("declarations/*.c")), ids=lambda p: p.stem)
def test_labels(case: Path) -> None:
    labels = [declaration.label for declaration in declarations(case.read_text())]
    assert labels == case.with_suffix(".labels").read_text().splitlines()


def test_an_attribute_alone_is_a_statement() -> None:
    assert [one.label for one in declarations("__aligned(8)")] == ["statement __aligned ( 8 )"]


def test_layout_does_not_change_the_digest() -> None:
    (one,), (two,) = (
        declarations("int f(void) { return 1; }"),
        declarations("int f ( void )\n{return 1;}"),
    )
    assert digest(one) == digest(two) != digest(declarations("int f(void) { return 2; }")[0])
    assert len(digest(one)) == 16


def test_the_new_files_of_the_reference_mail(reference_mail: Path) -> None:
    header = reference_mail.read_text().split("+++ b/include/xen/xenhost.h\n")[1]
    added = "\n".join(line[1:] for line in header.splitlines() if line.startswith("+"))
    kinds = [declaration.kind for declaration in declarations(added)]
    expected = (
        "ifndef macro enum forward typedef typedef variable variable prototype prototype macro"
    )
    assert kinds == [*expected.split(), "endif"]
