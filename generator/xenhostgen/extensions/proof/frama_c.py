# SPDX-License-Identifier: GPL-2.0-only
"""Proof: the contract's rules as ACSL, discharged by Frama-C.

WP proves the registering functions against contracts that are rendered from the spec: every behaviour,
what changes and what doesn't, no run-time error; its smoke tests show that the contracts are not
vacuous. EVA goes through the initial state, iteration, every wrapper with every table, and every boot,
and raises an alarm wherever a check or an access may fail. What neither sees is where memory lies:
that .bss is cleared is left to the level that runs the code.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenhostgen.reference_model.boot import CLEAR_BSS, boot, scenarios
from xenhostgen.sandbox.process import end_group
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Interface
from xenhostgen.verify import harness
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding

_WP = "-wp -wp-rte -wp-smoke-tests -wp-prover cvc4 -wp-timeout 20 -wp-par 2 -wp-warn-key pedantic-assigns=inactive"
_EVA = "-eva -eva-precision 7 -eva-slevel 2000 -eva-print-callstacks"
_SECONDS_MAX = 900


@dataclass(frozen=True, slots=True)
class Proof:
    """How many goals were proved, and a finding for each that wasn't; ``missing`` names what isn't installed."""

    proved: int = 0
    total: int = 0
    open: tuple[Finding, ...] = ()
    missing: str = ""


def prove(spec: Interface, tree: Path, work: Path, read: Read) -> Proof:
    """Run both provers on a tree."""
    if missing := [tool for tool in ("frama-c", "why3", "cvc4") if not shutil.which(tool)]:
        return Proof(missing=f"{', '.join(missing)} (Debian: frama-c-base why3 cvc4)")
    header, source = harness.include_name(spec.header.file), tree / spec.source.file
    included = ("<linux/types.h>", header, '"contracts.h"', f'"{source}"')
    eva_c = _eva_entries(spec)
    files = {
        "contracts.h": harness.rendered("prove/contracts.h", **harness.context(spec)),
        "eva.c": eva_c,
    }
    harness.laid_out(files | {"wp.c": "".join(f"#include {each}\n" for each in included)}, work)
    preprocess = f"gcc -E -C -std=gnu11 -D__FRAMAC__ {' '.join(harness.include_flags(spec, tree, work))} -I{work}"
    frama_c = ["frama-c", "-machdep", "gcc_x86_64", "-cpp-command", preprocess]
    run_prover(["why3", "config", "detect"], tree, work)

    # The registering functions against their contracts, with the functions that they call inlined.
    facts = read.facts.get(spec.source.file, ())
    helpers = ",".join(
        fact.name for fact in facts if fact.kind == "function" and "static" in fact.words
    )
    options = [*_WP.split(), "-wp-fct", f"{spec.c.register},{spec.c.unregister}"]
    options += ["-inline-calls", helpers] if helpers else []
    wp = _wp(spec, run_prover([*frama_c, str(work / "wp.c"), *options], tree, work))
    sources = [str(work / "eva.c"), *(str(tree / file) for file in harness.units(spec))]
    eva = _eva(spec, run_prover([*frama_c, *sources, *_EVA.split()], tree, work), eva_c)
    return Proof(wp.proved + eva.proved, wp.total + eva.total, wp.open + eva.open)


def unexplained(candidates: Iterable[Finding], known: Sequence[Finding]) -> Iterator[Finding]:
    """What is open, unless a counterexample is known for that very function.

    A rule that a counterexample breaks can't be proved: that it can't adds nothing.
    """
    broken = {
        re.split(r"[( ]", finding.counterexample[-1])[0]
        for finding in known
        if finding.counterexample
    }
    return (finding for finding in candidates if finding.subject not in broken)


def run_prover(command: Sequence[str], folder: Path, home: Path | None = None) -> str:
    """What a prover says, within a limit of time; it keeps its settings in ``home``."""
    homes = {"HOME": str(home), "XDG_CONFIG_HOME": str(home)} if home else {}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **homes, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=_SECONDS_MAX)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        return f"it took more than {_SECONDS_MAX} seconds"
    finally:
        end_group(process)


def _unproved(function: str, text: str) -> Finding:
    return Finding("unproved", function, text, seen_by="proof")


def unanswered(function: str, said: str, goals: int = 1) -> Proof:
    """Nothing is proved, for a prover ended without an answer."""
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "nothing was said")
    return Proof(0, goals, (_unproved(function, f"no answer from the prover: {last}"),))


def _wp(spec: Interface, said: str) -> Proof:
    """What WP said."""
    functions = [spec.c.register, spec.c.unregister]
    total = re.search(r"Proved goals:\s*(\d+) / (\d+)", said)
    if not total:
        return unanswered(functions[0], said)
    found = []
    for name, outcome in re.findall(r"Goal (typed_\w+) : (Unknown|Timeout|Failed|Stepout)", said):
        function = max(
            (f for f in functions if name.startswith(f"typed_{f}_")), key=len, default=functions[0]
        )
        rest = name.removeprefix(f"typed_{function}_").replace("_", " ")
        found.append(_unproved(function, f"not proved ({outcome.lower()}): {rest}"))
    smoke = re.findall(r"\[Failed\] Smoke-test (typed_\w+)", said)
    found += [_unproved(functions[0], f"a contract can't be met at all: {name}") for name in smoke]
    return Proof(int(total[1]), int(total[2]), tuple(found))


def _eva(spec: Interface, said: str, text: str) -> Proof:
    """What EVA said of everything that is better followed than proved function by function."""
    entries = re.findall(r"^void (prove_\w+)\(void\)", text, re.MULTILINE)
    if "ANALYSIS SUMMARY" not in said:
        return unanswered(spec.c.iterator, said, len(entries))
    fixed = {"prove_initial": spec.c.array, "prove_iteration": spec.c.iterator}
    found: dict[str, Finding] = {}
    for entry, message in _alarms(said, text):
        op = entry.removeprefix("prove_").rpartition("_")[0]
        title = fixed.get(entry) or ("boot" if op == "boot" else spec.c.wrapper(op))
        found.setdefault(entry, _unproved(title, f"may fail: {message}"))
    # A statement raises its alarm once, whoever comes by: all entries through that wrapper stay open.
    shared = tuple(entry.rpartition("_")[0] + "_" for entry in found if "_boot_" not in entry)
    still_open = [entry for entry in entries if entry in found or entry.startswith(shared)]
    return Proof(len(entries) - len(still_open), len(entries), tuple(found.values()))


def _alarms(said: str, text: str) -> Iterator[tuple[str, str]]:
    """Each alarm with the entry point in which it was raised."""
    for file, line, words in re.findall(
        r"\[eva:alarm\] (\S+?):(\d+): Warning: *\n?((?:(?!\[).+\n?)*)", said
    ):
        message, _, stack = words.partition("stack:")
        above = "\n".join(text.split("\n")[: int(line)]) if file.endswith("eva.c") else ""
        entry = re.search(r"prove_\w+", stack) or re.search(
            r"(?s:.*)^void (prove_\w+)", above, re.MULTILINE
        )
        yield entry[entry.lastindex or 0] if entry else "prove_initial", " ".join(message.split())


def _eva_entries(spec: Interface) -> str:
    """C that follows each wrapper with each table, and each boot."""
    calls: list[tuple[str, bool, str, Any, str]] = []
    for wrapper in harness.wrappers(spec):
        name = wrapper.op.name
        calls += [
            (name, True, table.symbol, wrapper.args, wrapper.call) for _, table in spec.tables()
        ]
        if wrapper.op.takes_no_host:
            calls.append((name, False, "", wrapper.args, wrapper.call))
    boots = list(_boots(spec))
    entries = ["prove_initial", "prove_iteration"]
    entries += [f"prove_{op}_{number}" for number, (op, *_) in enumerate(calls, 1)]
    entries += [f"prove_boot_{number}" for number, _ in enumerate(boots, 1)]
    return harness.rendered(
        "prove/eva.c", **harness.context(spec), calls=calls, boots=boots, entries=entries
    )


def _boots(spec: Interface) -> Iterator[tuple[str, list[str], list[str], list[tuple[str, str]]]]:
    types = {value: spec.c.type(name) for name, value in spec.values.items()}
    for scenario in scenarios(spec):
        booted = boot(spec, scenario)
        guests = [spec.guest(stage).boot for stage in booted.stages if stage != CLEAR_BSS]
        stages = [
            f"{guest.function}({', '.join(map(declared_name, guest.params))})" for guest in guests
        ]
        slots = [(types[value], f"&{ops}" if ops else "\\null") for value, ops in booted.state]
        yield (
            str(scenario),
            [harness.assignment(*pair) for pair in harness.given(scenario)],
            stages,
            slots,
        )
