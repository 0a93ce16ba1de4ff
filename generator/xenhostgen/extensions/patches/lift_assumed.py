# SPDX-License-Identifier: GPL-2.0-only
"""What a spec needs and a patch doesn't tell: filled in for ``lint`` and ``verify``."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from xenhostgen.extensions.patches.kernel_headers import KernelHeaders
from xenhostgen.extensions.patches.lift_header import Seen
from xenhostgen.extensions.patches.lift_kernel import KernelFacts
from xenhostgen.extensions.patches.probe import Data
from xenhostgen.spec.model import Misuse


def assume(
    data: Data, seen: Seen, headers: KernelHeaders, called: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Fill in what isn't in the input; yields each key with what was assumed.

    ``called``: functions that the carry patch calls.
    """
    if "source" not in data:
        needs = ["<linux/bug.h>", "<linux/types.h>"] if seen.c.typedefs else ["<linux/errno.h>"]
        needs += ["<linux/export.h>", "<linux/init.h>", seen.included]
        data["source"] = {"file": f"{PurePath(seen.path).stem}.c", "includes": needs}
        yield "source", "the C file"
    yield from _registry(data["registry"], data, seen)
    if not data.setdefault("object", {}).get("place"):
        makefile = PurePath(data["source"]["file"]).with_name("Makefile")
        neighbour = {"place": {"after": "built-in.o"}}
        data["object"] = {"file": str(makefile), **data["object"], **neighbour}
        yield "object", "the Makefile and the neighbour"
    if "predicates" not in data:
        file = f"include/linux/{data['interface']}_state.h"
        data["predicates"] = {"file": file, "place": {"after": "#endif"}, "macros": []}
        yield "predicates", "there are none; the file"
    inputs: dict[str, Data] = {}
    if "kernel" not in data:
        facts = KernelFacts(data, headers, called)
        data["kernel"] = facts.collect()
        inputs = facts.inputs()
        if facts.assumed:
            yield "kernel", f"what {', '.join(dict.fromkeys(facts.assumed))} stand for"
    kinds = _kinds(data, inputs)
    if kinds is not None:
        data["kinds"] = kinds
        yield "kinds", "each guest boots by itself"


def _registry(registry: Data, data: Data, seen: Seen) -> Iterator[tuple[str, str]]:
    """Fill in what the registry lacks."""
    if not any(slot["accepts"] for slot in registry.get("slots", ())):
        slots: list[Data] = registry.get("slots", [])
        types = [row["name"] for row in data["types"]["values"] if row.get("value") != "0"]
        for row, name in enumerate(types if slots else ()):
            slots[min(row, len(slots) - 1)]["accepts"].append(name)
        yield "registry", "which slot takes which types"
    errnos = list(Misuse.KEYS)
    if not seen.c.typedefs and len(registry.get("misuse", {})) < len(errnos):
        registry["misuse"] = dict.fromkeys(errnos, "-EINVAL") | registry.get("misuse", {})
        yield "registry", "errnos"


def _kinds(data: Data, inputs: dict[str, Data]) -> Data | None:
    """The kinds of guests, with those added that no kind runs; None if none has to be."""
    kinds: Data = data.get("kinds", {})
    runs = {
        name
        for stages in kinds.values()
        for name in (stages if isinstance(stages, list) else stages["runs"])
    }
    lone = {name: [name] for name in data["guests"] if name not in runs}
    stages = {
        name: {"runs": run, "inputs": inputs[name]} if name in inputs else run
        for name, run in lone.items()
    }
    return {**kinds, **stages} if lone or not kinds else None


def functions_of(data: Data) -> Iterator[str]:
    """The functions that tables name."""
    for op in data.get("ops", {}).values():
        for entry in op.get("tables", {}).values():
            yield entry["function"] if isinstance(entry, dict) else entry
