# SPDX-License-Identifier: GPL-2.0-only
"""What an interface's C file tells: the slots, what they accept and require, exports, errnos."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from xenhostgen.extensions.patches.lift_c import Piece, doc, pieces
from xenhostgen.extensions.patches.lift_header import Data, Seen, compact, middle
from xenhostgen.spec.model import Names

# The errnos as the comments above the registering and unregistering functions name them.
_MISUSE = re.compile(
    r"Return: 0; (?P<type>\S+) if no slot .*?, (?P<ops>\S+) without ops,"
    r" (?P<occupied>\S+) if the slot is taken, (?P<requires>\S+) if"
)
_ABSENT = re.compile(r" (?P<absent>\S+) if no such host is registered, (?P<required>\S+) if")


def lift_source(path: str, text: str, seen: Seen, known: Mapping[str, str]) -> None:
    """Add what the C file tells to what its header told.

    ``known``: slots' names by their pointers.
    """
    c, plain = seen.c, not seen.c.typedefs
    found = pieces(text)
    functions = {piece.name: piece for piece in found if piece.kind == "function"}
    includes = [piece for piece in found if piece.kind == "include"]
    registry = seen.data["registry"]
    pointers = _pointers(found, seen)
    register, unregister = functions.get(c.register), functions.get(c.unregister)
    seen.slots = [pointers[row] for row in sorted(pointers)] or seen.slots
    names = dict(zip(seen.slots, distinguished(seen.slots), strict=True)) | {**known}
    slots: Data = {
        pointer: {"name": names[pointer], "pointer": pointer, "accepts": []}
        for pointer in seen.slots
    }
    _accepts(functions.get(f"{c.prefix}_slot") if plain else register, c, slots, names)
    for pointer, needs in re.findall(
        r"xh == (\w+) && (\w+)->type ==", register.code if register and plain else ""
    ):
        if pointer in slots and needs in names:
            slots[pointer]["requires"] = names[needs]
    macros = [f"EXPORT_SYMBOL_GPL({pointer});" for pointer in slots if plain]
    exports = _exports([piece for piece in found if piece.code not in macros], plain)
    registry |= compact(slots=list(slots.values()), exports=exports)
    if register and unregister:
        if plain:
            registry |= _misuse(register, unregister)
        else:
            registry |= compact(unregister_doc=doc(unregister.remark))
    seen.data["source"] = compact(
        file=path,
        includes=[piece.name for piece in includes],
        doc=doc(includes[0].remark) if includes and not plain else "",
    )


def _pointers(found: Sequence[Piece], seen: Seen) -> dict[int, str]:
    """The slots' pointers by their rows in the array, whose comments are noted, too."""
    c, plain, registry = seen.c, not seen.c.typedefs, seen.data["registry"]
    host = re.escape(c.host)
    pointers: dict[int, str] = {}
    for piece in found:
        # The comment on the pointers stands above the first of what it speaks of.
        if array := re.fullmatch(rf"{host} {c.array}\[\w+\](?: __(\w+))?;", piece.code):
            registry |= compact(storage=array[1], doc=doc(piece.remark) if plain else "")
        elif slot := re.fullmatch(
            rf"{host} \*(?:const )?(\w+) = .*&{c.array}\[(\d+)\];", piece.code
        ):
            if not plain and not pointers:
                registry |= compact(doc=doc(piece.remark))
            pointers[int(slot[2])] = slot[1]
    return pointers


def _misuse(register: Piece, unregister: Piece) -> Data:
    """What the comments above the registering and unregistering functions tell."""
    misuse: dict[str, str] = {}
    for pattern, piece in ((_MISUSE, register), (_ABSENT, unregister)):
        if told := pattern.search(" ".join(piece.remark.replace("\n *", " ").split())):
            misuse |= told.groupdict()
    return compact(
        register_doc=middle(register.remark, "Return:"),
        unregister_doc=middle(unregister.remark, "Return:"),
        misuse=misuse,
    )


def distinguished(names: Sequence[str]) -> list[str]:
    """For each name the words that tell it from the others, as a name of the spec."""
    words = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_").split("_") for name in names]
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    shared = len(list(columns)) - (len(words) == 1)
    made = ["_".join(each[shared:]) or "main" for each in words]
    return [
        name if name[0].isalpha() and made.count(name) == 1 else f"n{index}_{name}"
        for index, name in enumerate(made)
    ]


def _accepts(function: Piece | None, c: Names, slots: Data, names: Mapping[str, str]) -> None:
    """Which types go into which slot, and what it checks first: from the cases of a switch."""
    switch = next(iter(pieces(function.inner)), None) if function else None
    slot: Data = {}
    cases: list[str] = []
    for piece in pieces(switch.inner) if switch else ():
        cases = re.findall(rf"case ({c.type('')}\w+):", piece.code) or cases
        target = re.search(r"(?:BUG_ON\(|return )(\w+)(?:->type|;)", piece.code)
        if cases and target and target[1] in slots:
            slot = slots[target[1]]
            slot["accepts"], cases = [c.type_name(case) for case in cases], []
        elif (needs := re.fullmatch(r"BUG_ON\(!(\w+)\);", piece.code)) and needs[1] in names:
            slot |= compact(requires=names[needs[1]], requires_doc=doc(piece.remark))


def _exports(found: Sequence[Piece], plain: bool) -> list[Data]:
    groups: list[Data] = []
    last = 0
    for piece in found:
        symbol = re.fullmatch(r"EXPORT_SYMBOL_GPL\((\w+)\);", piece.code)
        if symbol and groups and (plain or (not piece.remark and piece.first == last + 1)):
            groups[-1]["symbols"].append(symbol[1])
        elif symbol:
            groups.append(compact(symbols=[symbol[1]], doc="" if plain else doc(piece.remark)))
        last = piece.last
    return groups
