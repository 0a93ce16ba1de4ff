# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema: fresh, valid, and agreeing with the reader on every spec at hand."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from patching import spec_of_case
from tools import Golden, main
from xenhostgen.spec.model import Interface
from xenhostgen.spec.schema import json_schema

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
SHIPPED = sorted((ROOT / "specs").glob("*.yaml"))
# Faults that even a schema sees: what the shape is, not what it means.
SEEN = ["unknown_key", "missing_key", "list_for_mapping", "text_for_list", "unknown_choice"]
SEEN += ["unknown_step", "step_with_two_kinds", "upper_case_name", "header_without_brackets"]
SEEN += ["unknown_key_deep", "symbol_with_blank", "number_is_text", "c_text_with_semicolon"]


def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_an_editor_reads(path: Path) -> Any:
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def test_the_committed_schema_is_fresh(capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    assert main(["schema"]) == 0
    golden(ROOT / "specs" / "schema.json", capsys.readouterr().out)


def test_the_reference_is_fresh(capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    assert main(["reference"]) == 0
    golden(ROOT / "docs" / "spec.md", capsys.readouterr().out)


def test_the_reference_tells_of_each_key_with_an_example_of_each_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["reference"])
    _, _, keys = capsys.readouterr().out.partition("# Keys")
    assert {name for name in Interface.KEYS if f"| `{name}` |" not in keys} == set()
    sections = keys.split("\n## ")[2:]
    assert len(sections) > 30
    without = {section.split("\n")[0] for section in sections if "\n    " not in section}
    steps = {f"guests.NAME.boot.steps[].{name}" for name in ("each", "unregister")}
    assert without == {"kernel.typedefs.NAME", "layout", *steps}  # no shipped spec has one


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_specs_are_valid(path: Path) -> None:
    validator().validate(as_an_editor_reads(path))
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")


def test_a_minimal_spec_is_valid() -> None:
    validator().validate(as_an_editor_reads(CASES / "succ_minimal.yaml"))


@pytest.mark.parametrize("name", SEEN)
def test_faults_of_shape_are_seen(name: str, tmp_path: Path) -> None:
    (case,) = {*CASES.glob(f"err_{name}.*")} - {*CASES.glob("*.expected")}
    (tmp_path / "any.yaml").write_bytes(spec_of_case(case))
    assert not validator().is_valid(as_an_editor_reads(tmp_path / "any.yaml"))
