# SPDX-License-Identifier: GPL-2.0-only
"""The catalogue of rules by which findings are named; ``rules.yaml`` holds its texts."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill, indent

import yaml

from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Nearest, Problems
from xenhostgen.spec.yaml import read_file


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its texts, and the part of verification that checks it.

    ``level`` is a level, or static, strict or expectation.
    """

    name: str
    level: str
    meaning: str
    why: str
    example: str
    mend: str
    severity: str = "error"
    former: str = ""  # its name in version 1

    def explained(self) -> str:
        """The whole text of the rule, as plain text that is also Markdown."""
        example = f"Example:\n\n{indent(self.example.rstrip(), '    ')}"
        why, mend = f"Why it matters: {self.why}", f"To fix it: {self.mend}"
        parts = [fill(self.meaning, 110), fill(why, 110), example, fill(mend, 110)]
        if self.level != "expectation":  # which no level sees
            names = {"static": "run (static checks)", "strict": "parse, with --strict"}
            parts.append(f"Checked at the level: {names.get(self.level, self.level)}")
        return "\n\n".join(parts)


@cache
def catalogue() -> dict[str, Rule]:
    """All rules by name, in the order in which verification goes through them."""
    levels = yaml.load(Path(__file__).with_name("rules.yaml").read_bytes(), yaml.CSafeLoader)
    return {
        name: Rule(name, level, **texts)
        for level, rules in levels.items()
        for name, texts in rules.items()
    }


def check_expectations(spec: Interface) -> None:
    """Raise ``SpecError`` if the spec expects findings by names that no rule has."""
    names = [expected.rule for expected in spec.expected_findings]
    unknown = [name for name in names if name not in catalogue()]
    if unknown:
        problems = Problems(spec.path, read_file(Path(spec.path)))
        now = {rule.former: name for name, rule in catalogue().items()}
        for name in unknown:
            hint = Nearest(now.get(name, name), catalogue(), "see: xenhostgen rules")
            problems.add("unknown-rule", f"no finding is called '{name}'", name, hint)
        problems.raise_if_any()
