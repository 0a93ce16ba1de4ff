# SPDX-License-Identifier: GPL-2.0-only
"""The second opinion: cbmc finds nothing but faults, and may be missing."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from many_slots import eight_slots
from patching import apply, read_tree_case
from tools import main, need, written
from xenhostgen.api import Finding, Interface, Proof, load, render, verify
from xenhostgen.extensions.proof import provers
from xenhostgen.extensions.proof.cbmc import Cbmc
from xenhostgen.verify.subject import JudgedTree, Options, Subject

Judged = tuple[Proof, list[Finding]]

RANGE = "of '[… ... …] =' it reads the first element alone"
TREES = Path(__file__).parents[1] / "verify/trees"
RIGHT = sorted(TREES.glob("succ_*.diff"))
PAIR, XENHOST = "tests/verify/succ_pair.yaml", "specs/xenhost.yaml"
RELAY, GATE = "tests/verify/succ_relay.yaml", "tests/verify/succ_gate.yaml"
C, HEADER = "arch/x86/xen/xenhost.c", "include/xen/xenhost.h"
# Faults by what cbmc says of them: the file, the function, and one of its statements changed.
FAULTS = [
    (
        C,
        "xenhost_slot",
        "return NULL;",
        "return xh_default;",
        "rule 1: a type that no slot lists is refused",
    ),
    (C, "xenhost_register", "if (!ops)", "if (0)", "rule 1: ops that are missing are refused"),
    (
        C,
        "xenhost_register",
        "if (xh->type != XENHOST_INVALID)",
        "if (0)",
        "rule 2: a slot that is taken is refused",
    ),
    (
        C,
        "xenhost_register",
        "if (xh == xh_remote && xh_default->type == XENHOST_INVALID)",
        "if (xh == xh_remote && 1)",
        "rules 4 and 6: what is no misuse succeeds",
    ),
    (C, "xenhost_register", "xh->ops = ops;", "", "rule 4: the slot holds what was given"),
    (
        C,
        "xenhost_register",
        "if (xh == xh_remote && xh_default->type",
        "xh->type = type;\n\tif (xh == xh_remote && xh_default->type",
        "rules 4 and 5: no other slot changes, and none at misuse",
    ),
    (
        C,
        "xenhost_unregister",
        "if (!xh)",
        "if (0)",
        "dereference failure: pointer NULL in xh->type",
    ),
    (
        C,
        "xenhost_unregister",
        "if (xh->type != type)",
        "if (0)",
        "rule 6: a host that is not registered is refused",
    ),
    (
        C,
        "xenhost_unregister",
        "if (xh == xh_default && xh_remote->type != XENHOST_INVALID)",
        "if (0)",
        "rule 7: a slot that a taken one requires stays",
    ),
    (C, "xenhost_unregister", "xh->ops = &xenhost_none_ops;", "", "rule 6: the slot is empty"),
    (
        HEADER,
        "xenhost_next",
        "if (xh->type != XENHOST_INVALID)",
        "if (1)",
        "rule 8: what is visited is a registered host",
    ),
    (
        HEADER,
        "for_each_xenhost",
        "(xh); (xh) =",
        "0; (xh) =",
        "rule 8: every registered host is visited",
    ),
    (
        HEADER,
        "xenhost_cpuid_base",
        "return xh->ops",
        "return ((const struct xenhost_ops *)NULL)",
        "dereference failure: pointer NULL in ((const struct xenhost_ops *)(void *)0)->cpuid_base",
    ),
    (
        HEADER,
        "xenhost_vcpu_id",
        "return ",
        "return cpu == 4711 ? 0 : ",
        "rules 11 and 12: the kernel's functions are called that the spec says, and as it says,"
        " cpu = 4711",
    ),
    (
        HEADER,
        "xenhost_vcpu_id",
        "return ",
        "return (cpu != 4711) * ",
        "rules 11 and 12: the result is the spec's, cpu = 4711",
    ),
    (
        C,
        "xh_direct_vcpu_id",
        "(cpu)",
        "(cpu - (cpu == -4711))",
        "rules 11 and 12: the kernel's functions are called that the spec says, and as it says,"
        " cpu = -4711",
    ),
    (
        C,
        "xh_direct_reset_vcpu_info",
        "(cpu);",
        "(cpu);\n\tif (cpu == 4711)\n\t\txen_start_flags = 1;",
        "rules 11 and 12: xen_start_flags is what the spec makes it, cpu = 4711",
    ),
    (
        HEADER,
        "xenhost_free_ballooned_pages",
        "xh->ops",
        "if (nr_pages == 4711)\n\t\tpages[7] = NULL;\n\txh->ops",
        "rules 11 and 12: what pages points to is what the spec makes it, nr_pages = 4711",
    ),
    (
        HEADER,
        "xenhost_reset_vcpu_info",
        "xh->ops",
        "if (cpu == 4711)\n\t\txh->type = XENHOST_INVALID;\n\txh->ops",
        "rules 11 and 12: a wrapper changes no slot, cpu = 4711",
    ),
]
# Changes that leave what the C does as it is, for all values.
DRIFT = [
    (C, "xenhost_register", "if (!ops)", "if (ops == NULL)"),
    (
        HEADER,
        "xenhost_vcpu_id",
        "return ",
        "const int same = (cpu ^ 4711) ^ 4711;\n\n\tcpu = same;\n\treturn ",
    ),
    (C, "xh_direct_vcpu_id", "(cpu)", "((int)((unsigned int)cpu * 3 - cpu - cpu))"),
    (
        HEADER,
        "xenhost_cpuid_base",
        "return xh->ops->cpuid_base(xh);",
        "const struct xenhost_ops *ops = xh->ops;\n\n\treturn (*ops->cpuid_base)(xh);",
    ),
]


def changed(text: str, function: str, before: str, after: str) -> str:
    """A file's text with the first such statement of a function or macro changed."""
    definition = re.search(rf"\b{function}\([^)]*\)( \\)?\n[{{\t]", text)
    assert definition and before in text[definition.end() :]
    head, rest = text[: definition.end()], text[definition.end() :]
    return head + rest.replace(before, after, 1)


