# SPDX-License-Identifier: GPL-2.0-only
"""What version 2's templates make of texts and wrappers that the shipped specs have none of."""

import re
from pathlib import Path

import pytest

from xenhostgen.api import load_text, render

SPEC = Path(__file__).parents[2] / "specs/xenhost.yaml"


def files(*edits: tuple[str, str]) -> tuple[str, str]:
    """The header and the C file of the edited spec."""
    source = SPEC.read_text()
    for before, after in edits:
        assert before in source
        source = source.replace(before, after, 1)
    files = render(load_text(source, str(SPEC))).files
    return files["include/xen/xenhost.h"], files["arch/x86/xen/xenhost.c"]


def test_texts_of_several_lines_and_of_none() -> None:
    leaves = "doc: the first of this Xen's cpuid leaves, 0 if it shows none"
    header, _ = files(
        (leaves, 'doc: "one\\n\\nthree\\n"'),
        (", doc: an empty slot", ""),
        ("  doc: Which", "  # Which"),
    )
    assert " * @cpuid_base: one\n *\n * three\n * @" in header
    assert (
        "/**\n * enum xenhost_type - the types of hosts\n * @XENHOST_INVALID: invalid\n" in header
    )


@pytest.mark.parametrize(
    "left_out", ["", r"(, |(?<=\{)|\n +)doc: [^|}\n]+(?=[}\n])"], ids=["as it is", "no docs"]
)
@pytest.mark.parametrize("name", ["specs/xenhost.yaml", "tests/verify/succ_gate.yaml"])
def test_each_line_of_kernel_doc_says_something(name: str, left_out: str) -> None:
    source = re.sub(left_out or "$^", "", (SPEC.parents[1] / name).read_text())
    spec = load_text(source, str(SPEC))
    lines = render(spec).files[spec.header.file].splitlines()
    summaries = [line for line in lines if re.match(r" \* (?:@|enum |struct )", line)]
    members = len(spec.ops) + len(spec.types.values)
    assert len(summaries) > members
    assert not [line for line in summaries if re.search(r"[-:]$", line)]


def test_comments_above_members_and_requirements() -> None:
    fields = "fields: [{c: int nr, doc: a}, {struct: [int b, int c], doc: d}]\n"
    requires = ("requires: default", "requires: default, requires_doc: e")
    header, source = files(("# A row", f"{fields}# A row"), requires)
    assert " * @nr: a\n * @" in header
    assert "\tint nr;\n\tstruct {\n" in header
    assert "\t/*\n\t * e\n\t */\n\tif (xh == xh_remote && " in source


def test_an_optional_op_with_a_fallback_is_called_once() -> None:
    header, _ = files(
        (
            "  setup_shared_info:\n",
            "  setup_shared_info:\n    wrapper: optional\n    fallback: xen_vcpu_info_reset(0)\n",
        )
    )
    assert (
        header.count("\t\txh->ops->setup_shared_info(xh);\n\telse\n\t\txen_vcpu_info_reset(0);\n")
        == 1
    )
    assert header.count("xh->ops->setup_shared_info(xh);") == 1


def test_a_helper_that_is_called_twice_is_there_once() -> None:
    call = "        - call: {function: init_hvm_pv_info, sets: {xen_domain_type: XEN_HVM_DOMAIN}}\n"
    source = SPEC.read_text().replace(call, call * 2)
    rendered = render(load_text(source, str(SPEC))).files["arch/x86/xen/enlighten_hvm.c"]
    assert rendered.count("static void __init init_hvm_pv_info(void)\n{\n") == 1
    assert rendered.count("\tinit_hvm_pv_info();\n") == 2


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
