# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue of rules by which findings are named. Its texts stand in ``rules.yaml`` beside this file."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import fill, indent

import yaml

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problems, did_you_mean
from xenhostgen.spec.yaml import read_file


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it means, why that matters in a kernel, an example, and how to mend it.

    ``level`` is the part of verification that sees it. An example that ends in a newline is code.
    """

    name: str
    level: str
    meaning: str
    why: str
    example: str
    mend: str
    severity: str = "error"

    def explained(self) -> str:
        """All that there is to say of it, in plain text that is Markdown as well."""
        code = self.example.endswith("\n")
        example = (
            f"Example:\n\n{indent(self.example.rstrip(), '    ')}" if code else fill(f"Example: {self.example}", 110)
        )
        said = (self.meaning, f"Why it matters: {self.why}", f"To mend it: {self.mend}")
        meaning, why, mend = (fill(text, 110) for text in said)
        return "\n\n".join([meaning, why, example, mend, f"Seen at the level: {self.level}"])


def catalogue() -> dict[str, Rule]:
    """All rules by name, in the order in which verification goes through them."""
    text = Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")
    levels = yaml.load(text, yaml.CSafeLoader)
    return {name: Rule(name, level, **texts) for level, rules in levels.items() for name, texts in rules.items()}


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
