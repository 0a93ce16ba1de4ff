# SPDX-License-Identifier: GPL-2.0-only
"""Made-up interfaces generate, compile and verify with no change to code or templates."""

from pathlib import Path

import pytest

from tools import need, sampled
from xenhostgen.api import SpecError, load
from xenhostgen.verify.declarations import read_due
from xenhostgen.verify.harness import Harness
from xenhostgen.verify.run import verify
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Options

CASES = sorted(Path(__file__).parent.glob("succ_*.yaml"))


# clang makes the largest of them, too; of the other template set it makes the RFC's interface.
GATE = Path(__file__).parent / "succ_gate.yaml"


@pytest.mark.parametrize(
    ("case", "compiler"),
    sampled([*((case, "gcc") for case in CASES), (GATE, "clang")]),
    ids=[*(case.stem for case in CASES), "succ_gate-clang"],
)
def test_spec(case: Path, compiler: str) -> None:
    need(compiler, compiler)
    verdict = verify(load(case), Options(compilers=(compiler,)))
    assert verdict.passed, (verdict.unexpected, verdict.missing)
    (run,) = verdict.statistics.runs
    assert run.states >= 9
    assert run.boots >= 1


def test_the_kernels_types_are_known(tmp_path: Path) -> None:
    """The shim's types, sparse's, and the spec's; others are named by their place."""
    good = Path(__file__).parents[1] / "spec/cases/succ_c_types.yaml"
    text = good.read_text().replace("kernel:\n", "kernel:\n  typedefs: {mine_t: int}\n")
    spec = tmp_path / "spec.yaml"
    spec.write_text(text)

    def read() -> dict[str, tuple[str, ...]]:
        interface = load(spec)
        store = Store(interface, tmp_path)
        return read_due(Harness(interface, tmp_path, tmp_path, store)).descriptions

    assert read()["prototype_do_d"] == ("unsigned int (widget_t *, int, int)",)
    spec.write_text(
        text.replace("gfp_t flags", "unheard_of flags").replace("returns: __u32", "returns: mine")
    )
    with pytest.raises(SpecError) as caught:
        read()
    lines = spec.read_text().splitlines()
    places = [problem.at for problem in caught.value.problems]
    words = [lines[at.line - 1][at.column - 1 :].split()[0] for at in places]
    assert words == ["unheard_of", "mine,"]
