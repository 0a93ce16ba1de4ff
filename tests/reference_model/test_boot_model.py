# SPDX-License-Identifier: GPL-2.0-only
"""What boots must lead to: each kind of guest, privileged or not, nested or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from xenhostgen.api import Interface, load, load_text
from xenhostgen.reference_model.boot import Booted, boot, reads, reads_before_set, scenarios
from xenhostgen.reference_model.memory import Memory

REPO = Path(__file__).parents[2]
RFC = load(REPO / "specs/rfc-v1.yaml")
NEW = load(REPO / "specs/xenhost.yaml")
PAIR = load(REPO / "tests/verify/succ_pair.yaml")
PAIR_TEXT = (REPO / "tests/verify/succ_pair.yaml").read_text()
RELAY = load(REPO / "tests/verify/succ_relay.yaml")


def booted(spec: Interface) -> Iterator[tuple[str, Booted]]:
    return ((str(scenario), boot(spec, scenario)) for scenario in scenarios(spec))


def held(outcome: Booted) -> list[str | None]:
    return [ops for _, ops in outcome.state]


def test_every_combination_once() -> None:
    names = [str(scenario) for scenario in scenarios(RFC)]
    assert (
        len(names) == len(set(names)) == 12
    )  # hvm 2; pv 2 * 2, and 2 without start info; pvh 2 * 2
    assert not any("NULL" in name and "->" in name for name in names)


def test_placeholders_answer_in_every_combination() -> None:
    macros = [macro.with_(placeholder=True) for macro in RFC.predicates.macros]
    spec = RFC.with_(predicates=RFC.predicates.with_(macros=tuple(macros)))
    names = [str(scenario) for scenario in scenarios(spec) if scenario.path.kind == "hvm"]
    assert names == [
        f"boot hvm with xen_driver_domain()={first}, xen_nested()={second}"
        for first in (0, 1)
        for second in (0, 1)
    ]


def test_a_boot_that_depends_on_nothing_is_named_by_its_guest() -> None:
    assert [str(scenario) for scenario in scenarios(PAIR)] == ["boot only"]


@pytest.mark.parametrize("spec", [RFC, NEW], ids=["rfc", "new"])
def test_nested_hosts_are_promised_to_privileged_nested_guests(spec: Interface) -> None:
    empty = spec.none or None
    for name, outcome in booted(spec):
        nested = "xen_nested()=1" in name
        match name.split()[1]:
            case "hvm":
                remote = "xh_hvm_nested_ops" if nested and spec is NEW else empty
                assert held(outcome) == ["xh_hvm_ops", remote], name
            case "pv":
                there = "NULL" not in name
                privileged = nested and "SIF_INITDOMAIN" in name
                wanted = [
                    "xh_pv_ops" if there else empty,
                    "xh_pv_nested_ops" if privileged else empty,
                ]
                assert held(outcome) == wanted, name
            case "pvh":
                privileged = nested and "SIF_INITDOMAIN" in name
                remote = "xh_hvm_nested_ops" if privileged else empty
                assert held(outcome) == ["xh_hvm_ops", remote], name
        assert outcome.misuse is None


def test_who_asks_too_soon_is_early() -> None:
    early = {
        name for name, outcome in booted(RFC) if any(promise.early for promise in outcome.promises)
    }
    assert early == {
        "boot pv with xen_start_info=object, xen_start_info->flags=SIF_INITDOMAIN, xen_nested()=1",
        "boot pvh with pvh_start_info.flags=SIF_INITDOMAIN, xen_nested()=1",
    }
    assert not any(promise.early for _, outcome in booted(NEW) for promise in outcome.promises)


def test_pv_never_gets_into_hvm() -> None:
    for name, outcome in booted(NEW):
        if name.startswith("boot pv "):
            assert "xh_hvm_ops" not in held(outcome)


def test_without_what_its_entry_needs_a_guest_doesnt_boot_on() -> None:
    stages = {name: outcome.stages for name, outcome in booted(NEW)}
    assert stages["boot pv with si=NULL, xen_nested()=0"] == ("pv",)
    assert stages["boot pv with si=object, si->flags=0, xen_nested()=0"] == ("pv", "hvm")
    assert stages["boot pvh with pvh_start_info.flags=0, xen_nested()=0"] == (
        "pvh",
        "clear_bss",
        "hvm",
    )


def test_a_later_function_that_returns_early_ends_nothing() -> None:
    steps = "        - return_if: pair_is_on()\n        - assign"
    text = PAIR_TEXT.replace("        - assign", steps, 1).replace("[only]", "[only, only, only]")
    ((_, result),) = booted(load_text(text, "x"))
    assert result.stages == ("only", "only", "only")


def test_the_first_misuse_of_boot_code_is_named_and_ends_it() -> None:
    step = "        - register: {type: right, table: own, when: pair_is_on()}\n"
    text = PAIR_TEXT.replace(step, step + step.replace("right", "left"))
    ((_, result),) = booted(load_text(text.replace("[only]", "[only, only]"), "x"))
    assert [promise.step.type for promise in result.promises] == ["right", "left"] * 2
    assert result.misuse is result.promises[2]


def test_a_chain_of_three() -> None:
    full = ["alpha_ops", "alpha_far_ops", "alpha_deep_ops", RELAY.none]
    for name, outcome in booted(RELAY):
        if name.startswith(("boot small", "boot late")):
            wanted = (
                full
                if "RELAY_MASTER" in name and "chained()=1" in name
                else ["alpha_ops", *[RELAY.none] * 3]
            )
            assert held(outcome) == wanted, name
        assert outcome.misuse is None


def test_reads_sees_through_macros() -> None:
    assert reads(RFC, "xen_driver_domain()") >= {"xen_domain_type", "xen_start_flags"}
    assert "xen_pvh" not in reads(RFC, "xen_driver_domain()")
    assert not any("(" in name for name in reads(RFC, "xen_driver_domain() && xen_nested()"))


def test_boot_code_sets_some_of_what_a_condition_reads() -> None:
    assert reads_before_set(RFC, "xen_driver_domain()") == {"xen_domain_type", "xen_start_flags"}
    assert reads_before_set(RFC, "xen_start_info") == set()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("!xen_start_info", True),
        ("xen_domain_type == XEN_NATIVE", True),
        ("xen_domain_type != XEN_NATIVE || xen_nested()", True),
        ("xen_domain() && xen_nested()", False),
        ("(xen_start_flags | 2) & SIF_INITDOMAIN", True),
        ("xen_start_flags & SIF_INITDOMAIN", False),
        ("0x10 == 16 && 010 == 8", True),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert Memory(RFC, {"xen_nested": True}).true(condition) is holds


def test_members_belong_to_what_a_pointer_points_to() -> None:
    memory = Memory(RFC, {})
    memory.set("xen_start_info", "first")
    memory.set("xen_start_info->flags", 2)
    assert memory.true("xen_start_info->flags & SIF_INITDOMAIN")
    memory.set("xen_start_info", "second")
    assert not memory.true("xen_start_info->flags & SIF_INITDOMAIN")


def test_members_of_different_structures_are_different() -> None:
    memory = Memory(RFC, {})
    memory.set("pvh_start_info.flags", 2)
    assert memory.value("other_info.flags") == 0


def test_a_macro_is_0_without_its_option() -> None:
    memory = Memory(RFC, {}, ["CONFIG_XEN_DOM0"])
    for kernels in (memory, with_it := Memory(RFC, {})):
        kernels.set("xen_start_flags", 2)
        kernels.set("xen_domain_type", 1)
    assert with_it.true("xen_initial_domain()")
    assert not memory.true("xen_initial_domain()")
