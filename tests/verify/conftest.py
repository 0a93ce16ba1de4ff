# SPDX-License-Identifier: GPL-2.0-only
"""Judging trees in tests: shipped specs, and one store a spec for all the variants of its tree."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tools import need
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface
from xenhostgen.verify import run
from xenhostgen.verify.build import Store
from xenhostgen.verify.findings import Finding, Verdict
from xenhostgen.verify.run import Options, verify

REPO = Path(__file__).parents[2]

JudgeTree = Callable[[Interface, Path, Callable[[Finding], bool]], Verdict]


@pytest.fixture(scope="session")
def load_spec() -> Callable[[str], Interface]:
    """Specs by their path in the repository, each loaded once."""
    loaded: dict[str, Interface] = {}

    def get(path: str) -> Interface:
        if path not in loaded:
            loaded[path] = load(REPO / path)
        return loaded[path]

    return get


@pytest.fixture(scope="session")
def judge_tree(tmp_path_factory: pytest.TempPathFactory) -> JudgeTree:
    """Judge a tree under gcc, and run it only if parsing it doesn't find what is looked for.

    What it shares with other trees of the same spec is compiled once. What compilers and sparse warn of is
    left out, as behaviour alone must show each fault.
    """
    stores: dict[int, Store] = {}

    def judge(spec: Interface, tree: Path, enough: Callable[[Finding], bool]) -> Verdict:
        need("gcc", "gcc")
        if id(spec) not in stores:
            stores[id(spec)] = Store(spec, tmp_path_factory.mktemp("store"))
        parsed = verify(spec, Options(tree, ("gcc",), "parse", stores[id(spec)]))
        if any(map(enough, parsed.unexpected)):
            return parsed
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "complaints", lambda *given: [])
            verdict = verify(spec, Options(tree, ("gcc",), "run", stores[id(spec)]))
        missing = tuple(one for one in verdict.missing if not one.rule.endswith("-warning"))
        return replace(verdict, missing=missing)

    return judge
