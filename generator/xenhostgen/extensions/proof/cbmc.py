# SPDX-License-Identifier: GPL-2.0-only
"""A second opinion on the rules, by the bounded model checker cbmc.

Its harness states rules 1 to 8 in C, apart from the provers' contracts and from the reference
model. It goes to every state that registering leads to, makes any two calls there with any types,
and iterates. It calls each wrapper with each table, and then the spec's own C, in the same state
and with the same answers of the kernel's functions (rules 11 and 12). All of that is one formula,
so that what cbmc doesn't refute holds for all values. Bounds and pointers are looked at on the way.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from xenhostgen.extensions.proof.due import due_c
from xenhostgen.extensions.proof.provers import CBMC, lacking, run_prover, unanswered
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.model import Interface, Slot
from xenhostgen.verify.calls import Iterate, Register, Unregister
from xenhostgen.verify.declarations import values
from xenhostgen.verify.findings import Finding, Proof
from xenhostgen.verify.harness import rendered, units, wrappers, write_files
from xenhostgen.verify.subject import Subject
from xenhostgen.verify.wording import Wording

_PREPROCESS = ("gcc", "-E", "-std=gnu11")
# cbmc takes what lies in a section of its own for another object, or a function of another name.
_SECTION = re.compile(r'\b(?:__section__|section)\s*\(\s*"[^"\n]*"[^()\n]*\)')
_CBMC = (
    "cbmc --json-ui --trace --drop-unused-functions --bounds-check --pointer-check"
    " --no-signed-overflow-check --unwinding-assertions --object-bits 12 --unwind"
)
# The kernel is built with -fno-strict-overflow: signed numbers are bits, as others are.
_WRAPS = "shift operand is negative"
# Of such a range of elements cbmc initialises the first alone.
_RANGE = re.compile(r"\[[^][;{}\n]*\.\.\.[^][;{}\n]*\]\s*=")
_ARGUMENT = " = "  # so the name of an output ends that is a wrapper's argument


class Cbmc:
    """What of the rules cbmc refutes, one finding for each place where an assertion fails."""

    level = "prove"

    def run(self, subject: Subject) -> list[Finding]:
        """Run cbmc."""
        subject.options.progress("check with cbmc")
        if lacking("cbmc"):
            subject.statistics.cbmc = Proof(missing=CBMC)
            return []
        try:
            files = _preprocessed(subject)
        except BuildError as error:
            subject.statistics.cbmc = Proof(0, 1)
            return [unanswered(subject.spec.c.register, error.output)]
        if any(_RANGE.search(file.read_text("latin-1")) for file in files):
            return _unread(subject, "of '[… ... …] =' it reads the first element alone")
        rounds = str(len(subject.spec.slots) + 2)  # of a loop over the slots, with one to spare
        output = run_prover([*_CBMC.split(), rounds, *map(str, files)], subject, files[0].parent)
        try:
            messages = json.loads(output)
        except ValueError:
            messages = [{"messageType": "ERROR", "messageText": output}]
        errors = [part for part in messages if part.get("messageType") == "ERROR"]
        if errors and errors[-1]["messageText"] in ("PARSING ERROR", "CONVERSION ERROR"):
            place = errors[0].get("sourceLocation", {})
            where = f"{place['file']}:{place['line']}: " if "line" in place else ""
            return _unread(subject, f"{where}{errors[0]['messageText']}")
        results = [result for message in messages for result in message.get("result", ())]
        if not results:
            subject.statistics.cbmc = Proof(0, 1)
            answer = "\n".join(error["messageText"] for error in errors)
            return [unanswered(subject.spec.c.register, answer)]
        return _refuted(subject, results)


def _refuted(subject: Subject, results: list[dict[str, Any]]) -> list[Finding]:
    """The assertions that fail, one for each place in a function."""
    results = [result for result in results if not result["description"].startswith(_WRAPS)]
    holding = sum(result["status"] == "SUCCESS" for result in results)
    subject.statistics.cbmc = Proof(holding, len(results))
    findings: dict[tuple[str, Location], Finding] = {}
    for result in results:
        if result["status"] == "FAILURE":
            finding = _finding(subject.spec, result)
            findings.setdefault((finding.subject, _place(result)), finding)
    if not findings and holding < len(results):
        return [unanswered(subject.spec.c.register, "it leaves some assertions undecided")]
    return list(findings.values())


def _unread(subject: Subject, why: str) -> list[Finding]:
    """Nothing is said of C that cbmc can't read, which is no fault of that."""
    subject.statistics.cbmc = None
    subject.statistics.left_out.append(f"proof by cbmc, which can't read this C: {why}")
    return []


