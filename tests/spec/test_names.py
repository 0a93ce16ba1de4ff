# SPDX-License-Identifier: GPL-2.0-only
"""What is computed from a prefix: names of types and symbols, and where the slots lie."""

from pathlib import Path

import pytest

from xenhostgen.api import Text, load
from xenhostgen.spec.load import load_part
from xenhostgen.spec.model import NameChoices, Names

CASES = Path(__file__).parent / "cases"


def test_names_follow_from_the_prefix() -> None:
    plain, typedefs = (Names("port", choice, NameChoices()) for choice in (False, True))
    assert (plain.host, plain.ops) == ("struct port", "struct port_ops")
    assert (typedefs.host, typedefs.ops) == ("port_t", "port_ops_t")
    assert (plain.type("near"), typedefs.type("near")) == ("PORT_NEAR", "port_near")
    assert (plain.type_name("PORT_NEAR"), typedefs.type_name("port_near")) == ("near", "near")
    assert (plain.array, plain.iterator) == ("ports", "for_each_port")


def test_chosen_names_come_first(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text("{iterator: every_port, enumerators: lower, array: harbour}\n")
    names = Names("port", False, load_part(NameChoices, path))
    assert (names.iterator, names.array, names.type("near")) == (
        "every_port",
        "harbour",
        "port_near",
    )


@pytest.mark.parametrize(
    ("case", "storage", "section"),
    [
        ("succ_minimal", "bss", ".bss"),
        ("succ_none_shared", "bss", ".data"),
        ("succ_none_shared", "read_mostly", ".data..read_mostly"),
    ],
)
def test_the_section_of_the_slots(case: str, storage: str, section: str) -> None:
    spec = load(CASES / f"{case}.yaml")
    registry = spec.registry.with_(storage=Text(storage))
    assert spec.with_(registry=registry).section == section


def test_a_spec_knows_its_file() -> None:
    assert load(CASES / "succ_minimal.yaml").path == str(CASES / "succ_minimal.yaml")
