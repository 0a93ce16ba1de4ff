# SPDX-License-Identifier: GPL-2.0-only
"""Consoles read and judged: KTAP among other lines, each kind of guest against the model."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenhostgen.api import Refused, load
from xenhostgen.extensions.boot.guests import GUESTS, Boot, boots_of
from xenhostgen.extensions.boot.judge import Outcome, judge_boot
from xenhostgen.extensions.boot.suite import Suite
from xenhostgen.extensions.boot.transcript import Transcript

REPO = Path(__file__).parents[2]
SPECS = {name: load(REPO / f"specs/{name}.yaml") for name in ("xenhost", "rfc-v1")}
SPEC = SPECS["xenhost"]
SUITES = {name: Suite(spec) for name, spec in SPECS.items()}
EMPTY, NULL = "0 xenhost_none_ops", "0 NULL"

CONSOLE = """\
(XEN) Xen version 4.17
(d2) [    3.555322] Booting kernel on Xen PVH
[    1.000001] KTAP version 1
[    1.000002] 1..1
[    1.000003]     KTAP version 1
[    1.000004]     # Subtest: xenhost_boot
[    1.000005]     # module: xenhost_kunit_boot
[    1.000006]     1..3
{lines}(XEN) a line of Xen's between them
[    1.000008]     ok 1 registered
[    1.000009]     # entries: EXPECTATION FAILED at arch/x86/xen/suite.c:85
[    1.000010]     Expected op ? found : "NULL" == expected, but
[    1.000011]         op ? found : "NULL" == "NULL"
[    1.000012] xh_pv_ops.cpuid_base
[    1.000013]     not ok 2 entries
[    1.000014]     ok 3 later # SKIP not now
[    1.000015] not ok 1 xenhost_boot
[    1.000016] reboot: Power down
"""


def console(default: str, remote: str, answers: str = "xen_domain 1") -> str:
    lines = [f"answer {answer}" for answer in answers.split(", ")] + [
        f"slot default {default}",
        f"slot remote {remote}",
    ]
    return CONSOLE.format(
        lines="".join(f"[    1.000007]     # registered: {line}\n" for line in lines)
    )


def judged(
    boot: Boot, text: str, in_bss: bool = False, spec: str = "xenhost"
) -> dict[str, Outcome]:
    return {cell.check: cell for cell in judge_boot(SUITES[spec], in_bss, boot, text)}


def rules(cell: Outcome) -> list[str]:
    return [finding.rule for finding in cell.findings]


def test_results_are_told_from_what_stands_between_them() -> None:
    transcript = Transcript(console("1 xh_pv_ops", EMPTY))
    assert {name: case.passed for name, case in transcript.cases.items()} == {
        "registered": True,
        "entries": False,
        "later": True,
    }
    assert "# registered: slot default 1 xh_pv_ops" in transcript.cases["registered"].lines
    assert transcript.rest.lines == ("not ok 1 xenhost_boot", "reboot: Power down")


@given(st.text(alphabet="[ ]0.1#: okntregisd\n", max_size=200))
def test_any_console_can_be_read(text: str) -> None:
    cells = judged(Boot("hvm"), text)
    assert cells
    assert all(cell.findings for name, cell in cells.items() if name != "kind")


@pytest.mark.parametrize(
    ("boot", "default", "remote"),
    [
        (Boot("pv-dom0"), "2 xh_pv_ops", EMPTY),
        (Boot("pv"), "2 xh_pv_ops", EMPTY),
        (Boot("pvh"), "2 xh_hvm_ops", EMPTY),
        (Boot("hvm"), "2 xh_other_ops xh_hvm_ops", EMPTY),
        (Boot("nested"), "2 xh_pv_ops", EMPTY),
        (Boot("pv-dom0", answer=True), "2 xh_pv_ops", "3 xh_pv_nested_ops"),
        (Boot("pvh-dom0", answer=True), "2 xh_hvm_ops", "3 xh_hvm_nested_ops"),
        (Boot("hvm", answer=True), "2 xh_hvm_ops", "3 xh_hvm_nested_ops"),
    ],
    ids=lambda value: value.name if isinstance(value, Boot) else "",
)
def test_each_kind_of_guest_is_expected_to_hold_its_own_hosts(
    boot: Boot, default: str, remote: str
) -> None:
    check = "override" if boot.answer else "registered"
    assert not judged(boot, console(default, remote))[check].findings
    for wrong in ("1" + default[1:], "2 xh_wrong_ops", EMPTY):
        assert judged(boot, console(wrong, remote))[check].findings
    assert judged(boot, console(default, EMPTY if remote != EMPTY else "3 xh_pv_nested_ops"))[
        check
    ].findings


def test_a_registry_in_bss_is_lost_where_the_kernel_clears_it() -> None:
    for guest in ("pvh-dom0", "pvh"):
        cell = judged(Boot(guest), console(NULL, NULL), in_bss=True)["registered"]
        assert rules(cell) == ["registry-in-bss"]
        assert any("slot default" in line for line in cell.excerpt)
    assert rules(judged(Boot("pvh"), console(EMPTY, EMPTY))["registered"]) == [
        "boot-registration-missing"
    ]
    cell = judged(Boot("pvh"), console(NULL, NULL), in_bss=True, spec="rfc-v1")["registered"]
    assert rules(cell) == ["registry-in-bss"]


def test_the_rfc_asks_too_early_to_register_a_nested_host() -> None:
    value = SPECS["rfc-v1"].values["r1"]
    cell = judged(Boot("pv-dom0", answer=True), console(f"{value} xh_pv_ops", NULL), spec="rfc-v1")[
        "override"
    ]
    assert rules(cell) == ["state-read-before-set"]


def test_a_failed_expectation_is_told_with_its_subject() -> None:
    cell = judged(Boot("pv-dom0"), console("1 xh_pv_ops", EMPTY))["entries"]
    (finding,) = cell.findings
    assert (finding.rule, finding.subject) == ("table-entry-wrong", "xh_pv_ops.cpuid_base")
    assert '"NULL"' in finding.message


def test_a_guest_of_another_kind_is_noticed() -> None:
    cell = judged(Boot("pvh"), console("1 xh_hvm_ops", EMPTY, "xen_domain 1, xen_pvh_domain 0"))[
        "kind"
    ]
    assert rules(cell) == ["wrong-kind"]


def test_a_guest_that_dies_is_told_with_its_last_words() -> None:
    cells = judged(Boot("hvm"), "[    0.1] Linux\n[    0.2] BUG: unable to handle page fault\n")
    assert rules(cells["rules"]) == ["boot-crash"]
    assert cells["rules"].excerpt[-1].startswith("BUG: unable")
    assert "last words: BUG: unable" in cells["rules"].findings[0].message
    assert "last words: none" in judged(Boot("hvm"), "")["rules"].findings[0].message


def test_every_guest_has_a_scenario_and_every_domain_a_configuration() -> None:
    for name, guest in GUESTS.items():
        assert Boot(name).scenario(SUITES["xenhost"]).path.kind == guest.kind
        if guest.domain:
            assert f'name="{name}"' in Boot(name).domain(SUITES["xenhost"])


def test_guests_that_a_spec_does_not_know_are_refused_all_at_once() -> None:
    suite = Suite(load(REPO / "tests/kernel/gate.yaml"))
    with pytest.raises(Refused) as caught:
        boots_of(suite, ["pv-dom0", "pv", "hvm"])
    assert [problem.message.split("'")[1] for problem in caught.value.problems] == [
        "pv-dom0",
        "pv",
        "hvm",
    ]
