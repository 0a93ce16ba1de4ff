# SPDX-License-Identifier: GPL-2.0-only
"""Explain the rules by which findings are named: what each means, why it matters, what mends it."""

import argparse
import json
from dataclasses import asdict
from textwrap import fill

from xenhostgen.commands.inputs import add_format
from xenhostgen.spec.source import did_you_mean, refusal
from xenhostgen.verify.catalogue import catalogue

EXAMPLES = """\
examples:
  xenhostgen rules                                     all of them, in brief
  xenhostgen rules dependency-not-enforced             one, with all that there is to say
  xenhostgen rules --format markdown > docs/rules.md   all, as a document
"""
HEAD = """\
<!-- Made by: xenhostgen rules --format markdown -->

# Rules

What the names of findings mean. They are stable: a spec lists the findings that it expects by these
names, with a reason for each (`expected_findings`). `xenhostgen rules RULE` shows one of the texts
below."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("rule", nargs="?", metavar="RULE", help="only this one")
    add_format(parser, "markdown")


def run(arguments: argparse.Namespace) -> int:
    """Print the catalogue, or one rule of it."""
    rules = catalogue()
    chosen = list(rules.values())
    name: str | None = arguments.rule
    if name is not None:
        if name not in rules:
            hint = did_you_mean(name, rules, "see: xenhostgen rules")
            raise refusal("unknown-rule", f"no rule is called '{name}'", "RULE", hint)
        chosen = [rules[name]]
    if arguments.format == "json":
        print(json.dumps({"rules": list(map(asdict, chosen))}, indent=2))
    elif arguments.format == "markdown":
        sections = [f"## {rule.name}\n\n{rule.explained()}" for rule in chosen]
        print("\n\n".join(sections if name else [HEAD, *sections]))
    elif name:
        print(f"{name}\n\n{chosen[0].explained()}")
    else:
        for rule in chosen:
            head, margin = f"{rule.name:26}", " " * 26
            print(fill(rule.meaning, 110, initial_indent=head, subsequent_indent=margin))
    return 0