def opinion(subject: Subject) -> Judged:
    """What cbmc says of a subject."""
    findings = list(Cbmc().run(subject))
    return subject.statistics.cbmc or Proof(), findings


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Judged]:
    """Let cbmc judge a spec's rendering, with some files changed."""
    need("cbmc", "cbmc, from Debian 13 on; .ci/cbmc gets it for Debian 12")

    def judge(spec: Interface, **changed: str) -> Judged:
        tree = written(spec, tmp_path / "tree")
        for file, text in changed.items():
            (tree / file).write_text(text)
        return opinion(Subject(spec, JudgedTree(tree), tmp_path / "work", Options()))

    return judge


def test_a_fault_that_no_run_shows(
    load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    spec = load_spec(PAIR)
    text = render(spec).files[spec.source.file]
    before = "\tif (!xh)\n\t\treturn -EINVAL;\n\tif (!ops)"
    assert text.count(before) == 1
    faulty = text.replace(before, f"\tif (type == 4711)\n\t\treturn 0;\n{before}")
    proof, findings = judged(spec, **{spec.source.file: faulty})
    (finding,) = findings
    assert 80 < proof.proved < proof.goals
    assert (finding.rule, finding.subject) == ("refuted", "pair_register")
    assert finding.message == "rule 1: a type that no slot lists is refused"
    assert finding.counterexample[-1].startswith("pair_register(4711, ")


@pytest.mark.proof
@pytest.mark.parametrize("path", [PAIR, RELAY, GATE, XENHOST, "eight slots"])
def test_all_assertions_hold(
    path: str, load_spec: Callable[[str], Interface], judged: Callable[..., Judged]
) -> None:
    proof, findings = judged(eight_slots() if path == "eight slots" else load_spec(path))
    assert findings == [] and proof.proved == proof.goals > 80


@pytest.mark.proof
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[1]}: {fault[4]}")
def test_faults_are_refuted(
    fault: tuple[str, str, str, str, str],
    load_spec: Callable[[str], Interface],
    judged: Callable[..., Judged],
) -> None:
    spec = load_spec(XENHOST)
    file, function, before, after, message = fault
    text = changed(render(spec).files[file], function, before, after)
    proof, findings = judged(spec, **{file: text})
    assert proof.proved < proof.goals
    assert message in {finding.message for finding in findings}


@pytest.mark.proof
@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.stem)
def test_right_trees_are_not_refuted(
    case: Path, load_spec: Callable[[str], Interface], tmp_path: Path
) -> None:
    need("cbmc", "cbmc, from Debian 13 on; .ci/cbmc gets it for Debian 12")
    wanted = read_tree_case(case)
    spec = load_spec(wanted.spec)
    base, tree = (written(spec, tmp_path / name) for name in ("base", "tree"))
    apply(tree, wanted.changes)
    (_, known), (_, findings) = (
        opinion(Subject(spec, JudgedTree(path), path.with_suffix(".work"), Options()))
        for path in (base, tree)
    )
    assert {finding.message for finding in findings} <= {expected.message for expected in known}


