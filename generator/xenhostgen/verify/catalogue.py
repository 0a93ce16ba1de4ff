# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue of rules by which findings are named. Its texts stand in ``rules.yaml`` beside this file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems, did_you_mean
from xenhostgen.spec.yaml import read_file


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it means, why that matters in a kernel, an example, and how to mend it.

    ``level`` is the part of verification that sees it, and ``seen`` says what that part does. An
    example that ends in a newline is code, else it is a sentence.
    """

    name: str
    level: str
    seen: str
    meaning: str
    why: str
    example: str
    mend: str
    severity: str = "error"


def catalogue() -> dict[str, Rule]:
    """All rules by name, in the order in which verification goes through them."""
    text = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
    levels: dict[str, dict[str, Any]] = yaml.load(text, yaml.CSafeLoader)
    return {
        name: Rule(name, level, row["seen"], **texts)
        for level, row in levels.items()
        for name, texts in row["rules"].items()
    }


def check_expectations(spec: Interface) -> None:
    """Raise ``SpecError`` if the spec expects findings by names that no rule has."""
    rules = list(catalogue()) if spec.expected_findings else []
    unknown = [one.rule for one in spec.expected_findings if one.rule not in rules]
    if unknown:
        problems = Problems(spec.path, read_file(Path(spec.path)))
        for name in unknown:
            hint = did_you_mean(name, rules, "see: xenhostgen rules")
            problems.add("unknown-rule", f"no finding is called '{name}'", name, hint)
        problems.raise_if_any()
