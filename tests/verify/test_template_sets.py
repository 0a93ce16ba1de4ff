# SPDX-License-Identifier: GPL-2.0-only
"""Lint knows each function that a template set adds to those of the spec."""

from pathlib import Path

import pytest

from tools import main, need
from xenhostgen.api import SpecError, load, load_text
from xenhostgen.verify.subject import Options, prepared

SETS = [start.parent.name for start in Path(__file__).parents[2].glob("templates/*/start.yaml.j2")]


@pytest.mark.parametrize("template_set", SETS)
def test_no_op_has_the_name_of_a_helper(template_set: str, tmp_path: Path) -> None:
    need("gcc", "gcc")
    path = tmp_path / "widget.yaml"
    main(["init", "widget", "--set", template_set, "-o", str(path)])
    spec = load(path)
    with prepared(spec, Options(level="parse", unconfined=True)) as subject:
        readings = subject.declarations.readings
        facts = readings[spec.header.file].facts + readings[spec.source.file].facts
    functions = {fact.name for fact in facts if fact.kind == "function"}
    of_spec = {spec.c.register, spec.c.unregister, *(spec.c.wrapper(op.name) for op in spec.ops)}
    of_spec |= {entry.function for op in spec.ops for entry in op.tables}
    for helper in functions - of_spec:
        text = path.read_text().replace("  reset:\n", f"  {helper.removeprefix('widget_')}:\n", 1)
        with pytest.raises(SpecError, match=helper):  # else list it in spec/template_sets.py
            load_text(text, str(path))
