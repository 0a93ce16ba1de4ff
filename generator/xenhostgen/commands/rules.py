# SPDX-License-Identifier: GPL-2.0-only
"""Explain the rules by which findings are named: what each means, why it matters, how to mend it."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import groupby
from textwrap import fill, indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xenhostgen.verify.catalogue import Rule

EXAMPLES = """\
examples:
  xenhostgen rules                                     all of them, in brief
  xenhostgen rules vacuous-guard                       one, with all that there is to say
  xenhostgen rules --format markdown > docs/rules.md   all, as a document
"""
WIDTH = 110
HEAD = f"""\
<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by: xenhostgen rules --format markdown -->

# Rules

{fill("What a finding's name means. The names are stable. A spec lists the findings that it expects by these names, "
      "with a reason for each (`expected_findings`); `xenhostgen rules RULE` shows one of the texts below.", WIDTH)}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("rule", nargs="?", metavar="RULE", help="only this one")
    formats = ("text", "json", "markdown")
    parser.add_argument("--format", choices=formats, default="text", help="how the rules are printed")


def run(arguments: argparse.Namespace) -> int:
    """Print the catalogue, or one rule of it."""
    from xenhostgen.spec.source import Problem, Refused, did_you_mean
    from xenhostgen.verify.catalogue import catalogue

    rules = catalogue()
    name: str | None = arguments.rule
    if name is not None and name not in rules:
        hint = did_you_mean(name, list(rules), "see: xenhostgen rules")
        raise Refused([Problem("unknown-rule", f"no rule is called '{name}'", "RULE", hint=hint)])
    chosen = list(rules.values()) if name is None else [rules[name]]
    if arguments.format == "json":
        import json
        from dataclasses import asdict

        print(json.dumps({"rules": [asdict(rule) for rule in chosen]}, indent=2))
    elif name is not None:
        print(section(rules[name], "### " if arguments.format == "markdown" else ""))
    else:
        print("\n".join(document(chosen) if arguments.format == "markdown" else listed(chosen)))
    return 0


def listed(rules: Iterable["Rule"]) -> Iterator[str]:
    """Each rule's name and meaning, below the part of verification that sees it."""
    for (level, seen), group in groupby(rules, lambda rule: (rule.level, rule.seen)):
        yield f"{level}: {seen}"
        for rule in group:
            yield fill(rule.meaning, WIDTH, initial_indent=f"  {rule.name:26}", subsequent_indent=" " * 28)


def document(rules: Iterable["Rule"]) -> Iterator[str]:
    """The catalogue in Markdown."""
    yield HEAD
    for (level, seen), group in groupby(rules, lambda rule: (rule.level, rule.seen)):
        yield f"## {level}\n\nSeen by {seen}.\n"
        yield "\n\n".join(section(rule, "### ") for rule in group) + "\n"


def section(rule: "Rule", mark: str) -> str:
    """All that there is to say of one rule; but for the heading's mark the same in Markdown and for a terminal."""
    code = rule.example.endswith("\n")
    example = f"Example:\n\n{indent(rule.example.rstrip(), '    ')}" if code else fill(f"Example: {rule.example}", WIDTH)
    said = [fill(text, WIDTH) for text in (rule.meaning, f"Why it matters: {rule.why}")]
    return "\n\n".join([f"{mark}{rule.name}", *said, example, fill(f"To mend it: {rule.mend}", WIDTH)])
