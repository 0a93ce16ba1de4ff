# SPDX-License-Identifier: GPL-2.0-only
"""Operations, and the findings that are expected."""

import re
from collections.abc import Iterable

from xenhostgen.spec.c_names import KEYWORDS, RESERVED, declared_name
from xenhostgen.spec.model import Interface, Op
from xenhostgen.spec.rules.hosts import repeated
from xenhostgen.spec.source import Problems, Text

_STORAGE = frozenset("static extern inline register auto typedef".split())
_MARKS = frozenset("()[],=:")
_LINKAGE = frozenset("static extern inline const __attribute__ __inline".split())
_TAKEN = KEYWORDS | RESERVED
_BASE = frozenset("void char short int long float double signed unsigned bool _Bool".split())


def declares_one(c: str) -> bool:
    """Whether brackets match and no second declaration, initialiser or width follows."""
    depth = 0
    for mark in c:
        depth += (mark in "([") - (mark in ")]")
        if depth < 0 or (mark in ",=:" and not depth):
            return False
    return not depth


def is_type(c: str) -> bool:
    """Whether C may stand before a function's name: no storage class, and no name in it."""
    words = re.findall(r"\w+", c)
    if not declares_one(c) or not _STORAGE.isdisjoint(words):
        return False
    words = [
        word for word in words if word not in ("const", "volatile") and not word.startswith("__")
    ]
    if words and words[0] in ("struct", "union", "enum"):
        return len(words) == 2
    return len(words) < 2 or "(" in c or _BASE.issuperset(words)


def declared_types(spec: Interface, problems: Problems) -> None:
    """What functions return is a type, and so is what the kernel's variables and members are."""
    kernel = spec.kernel
    for struct in kernel.structs:
        for member in struct.members:
            if member.name in KEYWORDS:
                hint = "name it as the kernel does"
                problems.add("c-keyword", f"'{member.name}' is a keyword of C", member.name, hint)
    written = [c for op in spec.ops for c in (op.returns, op.wrapper_returns)]
    written += [named.type for named in (*kernel.variables, *kernel.typedefs)]
    written += [member.type for struct in kernel.structs for member in struct.members]
    written += [function.returns for function in kernel.functions]
    good: set[str | None] = {None}
    for c in written:
        if c in good:
            continue
        if c and not is_type(c):
            problems.add(
                "not-a-type",
                f"'{c[:60]}' is no type of C",
                c,
                "write it as 'int' or 'struct page *'",
            )
        else:
            good.add(c)


def ops(spec: Interface, problems: Problems) -> None:
    """Ops are set in tables that exist, and their wrappers have a value to return."""
    tables = [f"{guest.name}.{table.role}" for guest, table in spec.tables()]
    known = set(tables)
    taken = _TAKEN.union(constant.name for constant in spec.kernel.constants)
    for guest in spec.guests:
        if guest.boot.params != ("void",):
            parameters(guest.boot.params, taken, set(), problems)
        if linkage := guest.boot.linkage:
            words = set(re.findall(r"\w+", linkage))
            if not declares_one(linkage) or not words.isdisjoint(KEYWORDS - _LINKAGE):
                hint = "write what stands before its return type, as 'asmlinkage __visible'"
                problems.add(
                    "linkage", f"'{linkage[:60]}' are no specifiers of a function", linkage, hint
                )
    for op in spec.ops:
        for entry in op.tables:
            if entry.table not in known:
                message = f"op '{op.name}' names unknown table '{entry.table}'"
                problems.add(
                    "unknown-table",
                    message,
                    entry.table,
                    problems.did_you_mean(entry.table, tables),
                )
            if entry.function in KEYWORDS:
                hint = "name a kernel function"
                problems.add(
                    "c-keyword", f"'{entry.function}' is a keyword of C", entry.function, hint
                )
        if op.host in taken and op.host != "xh":
            problems.add(
                "arg-name", f"'{op.host}' can't name a parameter", op.host, "choose another name"
            )
        parameters(op.args, taken, {op.host, "xh"} if op.wrapper != "none" else {op.host}, problems)
        if op.wrapper != "none":
            _wrapper(op, problems)


def parameters(
    params: Iterable[Text], taken: frozenset[str], seen: set[str], problems: Problems
) -> None:
    """Each parameter of C declares one name, that is neither ``taken`` nor ``seen`` before."""
    for arg in params:
        name = declared_name(arg)
        words = arg.replace("*", " ").partition(" ")
        odd = words[0] in _STORAGE or not (_MARKS.isdisjoint(arg) or declares_one(arg))
        if not name or name in taken or not words[1] or odd:
            problems.add(
                "arg-name",
                f"'{arg}' is no C parameter with a name",
                arg,
                "write it as in C: 'int cpu'",
            )
        elif name in seen:
            problems.add("duplicate-arg", f"parameter '{name}' stands twice", arg, "rename one")
        seen.add(name)


def _wrapper(op: Op, problems: Problems) -> None:
    """A wrapper that promises a value has one to give, whatever happens."""
    given = op.wrapper_type
    if given != "void" and op.returns == "void":
        message = f"the wrapper of '{op.name}' can't return '{given}': the op returns nothing"
        hint = "remove 'wrapper_returns', or give the op a 'returns'"
        problems.add("no-value", message, op.wrapper_returns or op.name, hint)
    elif given != "void" and op.wrapper == "optional":
        message = (
            f"the optional wrapper of '{op.name}' returns nothing where the table lacks the op"
        )
        problems.add("no-fallback", message, op.name, "use 'when_missing' with a plain wrapper")
    elif given != "void" and op.wrapper == "guarded" and op.when_no_host is None:
        message = f"the guarded wrapper of '{op.name}' returns nothing when there is no host"
        problems.add(
            "no-fallback", message, op.name, "add 'when_no_host', or 'wrapper_returns: void'"
        )


def expected(spec: Interface, problems: Problems) -> None:
    """An expected finding is listed once, with a reason."""
    seen: set[tuple[str, str | None]] = set()
    for finding in spec.expected_findings:
        which = (str(finding.rule), finding.subject)
        if which in seen:
            message = f"'{finding.rule}' is expected twice"
            problems.add(
                "duplicate-expectation",
                message,
                finding.rule,
                "remove one, or give each its subject",
            )
        seen.add(which)
    whole = (accepted.mutant for accepted in spec.accepted_mutants if not accepted.change)
    for mutant, _ in repeated(whole):
        problems.add("duplicate-mutant", f"'{mutant}' is accepted twice", mutant, "remove one")
    for known in spec.expected_findings:
        if not known.reason.strip():
            message = f"'{known.rule}' is expected without a reason"
            problems.add("no-reason", message, known.rule, "say why the fault stands")
    for accepted in spec.accepted_mutants:
        if not accepted.reason.strip():
            message = f"'{accepted.mutant}' is accepted without a reason"
            problems.add(
                "no-reason", message, accepted.mutant, "say why no observer can tell it apart"
            )
