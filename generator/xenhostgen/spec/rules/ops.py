# SPDX-License-Identifier: GPL-2.0-only
"""Operations, and the findings that are expected."""

from xenhostgen.spec.model import Interface, Op
from xenhostgen.spec.rules.hosts import repeated
from xenhostgen.spec.source import Problems, did_you_mean
from xenhostgen.spec.words import KEYWORDS, declared_name


def ops(spec: Interface, problems: Problems) -> None:
    """Ops are set in tables that exist, and their wrappers have a value to return."""
    tables = [f"{guest.name}.{table.role}" for guest, table in spec.tables()]
    known = set(tables)
    for op in spec.ops:
        for entry in op.tables:
            if entry.table not in known:
                message = f"op '{op.name}' names unknown table '{entry.table}'"
                problems.add("unknown-table", message, entry.table, did_you_mean(entry.table, tables))
            if entry.function in KEYWORDS:
                hint = "name a kernel function"
                problems.add("c-keyword", f"'{entry.function}' is a keyword of C", entry.function, hint)
        seen = {str(op.host)}
        for arg in op.args:
            name = declared_name(arg)
            if not name or name in KEYWORDS or " " not in arg.replace("*", " "):
                problems.add("arg-name", f"'{arg}' is no C parameter with a name", arg, "write it as in C: 'int cpu'")
            elif name in seen:
                problems.add("duplicate-arg", f"parameter '{name}' stands twice", arg, "rename one")
            seen.add(name)
        if op.wrapper != "none":
            _wrapper(op, problems)


def _wrapper(op: Op, problems: Problems) -> None:
    """A wrapper that promises a value has one to give, whatever happens."""
    given = op.wrapper_returns or op.returns
    if given != "void" and op.returns == "void":
        message = f"the wrapper of '{op.name}' can't return '{given}': the op returns nothing"
        hint = "remove 'wrapper_returns', or give the op a 'returns'"
        problems.add("no-value", message, op.wrapper_returns or op.name, hint)
    elif given != "void" and op.wrapper == "optional":
        message = f"the optional wrapper of '{op.name}' returns nothing where the table lacks the op"
        problems.add("no-fallback", message, op.name, "use 'when_missing' with a plain wrapper")
    elif given != "void" and op.wrapper == "guarded" and op.when_no_host is None:
        message = f"the guarded wrapper of '{op.name}' returns nothing when there is no host"
        problems.add("no-fallback", message, op.name, "add 'when_no_host', or 'wrapper_returns: void'")


def expected(spec: Interface, problems: Problems) -> None:
    """An expected finding is listed once, with a reason."""
    seen: set[tuple[str, str | None]] = set()
    for finding in spec.expected_findings:
        which = (str(finding.rule), finding.subject)
        if which in seen:
            message = f"'{finding.rule}' is expected twice"
            problems.add("duplicate-expectation", message, finding.rule, "remove one, or give each its subject")
        seen.add(which)
    for mutant, _ in repeated(accepted.mutant for accepted in spec.accepted_mutants):
        problems.add("duplicate-mutant", f"'{mutant}' is accepted twice", mutant, "remove one")
    for known in spec.expected_findings:
        if not known.reason.strip():
            message = f"'{known.rule}' is expected without a reason"
            problems.add("no-reason", message, known.rule, "say why the fault stands")
    for accepted in spec.accepted_mutants:
        if not accepted.reason.strip():
            message = f"'{accepted.mutant}' is accepted without a reason"
            problems.add("no-reason", message, accepted.mutant, "say why no observer can tell it apart")
