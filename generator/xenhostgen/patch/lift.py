# SPDX-License-Identifier: GPL-2.0-only
"""From a patch to a spec: lift what the spec can say, keep the rest as raw blocks, and prove it.

The proof is the rendering of the new spec. Where it isn't what was given, the lines that differ
become raw blocks; what the rules of specs refuse is left out, and so becomes raw as well.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from xenhostgen.patch.blobs import SHORTEST_ID, blob_id, same_id
from xenhostgen.patch.lift_guests import Guests, object_line, predicates
from xenhostgen.patch.lift_header import Data, Seen, compact, lift_header
from xenhostgen.patch.lift_input import Input, read_input
from xenhostgen.patch.lift_source import distinguished, lift_source
from xenhostgen.patch.remainder import Share, remainder
from xenhostgen.patch.yaml_writer import write_yaml
from xenhostgen.render.files import Rendering, render
from xenhostgen.spec import yaml
from xenhostgen.spec.bind import keys_of
from xenhostgen.spec.load import load_text
from xenhostgen.spec.model import Interface, Misuse, Registry
from xenhostgen.spec.source import At, Problem, Problems, Refused, SpecError
from xenhostgen.spec.tree import place
from xenhostgen.spec.words import declared_name

_FIRST = ["interface", "templates", "typedefs", "reference", "names", "spdx", "banner"]
_FIRST += ["header", "source", "object", "types", "registry", "fields", "ops", "predicates", "guests", "kinds"]
# What the rules may refuse without the rest losing its sense: an item of these, or a text.
_PARTS = {
    "values",
    "slots",
    "accepts",
    "fields",
    "ops",
    "tables",
    "macros",
    "steps",
    "exports",
    "guests",
    "includes",
    "declares",
}
_TEXTS = {"doc", "register_doc", "unregister_doc", "iterator_doc", "requires_doc", "spdx", "wrapper_returns"}
_TEXTS |= {"when_no_host", "when_missing", "requires", "guard", "linkage"}
_WHOLE = {"no-slot", "no-empty-type"}  # what is left would be another interface
_ROUNDS = 30
_WORD = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)(\(\)|(?:->|\.)\w+)?")


@dataclass(frozen=True, slots=True)
class Proof:
    """A new file's re-creation: its blob id, and whether it is the one given (None: that isn't known)."""

    path: str
    blob: str
    same: bool | None


@dataclass(frozen=True, slots=True)
class Lifted:
    """The spec as text and model, what was lifted of each file, what was assumed."""

    text: str
    spec: Interface
    shares: list[Share]
    proofs: list[Proof]
    assumed: list[str]


def lift(paths: list[Path], output: str, schema: str, onto: Interface | None = None, prefix: str = "") -> Lifted:
    """The spec of the interface that patches or C files hold. Raises ``PatchError`` and ``Refused``."""
    given = read_input(paths, onto)
    seen = _header(given, onto, prefix, str(paths[0]))
    base: Data = _base(onto, given.on_top) if onto else {}
    source = next((path for path, text in given.whole.items() if path.endswith(".c") and _defines(text, seen)), "")
    known: dict[str, str] = {slot.pointer: slot.name for slot in onto.slots} if onto else {}
    if source:
        lift_source(source, given.whole[source], seen, known)
    data = {**base, **seen.data, "registry": {**base.get("registry", {}), **seen.data["registry"]}}
    distances = {row["name"]: row["distance"] for row in base.get("types", {}).get("values", ()) if "distance" in row}
    for each in data["types"]["values"]:
        each.update(compact(distance=distances.get(each["name"])))
    guests = Guests(seen, {guest["file"]: {"name": name, **guest} for name, guest in base.get("guests", {}).items()})
    for path, stretches in given.stretches.items():
        if path.endswith(".c"):
            guests.read(path, stretches)
        elif path.endswith(".h") and "predicates" not in data:
            data |= compact(predicates=predicates(path, stretches))
        elif PurePath(path).name == "Makefile" and "object" not in data:
            data |= compact(object=object_line(path, stretches, source))
    data["guests"] = guests.finish()
    assumed: dict[str, str] = {}
    for key, what in _assume(data, seen):
        assumed[key] = f"{assumed[key]}, {what}" if key in assumed else what
    remarks = {"": f"Lifted by: xenhostgen import {' '.join(map(str, paths))}"}
    remarks |= {key: f"Assumed, as it isn't in what was imported: {what}." for key, what in assumed.items()}

    def written() -> str:
        order = [*_FIRST, *(key.name for key in keys_of(Interface) if key.name not in _FIRST)]
        rows = [key.name for key in keys_of(Registry)]
        data["registry"] = {key: data["registry"][key] for key in rows if key in data["registry"]}
        return write_yaml({key: data[key] for key in order if key in data}, schema, remarks)

    try:
        spec = _accepted(data, written, output)
    except SpecError as error:
        said = [f"no spec can say this interface: {problem.message}" for problem in error.problems]
        raise Refused([Problem("not-liftable", message, str(paths[0])) for message in said]) from None
    data["raw"], shares = remainder(given, render(spec))
    if not data["raw"]:
        del data["raw"]
    spec = load_text(text := written(), output)
    return Lifted(
        text, spec, shares, _proofs(given, render(spec)), [f"{key} ({what})" for key, what in assumed.items()]
    )


def _header(given: Input, onto: Interface | None, prefix: str, source: str) -> Seen:
    headers = [path for path in given.whole if path.endswith(".h")]
    headers.sort(key=lambda path: onto is not None and path != onto.header.file)
    for path in headers:
        seen = lift_header(path, given.whole[path], prefix)
        if seen:
            return seen
    name = prefix or "X"
    message = f"no interface in it: a header with 'enum {name}_type' beside '{name}_t' or 'struct {name}' and its ops"
    hint = "a patch that changes an earlier header needs that one's spec: --onto SPEC"
    raise Refused([Problem("no-interface", message, source, hint=hint)])


def _defines(text: str, seen: Seen) -> bool:
    return bool(re.search(rf"^[^;=]*\b{re.escape(seen.c.register)}\([^;]*\)\s*\{{", text, re.MULTILINE))


def _base(onto: Interface, on_top: bool) -> Data:
    """What the C doesn't tell, from the spec that it goes on top of, or that has the kernel's facts."""
    source = yaml.read_file(Path(onto.path))
    data: Data = _plain(yaml.parse(source, Problems(onto.path, source)))
    if not on_top:
        data["guests"] = {name: {"file": guest["file"]} for name, guest in data["guests"].items()}
    told = {"fields", "ops", "raw", *(() if on_top else ("predicates", "object"))}
    return {key: value for key, value in data.items() if key not in told}


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list) else str(node)


def _assume(data: Data, seen: Seen) -> Iterator[tuple[str, str]]:
    """Fill in what isn't in the input; yields each key with what was assumed."""
    registry, folder = data["registry"], PurePath(data.get("source", {}).get("file", "")).parent
    if "source" not in data:
        header = f"<{seen.path.removeprefix('include/')}>"
        data["source"] = {"file": f"{PurePath(seen.path).stem}.c", "includes": [header]}
        yield "source", "the C file"
    if not any(slot["accepts"] for slot in registry.get("slots", ())):
        names = zip(seen.slots, distinguished(seen.slots), strict=True)
        registry["slots"] = [{"name": name, "pointer": pointer, "accepts": []} for pointer, name in names]
        types = [row["name"] for row in data["types"]["values"] if row.get("value") != "0"]
        for row, name in enumerate(types if seen.slots else ()):
            registry["slots"][min(row, len(seen.slots) - 1)]["accepts"].append(name)
        yield "registry", "which slot takes which types"
    errnos = [key.name for key in keys_of(Misuse)]
    if not seen.c.typedefs and len(registry.get("misuse", {})) < len(errnos):
        registry["misuse"] = dict.fromkeys(errnos, "-EINVAL") | registry.get("misuse", {})
        yield "registry", "errnos"
    if "object" not in data:
        data["object"] = {"file": str(folder / "Makefile"), "place": {"after": "built-in.o"}}
        yield "object", "the Makefile and the neighbour"
    if "predicates" not in data:
        file = f"include/linux/{data['interface']}_state.h"
        data["predicates"] = {"file": file, "place": {"after": "#endif"}, "macros": []}
        yield "predicates", "there are none; the file"
    if "kernel" not in data:
        data["kernel"], inputs = _kernel(data)
        yield "kernel", "what the kernel's state is made of, and macros that are tried with both values"
    else:
        inputs = {}
    runs = {
        name for path in data.get("kinds", {}).values() for name in (path if isinstance(path, list) else path["runs"])
    }
    missing = [name for name in data["guests"] if name not in runs]
    made = {name: {"runs": [name], "inputs": inputs[name]} if name in inputs else [name] for name in missing}
    if missing or "kinds" not in data:
        data["kinds"] = {**data.get("kinds", {}), **made}
        yield "kinds", "each guest boots by itself"


