# SPDX-License-Identifier: GPL-2.0-only
"""Boot steps that call an op of each registered host, and that unregister one."""

from pathlib import Path

from tools import need
from xenhostgen.api import Verdict, load_text
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options

SPEC = Path(__file__).parent / "succ_muster.yaml"


def verdict_on(old: str, new: str) -> Verdict:
    """The verdict on the interface with one line of its spec changed."""
    need("gcc", "gcc")
    text = SPEC.read_text()
    assert text.count(old) == 1
    return verify(load_text(text.replace(old, new), "muster.yaml"), Options(compilers=("gcc",)))


def test_a_missing_op_is_seen_in_the_boots_that_call_it() -> None:
    verdict = verdict_on("      ship.pilot: {function: pilot_count, body: count_heads(7)}\n", "")
    findings = {finding.rule: finding for finding in verdict.unexpected}
    assert findings.keys() == {"null-op", "boot-crash"}
    assert findings["null-op"].subject == "pilot_ops.count"
    crash = findings["boot-crash"]
    assert (crash.count, crash.counterexample) == (1, ("boot ship with muster_place=MUSTER_PORT",))


def test_unregistering_who_is_not_there_is_misuse() -> None:
    old = 'unregister: {type: pilot, when: "!muster_at_sea()"'
    verdict = verdict_on(old, "unregister: {type: pilot")
    (finding,) = verdict.unexpected
    assert (finding.rule, finding.subject) == ("boot-misuse", "ship")
    assert finding.message.endswith("no host of that type is registered")
