# SPDX-License-Identifier: GPL-2.0-only
"""A second opinion on the rules, by the bounded model checker cbmc.

Its harness states rules 1 to 8 in C, apart from the provers' contracts and from the reference model. It
goes to every state that registering leads to, makes any two calls there with any types, and iterates; and
it calls each wrapper (rule 11) with each table. All of that is one formula, so that what cbmc doesn't
refute holds for all values. Bounds, pointers and overflows are looked at on the way.
"""

import json
import shutil
from pathlib import Path, PurePath
from typing import Any

from xenhostgen.extensions.proof.frama_c import Proof, run_prover, unanswered
from xenhostgen.sandbox.process import BuildError, Job, run_all
from xenhostgen.spec.model import Interface, Slot
from xenhostgen.verify.calls import Iterate, Register, Unregister, Wording
from xenhostgen.verify.findings import Finding, Where
from xenhostgen.verify.harness import context, include_flags, laid_out, rendered, units, wrappers

# cbmc takes a function's section for a part of its name.
_PREPROCESS = ("gcc", "-E", "-std=gnu11", "-D__section__(name)=__unused__")
_CBMC = "cbmc --json-ui --trace --drop-unused-functions --bounds-check --pointer-check --signed-overflow-check".split()


def check(spec: Interface, tree: Path, work: Path) -> Proof:
    """Run cbmc on a tree: how many assertions hold, and a finding for each place where one doesn't."""
    if not shutil.which("cbmc"):
        return Proof(missing="cbmc (a package of Debian 13)")
    filled = sorted(spec.slots, key=lambda slot: _depth(spec, slot))
    laid_out({"harness.c": rendered("prove/cbmc.c", **context(spec), filled=filled)}, work)
    files = {f"./{file}": f"{work}/{number}.i" for number, file in enumerate(units(spec))}
    files[str(work / "harness.c")] = str(work / "harness.i")
    rounds = str(len(spec.slots) + 2)  # of a loop over the slots, with one to spare
    command = [*_CBMC, "--unwinding-assertions", "--unwind", rounds, *files.values()]
    try:
        preprocess = [*_PREPROCESS, *include_flags(spec, tree, work)]
        run_all([Job([*preprocess, file, "-o", made], tree) for file, made in files.items()], work)
        said = run_prover(command, tree)
        told = json.loads(said)
    except BuildError as error:
        return unanswered(spec.c.register, error.output)
    except ValueError:
        return unanswered(spec.c.register, said)
    results = [result for part in told for result in part.get("result", ())]
    holding = sum(result["status"] == "SUCCESS" for result in results)
    found: dict[tuple[str, str], Finding] = {}
    for result in results:
        if result["status"] == "FAILURE":
            finding = _finding(spec, result)
            found.setdefault((finding.subject, _place(result)), finding)
    if not found and holding < max(len(results), 1):
        errors = [part["messageText"] for part in told if part.get("messageType") == "ERROR"]
        return unanswered(spec.c.register, "\n".join(errors))
    return Proof(holding, len(results), tuple(found.values()))


def _depth(spec: Interface, slot: Slot) -> int:
    """How many slots must be taken before one."""
    required = [other for other in spec.slots if other.name == slot.requires]
    return 1 + _depth(spec, required[0]) if required else 0


def _place(result: dict[str, Any]) -> str:
    """FILE:LINE of a failed assertion."""
    at = result["trace"][-1]["sourceLocation"]
    return f"{PurePath(at.get('file', '/'))}:{at.get('line', 1)}"


def _finding(spec: Interface, result: dict[str, Any]) -> Finding:
    """A failed assertion, with the calls that cbmc's trace makes up to it."""
    calls = tuple(_calls(spec, result["trace"]))
    subject = calls[-1].split("(")[0] if calls else spec.c.array
    file, _, line = _place(result).rpartition(":")
    where = (
        None if file.startswith("/") else Where(file, int(line))
    )  # elsewhere than in the judged tree
    if ".unwind." in result["property"]:
        return Finding(
            "unproved",
            subject,
            "a loop goes round more often than there are slots",
            where,
            seen_by="cbmc",
        )
    return Finding(
        "refuted", subject, result["description"], where, counterexample=calls, seen_by="cbmc"
    )


def _calls(spec: Interface, trace: list[dict[str, Any]]) -> list[str]:
    """The calls that a trace's outputs tell, as C writes them."""
    wording, ops = Wording(spec), [str(wrapper.op.name) for wrapper in wrappers(spec)]
    tables = ["NULL", "A", "B", *(table.symbol for _, table in spec.tables())]
    calls = []
    for step in trace:
        if step["stepType"] == "output":
            first, second = (int(value["data"]) for value in step["values"])
            match step["outputID"]:
                case "r":
                    calls.append(str(Register(wording, first, tables[second])))
                case "u":
                    calls.append(str(Unregister(wording, first)))
                case "w":
                    calls.append(wording.wrapper(ops[second], first))
                case _:
                    calls.append(str(Iterate(wording)))
    return calls
