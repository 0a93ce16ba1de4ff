# SPDX-License-Identifier: GPL-2.0-only
"""Judging trees in tests: one store a spec for all the variants of its tree."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import Finding, Interface, Verdict
from xenhostgen.verify.findings import judge
from xenhostgen.verify.run import core_checks, verify
from xenhostgen.verify.static import StaticChecks
from xenhostgen.verify.store import Store
from xenhostgen.verify.subject import Check, Options, Subject

JudgeTree = Callable[[Interface, Path, Callable[[Finding], bool]], Verdict]


@pytest.fixture(scope="session")
def store_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Interface], Store]:
    """One store for each spec: what trees of it have in common is compiled once."""
    stores: dict[int, Store] = {}

    def get(spec: Interface) -> Store:
        if id(spec) not in stores:
            stores[id(spec)] = Store(spec, tmp_path_factory.mktemp("store"))
        return stores[id(spec)]

    return get


class UnlessEnough:
    """A check that is left out, if it runs C, once those before it have found enough."""

    def __init__(
        self, check: Check, enough: Callable[[Finding], bool], findings: list[Finding]
    ) -> None:
        self.check, self.enough, self.findings = check, enough, findings
        self.level = check.level

    def run(self, subject: Subject) -> Iterator[Finding]:
        so_far = judge(subject.spec, self.findings, subject.statistics)
        if self.level == "parse" or not any(map(self.enough, so_far.unexpected)):
            for finding in self.check.run(subject):
                self.findings.append(finding)
                yield finding


@pytest.fixture(scope="session")
def judge_tree(store_of: Callable[[Interface], Store]) -> JudgeTree:
    """Judge a tree, and run it only if parsing it doesn't find what is looked for.

    The compiler is gcc, or another by the environment's XENHOSTGEN_TEST_CC.
    What compilers and sparse warn of is left out, as behaviour alone must show each fault.
    """

    def judge_unless(spec: Interface, tree: Path, enough: Callable[[Finding], bool]) -> Verdict:
        compiler = os.environ.get("XENHOSTGEN_TEST_CC", "gcc")
        need(compiler, compiler)
        options = Options(tree, (compiler,), "run", store_of(spec))
        findings: list[Finding] = []
        checks = [
            UnlessEnough(check, enough, findings)
            for check in core_checks(options)
            if not isinstance(check, StaticChecks)
        ]
        verdict = verify(spec, options, checks)
        missing = tuple(
            expected for expected in verdict.missing if not expected.rule.endswith("-warning")
        )
        return replace(verdict, missing=missing)

    return judge_unless
