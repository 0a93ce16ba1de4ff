# SPDX-License-Identifier: GPL-2.0-only
"""Proof: the rules as ACSL, discharged by Frama-C.

WP proves the registering functions against contracts that are rendered from the spec: every
behaviour, what changes and what doesn't, no run-time error; its smoke tests show that the contracts
are not vacuous. EVA goes through the initial state, iteration, every wrapper with every table, and
every boot, and raises an alarm wherever a check or an access may fail. What neither sees is where
memory lies: that .bss is cleared is left to the level that runs the code.
"""

import re
from collections.abc import Iterator

from xenhostgen.extensions.proof.provers import (
    FRAMA_C,
    OF_FRAMA_C,
    lacking,
    run_prover,
    unanswered,
    unproved,
)
from xenhostgen.reference_model.boot import CLEAR_BSS, boot, scenarios
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import Interface
from xenhostgen.verify.declarations import values
from xenhostgen.verify.findings import Finding, Proof
from xenhostgen.verify.harness import Wrapper, boot_inputs, rendered, units, wrappers, write_files
from xenhostgen.verify.subject import Subject
from xenhostgen.verify.values import Values

# The kernel is built with -fno-strict-overflow: signed numbers wrap.
_KERNEL = ("-no-warn-signed-overflow", "-no-warn-left-shift-negative")
_WP = (
    "-wp -wp-rte -wp-smoke-tests -wp-prover cvc4 -wp-timeout 20 -wp-par 2"
    " -wp-warn-key pedantic-assigns=inactive"
)
_EVA = "-eva -eva-precision 7 -eva-slevel 2000 -eva-print-callstacks"
_ALARM = re.compile(r"\[eva:alarm\] (\S+?):(\d+): Warning: *\n?((?:(?!\[).+\n?)*)")
_ENTRY = re.compile(r"^void (prove_\w+)\(void\)", re.MULTILINE)


class FramaC:
    """What of a tree WP and EVA can't prove."""

    level = "prove"

    def run(self, subject: Subject) -> list[Finding]:
        """Run both provers."""
        subject.options.progress("prove")
        if missing := lacking(*FRAMA_C):
            subject.statistics.proof = Proof(missing=f"{', '.join(missing)} {OF_FRAMA_C}")
            return []
        session = _Session(subject)
        findings = session.wp() + session.eva()
        subject.statistics.proof = Proof(session.proved, session.goals)
        return findings


