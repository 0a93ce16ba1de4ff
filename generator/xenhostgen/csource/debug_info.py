# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler understood of C, told by the debugging information of an object file.

Whoever wants to know of a name declares an *anchor*, a variable ``anchor_KEY`` of its type or
pointing to it. Types come in C's words, without typedefs but those of structures without a name.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from elftools.elf.relocation import RelocationHandler

from xenhostgen.csource.objects import ObjectFile, opened

ANCHOR = "anchor_"
VALUE = "value_"
"""Begins the keys of those anchors of which the parts are asked."""
Description = tuple[str, ...]
"""What can be said of a name: enumerators, members and layout, or a type and a table's entries."""

_WORDS = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum"}
_NAMES = {
    "_Bool": "bool",
    "long long int": "long int",
    "long long unsigned int": "long unsigned int",
    "long long": "long",
    "unsigned long long": "unsigned long",
}
_TAGGED = [f"DW_TAG_{kind}" for kind in _WORDS]


class Unit(NamedTuple):
    """What is to be known of a compiled unit."""

    descriptions: dict[str, Description]
    """By the anchors' keys."""
    sections: dict[str, str]
    """Where each symbol lies."""
    references: dict[str, tuple[str, ...]]
    """The symbols that each section names."""


def read_unit(path: Path) -> Unit:
    """The unit in an object file, compiled with -g and a section for each function and variable."""
    with opened(path) as file:
        dwarf, handler = file.elf.get_dwarf_info(False), RelocationHandler(file.elf)
        # Only this section is read, and to relocate them all takes most of the time.
        entries = file.elf.get_section_by_name(".debug_info")
        if relocations := handler.find_relocations_for_section(entries):
            handler.apply_section_relocations(dwarf.debug_info_sec.stream, relocations)
        top = next(dwarf.iter_CUs()).get_top_DIE()
        dies = (die for die in top.iter_children() if die.tag == "DW_TAG_variable")
        anchors = {_name(die): _without(_target(die), "typedef") for die in dies}
        return Unit(
            {
                name.removeprefix(ANCHOR): tuple(_describe(file, name, die))
                for name, die in anchors.items()
                if name.startswith(ANCHOR)
            },
            {symbol.name: symbol.section for symbol in file.symbols},
            {section: tuple(names.values()) for section, names in file.references.items()},
        )


def _target(die: Any) -> Any:
    """The type of a variable, member or parameter, or what a type is made from; None for void."""
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def _without(die: Any, kind: str) -> Any:
    while die is not None and die.tag == f"DW_TAG_{kind}":
        die = _target(die)
    return die


def _name(die: Any) -> str:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else ""


def _number(die: Any, name: str) -> int | None:
    attribute = die.attributes.get(f"DW_AT_{name}")
    return attribute.value if attribute else None


def _describe(file: ObjectFile, anchor: str, die: Any) -> Iterator[str]:
    """What an anchored type holds; of anything else, its type and what a table points to."""
    if anchor.startswith(f"{ANCHOR}{VALUE}"):
        yield from _parts(die)
        return
    if die.tag != "DW_TAG_pointer_type":
        yield from _held(die)
        return
    name = anchor.removeprefix(ANCHOR).partition("_")[2]
    target = _target(die)
    yield _text(target)
    structure = _without(_without(target, "const_type"), "typedef")
    if not (symbol := file.named.get(name)):
        return
    if symbol.binding == "WEAK":
        yield "weak"
    names = file.references.get(symbol.section, {})
    for member in structure.iter_children() if structure is not None and names else ():
        place = symbol.offset + (_number(member, "data_member_location") or 0)
        if member.tag == "DW_TAG_member" and place in names:
            yield f".{_name(member)} = {names[place]}"
    is_table = structure is not None and structure.tag == "DW_TAG_structure_type"
    if is_table and not re.match(rf"\.(init|exit)\.|.*\.{name}$", symbol.section):
        yield f"in the section {symbol.section}"


def _parts(die: Any, path: str = "") -> Iterator[str]:
    """What of a value is no padding: the C behind its name, and the type."""
    bare = _without(die, "typedef")
    if bare.tag != "DW_TAG_structure_type":
        yield f"{path}: {_text(bare)}"
        return
    for member in bare.iter_children():
        name = _name(member)
        yield from _parts(_target(member), f"{path}.{name}" if name else path)


def _held(die: Any) -> Iterator[str]:
    """Enumerators with their values, or members with their places; then the size."""
    for child in die.iter_children():
        if child.tag == "DW_TAG_enumerator":
            yield f"{_name(child)} = {_number(child, 'const_value')}"
        elif child.tag == "DW_TAG_member":
            c = f"{_text(_target(child))} {_name(child)}".rstrip()
            yield f"{c}, {_place(child)}"
    yield f"{_number(die, 'byte_size')} bytes"


def _place(member: Any) -> str:
    """Where a member lies in its structure; compilers count bits from either end."""
    place, bits = _number(member, "data_member_location") or 0, _number(member, "bit_size")
    if bits is None:
        return f"at byte {place}"
    first = _number(member, "data_bit_offset")
    offset = f"{place}:{_number(member, 'bit_offset')}" if first is None else str(first)
    return f"{bits} bits at bit {offset}"


def _text(die: Any) -> str:
    """A type in C's words, without the name that it declares."""
    if die is None:
        return "void"
    kind, name = die.tag.removeprefix("DW_TAG_"), _name(die)
    if kind == "typedef":
        target = _target(die)
        is_nameless = target is not None and target.tag in _TAGGED and not _name(target)
        return name if is_nameless else _text(target)
    if kind in _WORDS:
        return f"{_WORDS[kind]} {name or '{ ' + '; '.join(_held(die)) + ' }'}"
    return _NAMES.get(name, name) or _derived(kind, die)


def _derived(kind: str, die: Any) -> str:
    """A type that is made from another."""
    inner, children = _text(_target(die)), list(die.iter_children())
    match kind:
        case "pointer_type" if inner.endswith(")"):
            return inner.replace(" (", " (*)(", 1)
        case "pointer_type":
            return f"{inner}*" if inner.endswith("*") else f"{inner} *"
        case "subroutine_type":
            if not children and "DW_AT_prototyped" in die.attributes:
                return f"{inner} (void)"
            # A const parameter is the function's own affair.
            types = (_without(_target(child), "const_type") for child in children)
            return f"{inner} ({', '.join(map(_text, types))})"
        case "array_type":
            return f"{inner} {''.join(map(_length, children))}"
    return f"{inner} {kind.removesuffix('_type')}"


def _length(die: Any) -> str:
    """A dimension of an array; empty brackets if it isn't known."""
    last, count = _number(die, "upper_bound"), _number(die, "count")
    return f"[{(count or '') if last is None else last + 1}]"
