# SPDX-License-Identifier: GPL-2.0-only
"""How bad a finding is, in SARIF's words: "error", "warning" or "note"."""

from xenhostgen.verify.catalogue import catalogue


def severity(rule: str) -> str:
    """The catalogue's word for a rule; an error if the rule is one of ``lint``."""
    return catalogue()[rule].severity if rule in catalogue() else "error"
