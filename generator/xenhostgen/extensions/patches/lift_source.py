# SPDX-License-Identifier: GPL-2.0-only
"""What header and C file tell of the registry, the wrappers and the comments."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile

from xenhostgen.extensions.patches.lift_c import Piece, within
from xenhostgen.extensions.patches.lift_header import Seen, compact, type_name
from xenhostgen.extensions.patches.probe import HOLE, Data, Probing, words_of
from xenhostgen.spec.model import Misuse, Names, Op, Registry

# Forms of wrappers, the plainest first.
_FORMS: list[Data] = [
    {},
    *({"wrapper": word} for word in words_of(Op.KEYS["wrapper"])[1:] if word != "none"),
    {"no_host": HOLE},
    {"fallback": HOLE},
    {"no_host": HOLE, "fallback": HOLE},
    {"wrapper": "none"},
]


def lift_registry(probing: Probing, seen: Seen, known: Mapping[str, str]) -> None:
    """Read the slots, what they take, and the exports; ``known``: slots' names by pointers."""
    registry = probing.data["registry"]
    declarations = [piece for path in sorted(probing.files) for piece in probing.files[path]]
    pointers = _pointers(declarations, seen)
    names = dict(zip(pointers, distinguished(pointers), strict=True)) | {**known}
    slots: Data = {
        pointer: {"name": names[pointer], "pointer": pointer, "accepts": []} for pointer in pointers
    }
    for piece in declarations:
        if piece.kind == "function" and not any(slot["accepts"] for slot in slots.values()):
            _accepts(piece, seen.c, slots)
    registry |= compact(slots=list(slots.values()), exports=_exports(declarations))


def complete_registry(probing: Probing, seen: Seen) -> None:
    """Read where the array lies, what the slots require, and the errnos."""
    registry, c = probing.data["registry"], seen.c
    misuse: Data = {}
    registry["misuse"] = misuse
    errnos = [(misuse, key) for key in Misuse.KEYS]
    if len(probing.files) > 1:
        storages = words_of(Registry.KEYS["storage"])
        probing.choose({c.array: registry}, [{"storage": word} for word in storages])
    functions = f"{c.register} {c.unregister}"
    declarations = [
        piece
        for path in probing.files
        for piece in probing.files[path]
        if piece.kind == "function" and piece.name in functions.split()
    ]
    slots = {slot["pointer"]: slot for slot in registry["slots"]}
    named = (word for piece in declarations for word in re.findall(r"\w+", piece.code))
    beside = set(pairwise(word for word in named if word in slots))
    for pointer, slot in slots.items():
        others = [other for other in slots if {(pointer, other), (other, pointer)} & beside]
        forms = [
            {"requires": slots[other]["name"], "requires_doc": HOLE}
            for other in others
            if other != pointer
        ]
        probing.choose({functions: slot}, [{}, *forms], errnos)
    probing.fill(errnos)
    # Those of checks that nothing asks for stand in comments only.
    remarks = (
        " ".join(text for piece in declarations for text, _ in piece.remarks) if misuse else ""
    )
    words = sorted(set(re.findall(r"-E\w+", remarks)))
    for key in [key for key in Misuse.KEYS if key not in misuse and words]:
        probing.choose({functions: misuse}, [{key: word} for word in words])
    if not misuse:
        del registry["misuse"]


def complete_wrappers(probing: Probing, seen: Seen) -> None:
    """Read the wrappers' return types, and of what form each is."""
    functions = {
        piece.name
        for declarations in probing.files.values()
        for piece in declarations
        if piece.kind == "function"
    }
    rows: Data = {}
    for name, row in probing.data.get("ops", {}).items():
        if (wrapper := seen.c.wrapper(name)) in functions:
            rows[wrapper] = row
        else:
            row["wrapper"] = "none"
    probing.fill((row, "wrapper_returns") for row in rows.values())
    for row in rows.values():
        if row.get("wrapper_returns") == row.get("returns", "void"):
            del row["wrapper_returns"]
    probing.choose(rows, _FORMS)


def complete_comments(probing: Probing) -> None:
    """Read all comments that the spec has texts for."""
    data = probing.data
    parts = [data["header"], data.get("source", {}), data["types"], data["registry"]]
    parts += [*data["types"]["values"], *data.get("fields", ()), *data.get("ops", {}).values()]
    parts += data["registry"].get("exports", ())
    holes = [(part, "doc") for part in parts]
    holes += [(data["registry"], f"{what}_doc") for what in ("register", "unregister", "iterator")]
    probing.fill(holes)
    host = str(probing.spec().c.host).removeprefix("struct ")
    for field in data.get("fields", ()):
        if "struct" in field:  # kernel-doc of its members, or what stands there without a text
            probing.choose({host: field}, ({"doc": HOLE}, {}))


def _pointers(declarations: Sequence[Piece], seen: Seen) -> list[str]:
    """The slots' pointers: what stands for the array's elements, and other pointers to hosts."""
    element = re.compile(rf"(?:#define (\w+) |[^()]*?\b(\w+) = ).*&{seen.c.array}\[(\d+)\]\)?;?")
    rows: dict[int, str] = {}
    others: list[str] = []
    for piece in declarations:
        if piece.kind in ("macro", "variable") and (match := element.fullmatch(piece.code)):
            rows[int(match[3])] = match[1] or match[2]
        elif piece.kind == "variable" and piece.code.startswith(f"extern {seen.c.host} *"):
            others += piece.name.split(", ")
    pointers = [rows[row] for row in sorted(rows)]
    return [*pointers, *(name for name in others if name not in pointers)]


def distinguished(names: Sequence[str]) -> list[str]:
    """For each name the words that tell it from the others, as a name of the spec."""
    words = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").split("_") for name in names]
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    shared = len(list(columns)) - (len(words) == 1)
    short = ["_".join(parts[shared:]) or "main" for parts in words]
    return [
        name if name[0].isalpha() and short.count(name) == 1 else f"n{index}_{name}"
        for index, name in enumerate(short)
    ]


def _accepts(function: Piece, c: Names, slots: Data) -> None:
    """Which types go into which slot: the first that is named below the cases of a switch."""
    cases: list[str] = []
    for piece in within(function.inner):
        cases = re.findall(rf"case ({c.type('')}\w+):", piece.head) or cases
        named = [word for word in re.findall(r"\w+", piece.head) if word in slots]
        if cases and named:
            slots[named[0]]["accepts"] += (type_name(c, case) for case in cases)
            cases = []


def _exports(declarations: Sequence[Piece]) -> list[Data]:
    groups: list[Data] = []
    last = 0
    for piece in declarations:
        symbol = re.fullmatch(r"EXPORT_SYMBOL_GPL\((\w+)\);", piece.code)
        if symbol and groups and not piece.remarks and piece.first == last + 1:
            groups[-1]["symbols"].append(symbol[1])
        elif symbol:
            groups.append({"symbols": [symbol[1]]})
        last = piece.last
    return groups