def test_what_cbmc_cannot_read_is_told(
    load_spec: Callable[[str], Interface], tmp_path: Path
) -> None:
    need("cbmc", "cbmc, from Debian 13 on; .ci/cbmc gets it for Debian 12")
    spec = load_spec(XENHOST)
    source = render(spec).files[C]
    for name, before, after, message in (
        ("range", "{ .ops = &xenhost_none_ops },\n\t{", "[0 ... 1] = {", RANGE),
        ("type", "\treturn NULL;\n", "\treturn (__auto_type[0])1;\n", f"{C}:"),
    ):
        tree = written(spec, tmp_path / name)
        assert before in source
        (tree / C).write_text(source.replace(before, after))
        subject = Subject(spec, JudgedTree(tree), tmp_path / f"{name}.work", Options())
        assert Cbmc().run(subject) == []
        (gap,) = subject.statistics.gaps()
        assert gap.startswith(f"proof by cbmc, which can't read this C: {message}")


@pytest.mark.proof
def test_drift_is_proved_equivalent(
    load_spec: Callable[[str], Interface], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("cbmc", "cbmc, from Debian 13 on; .ci/cbmc gets it for Debian 12")
    tree = written(load_spec(XENHOST), tmp_path)
    command = ["verify", XENHOST, "--tree", str(tree), "--level", "prove", "--cc", "gcc"]
    for file, function, before, after in DRIFT:
        path = tree / file
        path.write_text(changed(path.read_text(), function, before, after))
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert printed.count("note: ") >= len(DRIFT)
    assert "\n" + XENHOST + ": as the rendering, by cbmc, for all values: registering" in printed


@pytest.mark.proof
@pytest.mark.parametrize("path", ["specs/rfc-v1.yaml", "specs/rfc-v1-ops.yaml"])
def test_known_faults(
    path: str,
    load_spec: Callable[[str], Interface],
    judged: Callable[..., Judged],
    capsys: pytest.CaptureFixture[str],
) -> None:
    need("gcc", "gcc")
    spec = load_spec(path)
    _, findings = judged(spec)
    rules = {finding.message.split(":")[0] for finding in findings}
    assert {"rule 3", "rule 7", "rule 8", "rules 5 and 6"} <= rules
    assert len({finding.subject for finding in findings}) == (
        3 if path == "specs/rfc-v1.yaml" else 9
    )
    verdict = verify(spec, level="prove")
    explained = [finding for finding, _ in verdict.expected] + list(verdict.unexpected)
    assert "refuted" not in {finding.rule for finding in explained}
    (guard,) = [finding for finding in findings if finding.message.startswith("rule 3:")]
    calls = "; ".join(guard.counterexample)
    assert main(["verify", path, "--replay", calls, "--format", "json"]) == 1
    *before, last = json.loads(capsys.readouterr().out)
    assert all(step["agrees"] for step in before) and not last["agrees"]


def test_what_is_missing_is_named(
    load_spec: Callable[[str], Interface], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    proof, findings = opinion(Subject(load_spec(XENHOST), JudgedTree(Path()), Path(), Options()))
    assert (proof.proved, proof.goals, findings) == (0, 0, [])
    assert proof.missing == "cbmc (a package of Debian 13)"


def test_a_prover_without_end_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provers, "LIMITS", provers.LIMITS._replace(seconds=0.2))
    command = ["sh", "-c", f"while sleep 0.02; do date >>{tmp_path}/alive; done & wait"]
    spec = load(Path(__file__).parents[2] / "specs/rfc-v1.yaml")
    subject = Subject(spec, JudgedTree(tmp_path), tmp_path, Options())
    assert provers.run_prover(command, subject, tmp_path) == "proving takes more than 0.2 seconds"
    size = (tmp_path / "alive").stat().st_size
    time.sleep(0.2)
    assert (tmp_path / "alive").stat().st_size == size > 0


def test_a_prover_gets_nothing_of_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "canary")
    spec = load(Path(__file__).parents[2] / "specs/rfc-v1.yaml")
    subject = Subject(spec, JudgedTree(tmp_path), tmp_path, Options())
    printed = provers.run_prover(["sh", "-c", "echo $HOME,$SECRET"], subject, tmp_path)
    assert printed == f"{tmp_path},\n"
