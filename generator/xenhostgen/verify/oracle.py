# SPDX-License-Identifier: GPL-2.0-only
"""What the spec's own C does: bodies of adapters and fallbacks, run in a process of their own.

That program is made from the spec alone, and from the shim: of the judged C it sees nothing. Its
calls are those of the judged wrappers, made in the same way, so that the answers can be compared.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from xenhostgen.reference_model.ops import Dispatch, dispatch, only
from xenhostgen.sandbox.process import BuildError
from xenhostgen.spec.model import NONE, Interface
from xenhostgen.verify.build import FLAGS, SANITIZE, Source, compiled, own_program
from xenhostgen.verify.declarations import expectation, values
from xenhostgen.verify.driver import Answer, Program, run_driver
from xenhostgen.verify.harness import TEMPLATES, Harness, Wrapper, rendered, wrappers, write_files
from xenhostgen.verify.pieces import check_pieces, unreadable

OTHER = "other"
"""The key of a table that doesn't set the op."""


@lru_cache(maxsize=1)
def due_calls(spec: Interface) -> dict[tuple[str, str | None], Wrapper]:
    """By op and table, or None for no host, the C that is due; none where that would call NULL."""
    tables = [f"{guest.name}.{table.role}" for guest, table in spec.tables()]
    calls: dict[tuple[str, str | None], Wrapper] = {}
    for wrapper in wrappers(spec):
        numbers: dict[Dispatch, int] = {}
        for key in (None, NONE, OTHER, only(wrapper.op.name), *tables):
            if due := dispatch(wrapper.op, key):
                name = f"{wrapper.op.name}_{numbers.setdefault(due, len(numbers))}"
                returns = wrapper.op.wrapper_type
                is_converted = due.returns not in ("void", returns)
                c = f"({due.returns})({due.c})" if is_converted else due.c
                call = wrapper._replace(name=name, call=c, result=f"{returns} glue_result")
                calls[wrapper.op.name, key] = call
    return calls


@dataclass(frozen=True, slots=True)
class Oracle:
    """The program of a spec where options of the kernel are off; made on first need.

    Whoever judges a tree of the same spec shares it, and what it has answered.
    """

    harness: Harness
    off: tuple[str, ...] = ()

    def ask(self, lines: Iterable[str]) -> list[Answer]:
        """The answer to each call. Raises ``DriverError``, or ``SpecError`` for what is no C."""
        lines, store = list(lines), self.harness.store
        with store.oracle_lock:
            answers = store.answers.setdefault(self.off, {})
            if new := [line for line in dict.fromkeys(lines) if line not in answers]:
                with run_driver(self.program()) as driver:
                    answers.update(zip(new, driver.ask(new), strict=True))
        return [answers[line] for line in lines]

    def program(self) -> Program:
        """The program. Raises ``SpecError``."""
        oracles, spec = self.harness.store.oracles, self.harness.spec
        if self.off not in oracles:
            try:
                oracles[self.off] = _build(self.harness, self.off)
            except BuildError as error:
                check_pieces(self.harness, expectation(spec))
                raise unreadable(spec, error.complaints()) from None
        return oracles[self.off]


def spec_alone(spec: Interface, off: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a unit in which nothing judged is seen says of the spec and the kernel's options."""
    contexts = chain.from_iterable(guest.context for guest in spec.guests)
    return {
        "off": off,
        "headers": list(dict.fromkeys([*spec.source.includes, *contexts])),
        # Its tables name adapters, which aren't called by way of them here.
        "declared": re.sub(r"(?m) = \{.*\};$", ";", expectation(spec).declared()),
    }


def _build(harness: Harness, off: tuple[str, ...]) -> Program:
    """Compile and link it, in a folder where nothing judged is found."""
    spec, store, compiler = harness.spec, harness.store, harness.compiler
    folder = store.folder / "-".join(["oracle", *off])
    calls = {call.name: call for call in due_calls(spec).values()}
    alone = {"parts": values(harness), **spec_alone(spec, off)}
    c = rendered("harness/oracle.c", spec, calls=list(calls.values()), **alone)
    write_files({"oracle.c": c}, folder)
    flags = [*FLAGS, *SANITIZE, "-O0", "-fno-builtin", f"-I{harness.questions}", f"-I{TEMPLATES}"]
    source = Source("oracle.c", f"{folder.name}.o", [*flags, *harness.flags])
    objects = compiled([source], folder, compiler, harness)
    objects.append(own_program("driver.o", compiler, store))
    harness.run([compiler, *SANITIZE, *objects, "-o", "driver"], folder)
    programs = (own_program("launcher", compiler, store), folder / "driver")
    return Program(programs, len(spec.slots), "", harness.view)