def _kernel(data: Data) -> tuple[Data, dict[str, Data]]:
    """Facts by which the conditions and steps of boot code can be modelled, and each guest's inputs."""
    facts: dict[str, Data] = {key: {} for key in ("constants", "structs", "variables", "macros")}
    inputs: dict[str, Data] = {}
    ours = {"NULL", *(macro["name"] for macro in data["predicates"]["macros"])}

    def note(text: str, known: set[str], guest: str = "") -> None:
        for name, more in _WORD.findall(text):
            if name in known:
                continue
            if more == "()":
                facts["macros"][name] = {"expands": "0", "placeholder": True}
            elif more:
                pointer = more.startswith("->")
                facts["structs"].setdefault(f"{name}_facts", {})[more.lstrip("->.")] = "unsigned long"
                facts["variables"][name] = f"struct {name}_facts{' *' if pointer else ''}"
                if pointer:
                    inputs.setdefault(guest, {})[name] = ["object", "NULL"]
            elif name.isupper():
                facts["constants"].setdefault(name, len(facts["constants"]) + 1)
            else:
                facts["variables"].setdefault(name, "unsigned long")

    for macro in data["predicates"]["macros"]:
        note(macro["expands"], ours)
    for guest, told in data["guests"].items():
        known = ours | {declared_name(param) for param in told["boot"].get("params", ())}
        for step in told["boot"].get("steps", ()):
            for text in (step.get("return_if"), *[each for pair in step.get("assign", {}).items() for each in pair]):
                note(text or "", known, guest)
            note(step.get("register", {}).get("when", ""), known, guest)
    return compact(**facts), inputs


