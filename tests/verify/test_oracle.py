# SPDX-License-Identifier: GPL-2.0-only
"""What the spec's own C says, what it can't say, and what is too much to ask."""

from pathlib import Path

import pytest

from tools import sampled
from verified_shapes import guests, ops
from xenhostgen.api import Finding, Refused, SpecError, load
from xenhostgen.verify.behaviour import Behaviour
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options, write_rendering
from xenhostgen.verify.wrappers import WrapperRunner, has_order

GATE = (Path(__file__).parent / "succ_gate.yaml").read_text()


def judged(text: str, folder: Path, in_header: str = "") -> tuple[Finding, ...]:
    """What is found in a spec's rendering, with C in a header that the spec doesn't know."""
    path = folder / "spec.yaml"
    path.write_text(text)
    spec = load(path)
    tree = write_rendering(spec, folder / "tree") if in_header else None
    if tree:
        header = tree / spec.predicates.file
        header.write_text(header.read_text() + in_header)
    checks = [Behaviour("gcc", runners=[WrapperRunner])]
    return verify(spec, Options(tree), checks).unexpected


def with_body(body: str) -> str:
    """The interface with another body in place of one that counts bits."""
    assert GATE.count('"count_of(unit) > 2"') == 1
    return GATE.replace('"count_of(unit) > 2"', f'"{body}"')


def test_a_body_that_is_undefined(tmp_path: Path) -> None:
    (finding,) = judged(with_body("*(int *)0 == (int)unit"), tmp_path)
    assert (finding.rule, finding.subject) == ("undefined-body", "gate_ready")
    assert "'*(int *)0 == (int)unit'" in finding.message


@pytest.mark.thorough
def test_a_body_that_is_undefined_for_some_arguments(tmp_path: Path) -> None:
    assert not judged(with_body("100 / unit > 2"), tmp_path)


def test_a_body_that_names_what_only_the_tree_knows(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        judged(with_body("weight_of(unit) > 2"), tmp_path, "#define weight_of(unit) (unit)\n")
    (problem,) = caught.value.problems
    place = (tmp_path / "spec.yaml").read_text().splitlines()[problem.at.line - 1]
    assert place[problem.at.column - 1 :].startswith("weight_of")
    assert "'kernel'" in problem.hint


@pytest.mark.parametrize(
    ("file", "before", "after", "about"),
    sampled(
        [
            ("arch/a/wood.c", "gate_width ?", "gate_mode ?", "gate_limit"),
            (
                "arch/a/iron.c",
                "watch_gate(seen, NULL)",
                "watch_gate(seen, gate_first)",
                "gate_watch",
            ),
        ]
    ),
    ids=["one of the kernel's variables for another", "a host for NULL"],
)
def test_what_is_alike(file: str, before: str, after: str, about: str, tmp_path: Path) -> None:
    spec = load(Path(__file__).parent / "succ_gate.yaml")
    path = write_rendering(spec, tmp_path) / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    checks = [Behaviour("gcc", runners=[WrapperRunner])]
    (finding,) = verify(spec, Options(tmp_path), checks).unexpected
    assert (finding.rule, finding.subject) == ("wrapper-wrong", about)


@pytest.mark.parametrize("shape", [ops, guests])
def test_too_large_to_verify(shape: object, tmp_path: Path) -> None:
    assert callable(shape)
    with pytest.raises(Refused, match=r"has 301 \w+; at most \d+ are verified"):
        judged(shape(301), tmp_path)


@pytest.mark.parametrize(
    ("c", "ordered"),
    [
        ("f(g(a), h(b))", False),
        ("f(a) + g(b)", False),
        ("(f(a), g(b))", True),
        ("f((g(a), h(b)), c)", True),
        ("a ? f(b) : g(b)", True),
        ("f(a) && g(b)", True),
    ],
)
def test_order(c: str, ordered: bool) -> None:
    assert has_order(c) == ordered
