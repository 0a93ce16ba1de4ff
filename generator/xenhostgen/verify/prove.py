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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenhostgen.contract.boot import CLEAR_BSS, boot, scenarios
from xenhostgen.render.environment import environment, guarded
from xenhostgen.render.fresh import template_root
from xenhostgen.spec.model import Interface
from xenhostgen.spec.words import declared_name
from xenhostgen.verify.build import include_flags, overlay
from xenhostgen.verify.calls import errno_value
from xenhostgen.verify.facts import Read
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.harness import assignment, glue_context, include_name, kernel_functions, wrappers

PACKAGES = "frama-c-base why3 cvc4"
SECONDS_MAX = 900
_WP = ("-wp", "-wp-rte", "-wp-smoke-tests", "-wp-prover", "cvc4", "-wp-timeout", "20", "-wp-par", "2")
_EVA = ("-eva", "-eva-precision", "7", "-eva-slevel", "2000", "-eva-print-callstacks")
_BUG = """#include <linux/types.h>
void shim_bug(const char *file, int line) { /*@ check bug: \\false; */ for (;;); }
"""
Runner = Callable[[Sequence[str]], str]
_REASONS = ("type", "ops", "occupied", "requires", "absent", "required")


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that could not be proved: about which function, and what."""

    function: str
    text: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the provers did; ``missing`` names what isn't installed."""

    proved: int = 0
    total: int = 0
    open: tuple[Goal, ...] = ()
    missing: str = ""


def prove(spec: Interface, tree: Path, work: Path, read: Read) -> Proof:
    """Run both provers on a tree."""
    if missing := [tool for tool in ("frama-c", "why3", "cvc4") if not shutil.which(tool)]:
        return Proof(missing=f"{', '.join(missing)} (Debian: {PACKAGES})")
    work.mkdir(parents=True, exist_ok=True)
    flags = include_flags(spec, overlay(spec, tree, work / "overlay"))
    preprocess = f"gcc -E -C -std=gnu11 -D__FRAMAC__ {' '.join(flags)} -I{work}"
    frama_c = ["frama-c", "-machdep", "gcc_x86_64", "-cpp-command", preprocess]
    env = {**os.environ, "HOME": str(work), "XDG_CONFIG_HOME": str(work), "LC_ALL": "C"}
    subprocess.run(["why3", "config", "detect"], env=env, capture_output=True, check=False)

    def run(options: Sequence[str]) -> str:
        return _run([*frama_c, *options], tree, env)

    facts = read.facts.get(spec.source.file, ())
    helpers = [fact.name for fact in facts if fact.kind == "function" and "static" in fact.words]
    wp, eva = _wp(spec, tree, work, run, helpers), _eva(spec, tree, work, run)
    return Proof(wp.proved + eva.proved, wp.total + eva.total, wp.open + eva.open)


def findings(proof: Proof, known: Sequence[Finding]) -> Iterable[Finding]:
    """A finding for each goal that is open, unless a counterexample is known for that very function.

    A rule that a counterexample breaks can't be proved: that it can't adds nothing.
    """
    broken = {finding.counterexample[-1].split("(")[0].split(" ")[0] for finding in known if finding.counterexample}
    for goal in proof.open:
        if goal.function not in broken:
            yield Finding("unproved", goal.function, goal.text, seen_by="proof")


