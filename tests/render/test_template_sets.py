# SPDX-License-Identifier: GPL-2.0-only
"""What the core knows of each template set is what its C has, shown by the spec to start from."""

from pathlib import Path

import pytest

from tools import main, need
from xenhostgen.api import load
from xenhostgen.spec.template_sets import style, template_sets
from xenhostgen.verify.subject import Options, prepared


@pytest.mark.parametrize("template_set", template_sets())
def test_helpers_are_the_functions_of_every_interface_besides_the_specs(
    template_set: str, tmp_path: Path
) -> None:
    need("gcc", "gcc")
    main(["init", "widget", "--set", template_set, "-o", str(tmp_path / "widget.yaml")])
    spec = load(tmp_path / "widget.yaml")
    with prepared(spec, Options(level="parse", unconfined=True)) as subject:
        readings = subject.declarations.readings
        facts = readings[spec.header.file].facts + readings[spec.source.file].facts
    functions = {fact.name for fact in facts if fact.kind == "function"}
    of_spec = {spec.c.register, spec.c.unregister, *(spec.c.wrapper(op.name) for op in spec.ops)}
    of_spec |= {entry.function for op in spec.ops for entry in op.tables}
    helpers = {name.removeprefix("widget_") for name in functions - of_spec}
    message = "list them in spec/template_sets.py, so that lint keeps other names from these"
    assert helpers == set(style(template_set).helpers), message
