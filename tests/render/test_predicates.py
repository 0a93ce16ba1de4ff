# SPDX-License-Identifier: GPL-2.0-only
"""Predicates of operators stand in parentheses, others as they are written."""

from pathlib import Path

import pytest

from xenhostgen.api import load_text, render

SPEC = Path(__file__).parents[2] / "specs/xenhost.yaml"


@pytest.mark.parametrize("templates", ["kernel", "rfc"])
@pytest.mark.parametrize(
    ("expands", "c"),
    [
        ("xen_pvh & 1", "(xen_pvh & 1)"),
        ("!xen_pvh || xen_domain()", "(!xen_pvh || xen_domain())"),
        ("(xen_pvh) != (xen_start_flags)", "((xen_pvh) != (xen_start_flags))"),
        ("(xen_pvh & 1)", "(xen_pvh & 1)"),
        ("!(xen_pvh & 1)", "!(xen_pvh & 1)"),
        ("xen_start_info->flags", "xen_start_info->flags"),
        ("-1", "-1"),
    ],
)
def test_a_predicate_of_operators_is_one_value(templates: str, expands: str, c: str) -> None:
    name = "rfc-v1" if templates == "rfc" else "xenhost"
    source = (SPEC.parent / f"{name}.yaml").read_text()
    before = "{name: xen_driver_domain, expands: xen_initial_domain()}"
    assert before in source
    source = source.replace(before, f"{{name: xen_driver_domain, expands: {expands!r}}}")
    header = render(load_text(source, str(SPEC))).files["include/xen/xen.h"]
    (line,) = [line for line in header.splitlines() if "xen_driver_domain()" in line]
    assert line.split(None, 2)[2].strip() == c