def _accepted(data: Data, written: Callable[[], str], output: str) -> Interface:
    """The spec, without the parts that the rules refuse; raises ``SpecError`` if it can't do without."""
    for _ in range(_ROUNDS):
        text = written()
        try:
            return load_text(text, output)
        except SpecError as error:
            top = yaml.parse(text, Problems(output, text))
            refused = {part for problem in error.problems if (part := _part(top, problem.at))}
            if not refused or _WHOLE & {problem.rule for problem in error.problems}:
                raise
            for *path, last in sorted(refused, key=str, reverse=True):
                holder: Any = data
                for key in path:
                    holder = holder[key]
                del holder[last]
    return load_text(written(), output)


def _part(node: Any, at: At) -> tuple[str | int, ...]:
    """The path to the innermost part at a place that may be left out; empty if there is none."""
    path: list[str | int] = []
    found = 0
    while isinstance(node, (dict, list)) and node:
        places = [key.at for key in node] if isinstance(node, dict) else [place(each) for each in node]
        row = max(sum(here <= at for here in places) - 1, 0)
        key: str | int = str([*node][row]) if isinstance(node, dict) else row
        if key in _TEXTS or (path and path[-1] in _PARTS):
            found = len(path) + 1
        path.append(key)
        node = node[key]  # type: ignore[index]
    return tuple(path[:found])


def _proofs(given: Input, rendering: Rendering) -> list[Proof]:
    made = []
    for path, text in sorted(given.whole.items()):
        blob, told = blob_id(rendering.files[path]), given.ids.get(path)
        known = same_id(blob, told) if told and len(told) >= SHORTEST_ID else None
        exact = None if path in given.collapsed else rendering.files[path] == text
        made.append(Proof(path, blob, known if known is not None else exact))
    return made
