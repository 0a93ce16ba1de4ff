# SPDX-License-Identifier: GPL-2.0-only
"""Kernel-doc says something in each line, whatever of it the spec has in words."""

import re
from pathlib import Path

import pytest

from xenhostgen.api import load_text, render

SPEC = Path(__file__).parents[2] / "specs/xenhost.yaml"


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
