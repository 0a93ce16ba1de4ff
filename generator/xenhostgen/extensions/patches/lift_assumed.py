# SPDX-License-Identifier: GPL-2.0-only
"""What a spec needs and a patch doesn't tell: filled in for ``lint`` and ``verify``."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from xenhostgen.extensions.patches.lift_header import Seen, compact
from xenhostgen.extensions.patches.probe import Data, Probing
from xenhostgen.spec.c_names import KEYWORDS, RESERVED, declared_name
from xenhostgen.spec.model import Misuse
from xenhostgen.spec.rules.conditions import conditions
from xenhostgen.spec.source import Inside, Nearest

_CONSTANT = re.compile(r"(?<![-\w])[A-Z][A-Z0-9_]+\b(?!\()")
_CALL = re.compile(r"(\w+)\((.*)\)")
_LANGUAGE = KEYWORDS | RESERVED


def assume(data: Data, seen: Seen) -> Iterator[tuple[str, str]]:
    """Fill in what isn't in the input; yields each key with what was assumed."""
    if "source" not in data:
        needs = ["<linux/bug.h>", "<linux/types.h>"] if seen.c.typedefs else ["<linux/errno.h>"]
        needs += ["<linux/export.h>", "<linux/init.h>", seen.included]
        data["source"] = {"file": f"{PurePath(seen.path).stem}.c", "includes": needs}
        yield "source", "the C file"
    yield from _registry(data["registry"], data, seen)
    if "object" not in data:
        makefile = PurePath(data["source"]["file"]).with_name("Makefile")
        data["object"] = {"file": str(makefile), "place": {"after": "built-in.o"}}
        yield "object", "the Makefile and the neighbour"
    if "predicates" not in data:
        file = f"include/linux/{data['interface']}_state.h"
        data["predicates"] = {"file": file, "place": {"after": "#endif"}, "macros": []}
        yield "predicates", "there are none; the file"
    inputs: dict[str, Data] = {}
    if "kernel" not in data:
        data["kernel"], inputs = _kernel(data)
        functions = _functions(data)
        structs: dict[str, Data] = {
            name: {} for name in re.findall(r"\bstruct (\w+)", str(functions))
        }
        structs |= data["kernel"].get("structs", {})
        data["kernel"] |= compact(functions=functions, structs=structs)
        yield (
            "kernel",
            "what the kernel's state is made of, and macros that are tried with both values",
        )
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


def _functions(data: Data) -> dict[str, Data]:
    """The kernel functions that adapters and wrappers pass an op's parameters to."""
    functions: dict[str, Data] = {}
    known = _LANGUAGE | data["kernel"].get("macros", {}).keys()
    known |= {macro["name"] for macro in data["predicates"]["macros"]}
    for op in data.get("ops", {}).values():
        params = {declared_name(param): param for param in op.get("args", ())}
        for text in _expressions(op):
            called = _CALL.fullmatch(text)
            passed = [word for word in called[2].split(", ") if word] if called else []
            if called and called[1] not in known and params.keys() >= {*passed}:
                args = [params[word] for word in passed]
                functions.setdefault(
                    called[1], {"returns": op.get("returns", "void"), **compact(args=args)}
                )
    return functions


def functions_of(data: Data) -> Iterator[str]:
    """The functions that tables name."""
    for op in data.get("ops", {}).values():
        for entry in op.get("tables", {}).values():
            yield entry["function"] if isinstance(entry, dict) else entry


def _expressions(op: Data) -> list[str]:
    """What adapters and the wrapper of an op evaluate."""
    entries = (entry for entry in op.get("tables", {}).values() if isinstance(entry, dict))
    texts = [entry["body"] for entry in entries]
    return [text for text in (*texts, op.get("fallback"), op.get("no_host")) if text]


def _fact(facts: dict[str, Data], name: str, text: str) -> None:
    """Assume what a name stands for, by what follows it in an expression."""
    members = re.findall(rf"(?<![\w.>]){re.escape(name)}(->|\.)(\w+)", text)
    if name.endswith("()"):
        facts["macros"][name[:-2]] = {"expands": "0", "placeholder": True}
    elif name.isupper():
        facts["constants"].setdefault(name, len(facts["constants"]) + 1)
    elif not members:
        facts["variables"].setdefault(name, "unsigned long")
    for access, member in members:
        facts["structs"].setdefault(f"{name}_facts", {})[member] = "unsigned long"
        facts["variables"][name] = f"struct {name}_facts{' *' * (access == '->')}"


def _kernel(data: Data) -> tuple[Data, dict[str, Data]]:
    """Facts by which conditions and steps of boot code can be modelled, and each guest's inputs."""
    facts: dict[str, Data] = {key: {} for key in ("constants", "structs", "variables", "macros")}
    for _, _, place, hint in conditions(Probing(data, {}).spec()):
        if isinstance(place, Inside) and isinstance(hint, Nearest) and hint.word not in _LANGUAGE:
            _fact(facts, hint.word, place.text)
    inputs: dict[str, Data] = {}
    pointers = [name for name, c in facts["variables"].items() if c.endswith("*")]
    for guest, guest_data in data["guests"].items():
        text = str(guest_data["boot"])
        for name in pointers:
            if re.search(rf"\b{name}->", text):
                is_checked = re.search(rf"!{name}\b(?!->)", text) is not None
                inputs.setdefault(guest, {})[name] = ["object", *["NULL"] * is_checked]
    ours = _LANGUAGE | {macro["name"] for macro in data["predicates"]["macros"]}
    for op in data.get("ops", {}).values():
        for name in _CONSTANT.findall(" ".join(_expressions(op))):
            if name not in ours:
                facts["constants"].setdefault(name, len(facts["constants"]) + 1)
    return compact(**facts), inputs