class _Session:
    """The provers with one subject: so many goals of so many are proved."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.spec, self.tree = subject, subject.spec, subject.tree
        self.proved = self.goals = 0
        self.work = subject.work / "prove"
        self.eva_c = _eva_c(self.spec, values(subject.harness))
        source = self.tree / self.spec.source.file
        wp_c = rendered("prove/wp.c", self.spec, source=source)
        write_files({"eva.c": self.eva_c, "wp.c": wp_c}, self.work)
        run_prover(["why3", "config", "detect"], subject, self.work)

    def frama_c(self, *arguments: str) -> str:
        """All that Frama-C says."""
        flags = " ".join(self.subject.harness.flags)
        preprocess = f"gcc -E -C -std=gnu11 -D__FRAMAC__ {flags} -I{self.work}"
        command = [
            "frama-c",
            *_KERNEL,
            "-machdep",
            "gcc_x86_64",
            "-cpp-command",
            preprocess,
            *arguments,
        ]
        return run_prover(command, self.subject, self.work)

    def wp(self) -> list[Finding]:
        """The registering functions against their contracts, with what they call inlined."""
        functions = [self.spec.c.register, self.spec.c.unregister]
        facts = self.subject.declarations.files.get(self.spec.source.file, ())
        inlined = [fact.name for fact in facts if fact.kind == "function"]
        options = f"{_WP} -wp-fct {','.join(functions)} -inline-calls {','.join(inlined)}"
        output = self.frama_c(f"{self.work}/wp.c", *options.split())
        total = re.search(r"Proved goals:\s*(\d+) / (\d+)", output)
        if not total:
            self.goals += 1
            return [unanswered(functions[0], output)]
        self.proved += int(total[1])
        self.goals += int(total[2])
        findings = []
        longest_first = "|".join(sorted(functions, key=len, reverse=True))
        goal = rf"Goal typed_(?:({longest_first})_)?(\w+) : (Unknown|Timeout|Failed|Stepout)"
        for function, name, reason in re.findall(goal, output):
            message = f"not proved ({reason.lower()}): {name.replace('_', ' ')}"
            findings.append(unproved(function or functions[0], message))
        for name in re.findall(r"\[Failed\] Smoke-test (typed_\w+)", output):
            message = f"a contract can't be met at all: {name}"
            findings.append(unproved(functions[0], message))
        return findings

    def eva(self) -> list[Finding]:
        """Everything that is better followed than proved function by function."""
        c, entries = self.spec.c, _ENTRY.findall(self.eva_c)
        self.goals += len(entries)
        sources = [f"{self.work}/eva.c", *(f"{self.tree}/{file}" for file in units(self.spec))]
        output = self.frama_c(*sources, *_EVA.split())
        if "ANALYSIS SUMMARY" not in output:
            return [unanswered(c.iterator, output)]
        findings: dict[str, Finding] = {}
        for entry, message in self.alarms(output):
            findings.setdefault(entry, unproved(_subject(entry), f"may fail: {message}"))
        # A statement raises its alarm once, whoever comes by: all entries through that wrapper
        # stay open.
        failing = {finding.subject for finding in findings.values()} - {"boot"}
        still_open = [entry for entry in entries if entry in findings or _subject(entry) in failing]
        self.proved += len(entries) - len(still_open)
        return list(findings.values())

    def alarms(self, output: str) -> Iterator[tuple[str, str]]:
        """For each alarm of EVA's the entry point in which it was raised, and what it says."""
        for file, line, words in _ALARM.findall(output):
            message, _, stack = words.partition("stack:")
            entries = re.findall(r"prove_\w+", stack)[:1]
            if not entries and file.endswith("eva.c"):
                entries = _ENTRY.findall("\n".join(self.eva_c.split("\n")[: int(line)]))
            yield (
                entries[-1] if entries else f"prove_{self.spec.c.array}_0",
                " ".join(message.split()),
            )


def _subject(entry: str) -> str:
    """What an entry point tries: ``prove_xenhost_vcpu_id_3`` the wrapper ``xenhost_vcpu_id``."""
    return entry.removeprefix("prove_").rpartition("_")[0]


def _eva_c(spec: Interface, parts: Values) -> str:
    """C that follows each wrapper with each table, and each boot."""
    calls: list[tuple[Wrapper, str | None]] = []
    for wrapper in wrappers(spec):
        calls += [(wrapper, table.symbol) for _, table in spec.tables()]
        calls += [(wrapper, spec.none)] if spec.none else []
        calls += [(wrapper, None)] * wrapper.op.takes_no_host
    boots = list(_boots(spec))
    return rendered("prove/eva.c", spec, calls=calls, boots=boots, parts=parts)


def _boots(spec: Interface) -> Iterator[tuple[str, list[str], list[str], list[tuple[str, str]]]]:
    """Each boot in C: its name, what it begins with, the functions that run, the slots then."""
    types = {value: spec.c.type(name) for name, value in spec.values.items()}
    for scenario in scenarios(spec):
        booted = boot(spec, scenario)
        guests = [spec.guest(stage).boot for stage in booted.stages if stage != CLEAR_BSS]
        stages = [
            f"{guest.function}({', '.join(map(declared_name, guest.params))})" for guest in guests
        ]
        tables = {None: "\\null", spec.none: "none"}
        slots = [(types[value], tables.get(ops, f"&{ops}")) for value, ops in booted.state]
        yield str(scenario), boot_inputs(scenario), stages, slots
