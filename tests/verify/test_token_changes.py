# SPDX-License-Identifier: GPL-2.0-only
"""Single tokens of rendered files changed: each is noticed, by a finding or at least a note."""

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from token_changes import TokenChange, token_changes

from tools import sampled
from xenhostgen.api import Finding, Interface, Verdict, load, render
from xenhostgen.verify.subject import write_rendering

REPO = Path(__file__).parents[2]
# One of so many changes: together nearly fifty.
SPECS = {"specs/rfc-v1.yaml": 7, "specs/xenhost.yaml": 26}


def alike(spec: Interface) -> tuple[tuple[str, ...], ...]:
    """Names that could be mistaken for each other."""
    c = spec.c
    tables = tuple(table.symbol for _, table in spec.tables())
    functions = tuple(
        dict.fromkeys(
            entry.function for op in spec.ops for entry in op.tables if op.name == "vcpu_id"
        )
    )
    return (
        tuple(c.type(host_type.name) for host_type in spec.types.values),
        tuple(slot.pointer for slot in spec.slots),
        tables,
        functions,
        tuple(op.name for op in spec.ops),
        (c.register, c.unregister),
        tuple(macro.name for macro in spec.predicates.macros),
        tuple(spec.kernel.enums[0].values),
    )


def changes(path: str, every: int) -> list[TokenChange]:
    """Some of a rendering's changes, chosen by their words alone."""
    spec = load(REPO / path)
    return [
        change
        for file, text in render(spec).files.items()
        if file != spec.object.file
        for change in token_changes(file, text, alike(spec))
        if crc32(str(change).encode()) % every == 0
    ]


def without_effect(change: TokenChange) -> str:
    """Why a change may make no difference to any check; empty if it must."""
    if change.old in ("__init", "__visible", "asmlinkage", "inline"):
        return "where code lies makes no difference to what it does"
    if change.file.endswith("xenhost.h") and "xenhost_t **" in change.near:
        return "the posted iterator is broken before and after"
    if change.file.endswith("xenhost.h") and (
        "ops->" in change.near or change.near.startswith("return ")
    ):
        return "what wrappers do is judged by running them on every table"
    if (change.old, change.new) == ("if", "while"):
        return "it returns in the first round"
    if change.near == "#define xen_initial_domain() (0)":
        return "the kernel's own, for a kernel without this option"
    if (change.old, change.new) == ("type", "ops") and "->type ==" in change.near:
        return "an empty slot has neither"
    if change.near == "BUG_ON(!xh_default);":
        return "the posted guard never strikes"
    return ""


CASES = [(path, change) for path, every in SPECS.items() for change in changes(path, every)]


@pytest.mark.parametrize(
    ("path", "change"),
    sampled(CASES, lambda case: case[0]),
    ids=[f"{Path(path).stem}-{change}" for path, change in CASES],
)
def test_change(
    path: str,
    change: TokenChange,
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    judge_tree: Callable[[Interface, Path, Callable[[Finding], bool]], Verdict],
) -> None:
    spec = load_spec(path)
    tree = write_rendering(spec, tmp_path / "tree")
    file = tree / change.file
    file.write_text(change.apply(file.read_text()))
    verdict = judge_tree(spec, tree, lambda finding: True)
    assert any(change.file in note for note in verdict.statistics.drift or [])
    noticed = verdict.unexpected or (verdict.missing and verdict.statistics.level == "run")
    assert noticed or without_effect(change), verdict.statistics.drift


def test_there_are_enough() -> None:
    assert len(CASES) >= 45