def _preprocessed(subject: Subject) -> list[Path]:
    """The judged files, the harness and due C as cbmc reads them. Raises ``BuildError``."""
    spec, work = subject.spec, subject.work / "cbmc"
    filled = sorted(spec.slots, key=lambda slot: _depth(spec, slot))
    due = due_c(spec, values(subject.harness))
    write_files({"harness.c": rendered("prove/cbmc.c", spec, filled=filled, **due)}, work)
    # Due C lies, and is preprocessed, where nothing of the tree's is found.
    alone = write_files({"due.c": rendered("prove/due.c", spec, **due)}, work / "due")
    facts, flags = f"-I{subject.harness.questions}", subject.harness.flags
    files = [(file, subject.tree, flags) for file in (*units(spec), f"{work}/harness.c")]
    files.append((f"{alone}/due.c", alone, [facts, *flags]))
    jobs = []
    for number, (file, folder, flags) in enumerate(files):
        command = [*_PREPROCESS, *flags, file, "-o", f"{work}/{number}.i"]
        jobs.append(Job(command, folder, view=subject.harness.view))
    run_all(jobs)
    preprocessed = [work / f"{number}.i" for number in range(len(files))]
    for unit in preprocessed:
        unit.write_text(_SECTION.sub("__unused__", unit.read_text("latin-1")), "latin-1")
    return preprocessed


def _depth(spec: Interface, slot: Slot) -> int:
    """How many slots must be taken before this one."""
    return 1 + _depth(spec, spec.slot(slot.requires)) if slot.requires else 0


def _place(result: dict[str, Any]) -> Location:
    """Where an assertion failed."""
    place = result["trace"][-1]["sourceLocation"]
    return Location(str(PurePath(place.get("file", "/"))), int(place.get("line", 1)))


def _finding(spec: Interface, result: dict[str, Any]) -> Finding:
    """A failed assertion, with the calls that cbmc's trace makes up to it."""
    calls = tuple(_calls(spec, result["trace"]))
    function = calls[-1].split("(")[0] if calls else spec.c.array
    place = _place(result)
    where = None if place.file.startswith("/") else place  # elsewhere than in the judged tree
    if ".unwind." in result["property"]:
        message = "a loop goes round more often than there are slots"
        return Finding("unproved", function, message, where, seen_by="cbmc")
    values = [
        step["outputID"] + step["values"][0]["data"].rstrip("l")
        for step in result["trace"]
        if step["stepType"] == "output" and step["outputID"].endswith(_ARGUMENT)
    ]
    message = ", ".join([result["description"], *values])
    return Finding("refuted", function, message, where, counterexample=calls, seen_by="cbmc")


def _calls(spec: Interface, trace: list[dict[str, Any]]) -> Iterator[str]:
    """The calls that a trace's outputs tell, as C writes them."""
    wording = Wording(spec)
    ops = [wrapper.op.name for wrapper in wrappers(spec)]
    tables = ["NULL", "A", "B", *(table.symbol for _, table in spec.tables())]
    for step in trace:
        if step["stepType"] != "output" or step["outputID"].endswith(_ARGUMENT):
            continue
        first, second = (int(value["data"]) for value in step["values"])
        match step["outputID"]:
            case "register":
                yield str(Register(wording, first, tables[second]))
            case "unregister":
                yield str(Unregister(wording, first))
            case "wrapper":
                yield wording.wrapper(ops[second], first)
            case _:
                yield str(Iterate(wording))
