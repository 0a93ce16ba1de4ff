# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's options that judged C names, and the configurations in which it is judged.

Each option runs on its other side, by itself and with all others; a product of them would be too
many. The options that the spec stands on are on else; the predicates that they turn off are 0 then.
What else a condition of the preprocessor names can't be tried, and is a finding.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from xenhostgen.csource.tokens import Kind, Token, code_tokens, parts
from xenhostgen.sandbox.location import Location
from xenhostgen.spec.model import Interface
from xenhostgen.verify.findings import Finding

OPTION = re.compile(r"CONFIG_\w+")
MANY = 12
"""So many options are turned one by one; more are turned together only."""
# What is the same in every build of the kernel, and with each tool that reads it.
_ALWAYS_ALIKE = frozenset(
    "defined IS_ENABLED IS_BUILTIN IS_MODULE IS_REACHABLE __KERNEL__ __ASSEMBLY__ __ASSEMBLER__"
    " __CHECKER__ __cplusplus".split()
)
_COMPARING = frozenset("< > <= >= == !=".split())
_CONDITIONS = ("if", "ifdef", "ifndef", "elif", "elifdef", "elifndef")


class Configuration(NamedTuple):
    """Options that are turned: ``on`` which the spec doesn't know, ``off`` which it stands on."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join([f"{name} on" for name in self.on] + [f"{name} off" for name in self.off])

    @property
    def flags(self) -> list[str]:
        """The options of a compiler that turn them."""
        return [*(f"-D{name}=1" for name in self.on), *(f"-U{name}" for name in self.off)]

    def of(self, names: Iterable[str]) -> "Configuration":
        """Those of its options that are among some names."""
        known = set(names)
        return Configuration(
            tuple(name for name in self.on if name in known),
            tuple(name for name in self.off if name in known),
        )


AS_THE_SPEC = Configuration()


@lru_cache(1 << 8)  # variants of a tree, such as mutants, have most of their files in common
def options_in(text: str) -> frozenset[str]:
    """The kernel's options that C names, comments left out."""
    if "CONFIG_" not in text:
        return frozenset()
    tokens = [token.text for token in code_tokens(text)]
    options = frozenset(token for token in tokens if OPTION.fullmatch(token))
    of_modules = zip(tokens, tokens[2:], strict=False)
    return options | {f"{name}_MODULE" for macro, name in of_modules if macro == "IS_MODULE"}


def configurations(
    spec: Interface, texts: dict[str, str], known: Iterable[str]
) -> tuple[list[Configuration], list[str]]:
    """All that are to be judged besides that of the spec, whose options are ``known``.

    And in words those that are too many.
    """
    named: set[str] = set()
    for path, text in texts.items():
        options = options_in(text)
        # These predicates are what the option means.
        named |= options.difference(known) if path == spec.predicates.file else options
    on, off = sorted(named.difference(known)), sorted(named.intersection(known))
    single = [Configuration(on=(name,)) for name in on]
    single += [Configuration(off=(name,)) for name in off]
    together = [Configuration(tuple(on), tuple(off))] if len(single) > 1 else []
    words = [f"{turned} by itself, which is one of many options" for turned in single[MANY:]]
    return [*single[:MANY], *together], words


def unexplained(spec: Interface, texts: dict[str, str]) -> Iterator[Finding]:
    """Names in conditions of the preprocessor that neither spec nor options explain."""
    known = set(_ALWAYS_ALIKE) | {str(macro.name) for macro in spec.macros}
    conditions: list[tuple[str, Token, str]] = []
    for path, text in texts.items():
        for line in parts(text).directives:
            match line:
                case [Token(text="define"), macro, *_]:
                    known.add(macro.text)
                case [Token(text=word), *rest] if word in _CONDITIONS:
                    following = [*(token.text for token in rest[1:]), ""]
                    conditions += [(path, *pair) for pair in zip(rest, following, strict=True)]
    seen = set()
    for path, token, operator in conditions:
        name, where = token.text, Location(path, token.line, token.column)
        is_option = OPTION.fullmatch(name)
        if is_option and operator in _COMPARING:
            message = f"the condition compares '{name}'; only on and off are tried"
            yield Finding("unexplained-condition", name, message, where, seen_by="preprocessing")
        is_known = is_option or name in known or (path, name) in seen
        if token.kind is Kind.IDENTIFIER and not is_known:
            seen.add((path, name))
            message = f"the condition names '{name}', which is neither a kernel option"
            message += " nor part of the spec; only one side of it is judged"
            yield Finding("unexplained-condition", name, message, where, seen_by="preprocessing")