def _run(command: list[str], tree: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["timeout", "-k2", str(SECONDS_MAX), *command],
        cwd=tree,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.stdout


def _wp(spec: Interface, tree: Path, work: Path, run: Runner, helpers: Sequence[str]) -> Proof:
    """The registering functions against their contracts; ``helpers`` are the functions they may call."""
    (work / "contracts.h").write_text(contracts(spec))
    (work / "wp.c").write_text(
        f'#include <linux/types.h>\n#include {include_name(spec.header.file)}\n#include "contracts.h"\n'
        f'#include "{tree / spec.source.file}"\n'
    )
    functions = [spec.c.register, spec.c.unregister]
    options = [
        str(work / "wp.c"),
        "-wp",
        "-wp-rte",
        "-wp-smoke-tests",
        "-wp-prover",
        "cvc4",
        "-wp-timeout",
        "20",
        "-wp-par",
        "2",
    ]
    options += ["-wp-fct", ",".join(functions), "-wp-warn-key", "pedantic-assigns=inactive"]
    if helpers:
        options += ["-inline-calls", ",".join(helpers)]
    said = run(options)
    total = re.search(r"Proved goals:\s*(\d+) / (\d+)", said)
    if not total:
        return Proof(0, 1, (Goal(spec.c.register, f"the prover can't read the C: {_last_line(said)}"),))
    open_goals = []
    for name, outcome in re.findall(r"Goal (typed_\w+) : (Unknown|Timeout|Failed|Stepout)", said):
        function = max((f for f in functions if name.startswith(f"typed_{f}_")), key=len, default=functions[0])
        rest = name.removeprefix(f"typed_{function}_")
        open_goals.append(Goal(function, f"not proved ({outcome.lower()}): {rest.replace('_', ' ')}"))
    failed = re.findall(r"\[Failed\] Smoke-test (typed_\w+)", said)
    open_goals += [Goal(functions[0], f"a contract can't be met at all: {name}") for name in failed]
    return Proof(int(total[1]), int(total[2]), tuple(open_goals))


def contracts(spec: Interface) -> str:
    """The ACSL contracts, as a header of their own."""
    misuse = spec.registry.misuse
    results = {name: errno_value(getattr(misuse, name)) if misuse else None for name in _REASONS}
    return guarded(
        environment("prove", template_root()).get_template("contracts.h.j2").render,
        spec=spec,
        c=spec.c,
        errno=misuse is not None,
        results=results,
        values=spec.values,
        index={slot.name: number for number, slot in enumerate(spec.slots)},
    )


def _eva(spec: Interface, tree: Path, work: Path, run: Runner) -> Proof:
    """Everything that is better followed than proved function by function."""
    text = guarded(environment("prove", template_root()).get_template("eva.c.j2").render, **_eva_context(spec))
    (work / "eva.c").write_text(text)
    stub = (
        "#include <linux/types.h>\nvoid shim_bug(const char *file, int line) { /*@ check bug: \\false; */ for (;;); }\n"
    )
    (work / "bug.c").write_text(stub)
    sources = [str(tree / spec.source.file), *(str(tree / guest.file) for guest in spec.guests)]
    options = [str(work / "eva.c"), str(work / "bug.c"), *sources, *_EVA]
    said = run(options)
    entries = re.findall(r"^void (prove_\w+)\(void\)", text, re.MULTILINE)
    if "ANALYSIS SUMMARY" not in said:
        return Proof(0, len(entries), (Goal(spec.c.iterator, f"the prover can't read the C: {_last_line(said)}"),))
    open_goals: dict[str, Goal] = {}
    for entry, message in _alarms(said, text):
        open_goals.setdefault(entry, Goal(_title(spec, entry), f"may fail: {message}"))
    # A statement raises its alarm once, whoever comes by: all entries through that wrapper stay open.
    shared = tuple(entry.rpartition("_")[0] + "_" for entry in open_goals if "_boot_" not in entry)
    still_open = [entry for entry in entries if entry in open_goals or entry.startswith(shared)]
    return Proof(len(entries) - len(still_open), len(entries), tuple(open_goals.values()))


def _alarms(said: str, text: str) -> Iterable[tuple[str, str]]:
    """Each alarm with the entry point in which it was raised."""
    lines = [found[1] if (found := re.match(r"void (prove_\w+)\(", line)) else "" for line in text.split("\n")]
    pattern = r"\[eva:alarm\] (\S+?):(\d+): Warning: *\n?((?:(?!\[).+\n?)*)"
    for file, line, words in re.findall(pattern, said):
        message, _, stack = words.partition("stack:")
        found = re.search(r"(prove_\w+)", stack)
        before = [name for name in lines[: int(line)] if name] if file.endswith("eva.c") else []
        entry = found[1] if found else before[-1] if before else "prove_initial"
        yield entry, " ".join(message.split())


def _title(spec: Interface, entry: str) -> str:
    """What an entry point is about, in the words of counterexamples."""
    op = entry.removeprefix("prove_").rpartition("_")[0]
    fixed = {"prove_initial": spec.c.array, "prove_iteration": spec.c.iterator}
    return fixed.get(entry) or ("boot" if op == "boot" else spec.c.wrapper(op))


def _last_line(said: str) -> str:
    return next((line for line in reversed(said.splitlines()) if line.strip()), "nothing was said")


def _eva_context(spec: Interface) -> dict[str, Any]:
    context = glue_context(spec)
    return context | {
        "spec": spec,
        "guests": [guest.boot for guest in spec.guests],
        "functions": kernel_functions(spec),
        "calls": list(_calls(spec)),
        "boots": list(_boots(spec)),
        "entries": ["prove_initial", "prove_iteration", *_entry_names(spec)],
    }


def _calls(spec: Interface) -> Iterable[tuple[str, bool, str, Any, str]]:
    for wrapper in wrappers(spec):
        for _, table in spec.tables():
            yield wrapper.op, True, table.symbol, wrapper.args, wrapper.call
        op = next(op for op in spec.ops if op.name == wrapper.op)
        if op.when_no_host is not None or op.wrapper == "guarded":
            yield wrapper.op, False, "", wrapper.args, wrapper.call


def _boots(spec: Interface) -> Iterable[tuple[str, list[str], list[str], list[tuple[str, str]]]]:
    types = {value: spec.c.type(name) for name, value in spec.values.items()}
    for scenario in scenarios(spec):
        booted = boot(spec, scenario)
        assignments = [assignment(target, value) for target, value in scenario.inputs]
        assignments += [f"driver_{name} = {int(answer)}" for name, answer in scenario.placeholders]
        stages = []
        for stage in booted.stages:
            if stage != CLEAR_BSS:
                function = spec.guest(stage).boot
                stages.append(f"{function.function}({', '.join(map(declared_name, function.params))})")
        slots = [(types[value], f"&{ops}" if ops else "\\null") for value, ops in booted.state]
        yield str(scenario), assignments, stages, slots


def _entry_names(spec: Interface) -> list[str]:
    calls = [f"prove_{op}_{number}" for number, (op, *_) in enumerate(_calls(spec), 1)]
    return calls + [f"prove_boot_{number}" for number, _ in enumerate(scenarios(spec), 1)]
