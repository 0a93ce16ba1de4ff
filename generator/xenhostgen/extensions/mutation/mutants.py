# SPDX-License-Identifier: GPL-2.0-only
"""Wrong versions of rendered C, each with one fault that a person might make.

tree-sitter parses the file; a fault replaces a range of its bytes, and all else stays as rendered.
A mutant has as many lines as the original, for a ``BUG`` tells its line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.c_tree import (
    Node,
    declared,
    defined,
    outside_functions,
    parse,
    text_of,
    without_marks,
)
from xenhostgen.extensions.mutation.score import Mutant
from xenhostgen.spec.model import Interface

_NAMES = ("identifier", "field_identifier", "null")
_EXPORT = "expression_statement"  # EXPORT_SYMBOL_GPL(name);
_ASSERTIONS = ("BUG_ON(", "WARN_ON(", "WARN_ON_ONCE(")
# What is left out, and the operator that does it.
_DROPPED = {"const": "drop-word", "static": "drop-word", "else_clause": "drop-else"}
# The syntax tree's lists, and what stands in them.
_ITEMS = {
    "compound_statement": "statement",
    "case_statement": "statement",
    "field_declaration_list": "member",
    "enumerator_list": "enumerator",
    "initializer_list": "entry",
}
_OTHER_OPERATOR = {
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "&&": "||",
    "||": "&&",
    "++": "--",
    "!": "!!",
}
_NEUTRAL_OPERAND = {"&&": "1", "||": "0"}


class _Fault(NamedTuple):
    """What stands from one byte to another, and what a mutation operator puts in its place."""

    operator: str
    start: int
    end: int
    replacement: bytes = b""


def mutants(spec: Interface, path: str, text: str) -> Iterator[Mutant]:
    """The mutants of a rendered C file; of the predicates' header, those of the predicates."""
    predicates = {macro.name for macro in spec.predicates.macros}
    others = _confusable_names(spec)
    attribute = spec.registry.attribute.encode()
    source = text.encode()
    counts: Counter[str] = Counter()
    versions = {source}
    for node, _ in outside_functions(_parse(source)):
        name = _name(node)
        if path == spec.predicates.file and name not in predicates:
            continue
        faults = list(_faults_of_declaration(node, others))
        start = source.find(attribute, node.start_byte, node.end_byte)
        if attribute and start >= 0:
            faults.insert(0, _Fault("drop-word", start, start + len(attribute)))
        for fault in faults:
            mutated = _apply(fault, source)
            if mutated in versions:
                continue
            versions.add(mutated)
            kind = f"{path}:{name}:{fault.operator}"
            counts[kind] += 1
            *above, line = source[: fault.start].decode().split("\n")
            place = (len(above) + 1, len(line) + 1)
            in_body = bool(defined(node))
            yield Mutant(f"{kind}:{counts[kind]}", path, *place, in_body, text, mutated.decode())


def _apply(fault: _Fault, source: bytes) -> bytes:
    """The source with a fault; the line ends of what is replaced stay."""
    line_ends = re.findall(rb"\\?\n", source[fault.start : fault.end])
    kept = line_ends[fault.replacement.count(b"\n") :]
    return b"".join([source[: fault.start], fault.replacement, *kept, source[fault.end :]])


def _confusable_names(spec: Interface) -> dict[str, str]:
    """For each name another one of the same sort, which someone could have written instead."""
    misuse = spec.registry.misuse
    errnos = (misuse.type, misuse.occupied, misuse.requires, misuse.absent) if misuse else ()
    sorts: list[list[str]] = [
        [spec.c.type(name) for name in spec.values],
        [*(slot.pointer for slot in spec.slots), "NULL"],
        [*(table.symbol for _, table in spec.tables()), *([spec.none] if spec.none else [])],
        [errno.removeprefix("-") for errno in errnos],
        [macro.name for macro in spec.macros],
        [variable.name for variable in spec.kernel.variables],
        [op.name for op in spec.ops],
        ["type", "ops"],
    ]
    sorts += [list(enum.values) for enum in spec.kernel.enums]
    for op in spec.ops:
        for guest in spec.guests:
            entries = [entry for entry in op.tables if entry.table.startswith(f"{guest.name}.")]
            sorts.append([entry.function for entry in entries if entry.function != "NULL"])
    others: dict[str, str] = {}
    for sort in sorts:
        names = list(dict.fromkeys(sort))
        others |= zip(names, names[1:] + names[:1], strict=True)
    return others


def _parse(source: bytes) -> Node:
    return parse(without_marks(source))


def _name(node: Node) -> str:
    """The name that is declared, or exported."""
    if node.type == _EXPORT:
        node = node.children[0].children[1].named_children[0]
    return text_of(declared(node))


def _faults_of_declaration(node: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults of what stands at the top level of a file."""
    outer = declared(node).parent
    is_function = outer is not None and outer.type == "function_declarator"
    if node.type == _EXPORT or (is_function and node.type == "declaration"):
        yield _replaced("drop-declaration", node, "")
    if value := node.child_by_field_name("value"):
        yield from _faults_of_body(value, others)
    elif node.type != _EXPORT:
        yield from _faults(node, others)


def _faults_of_body(value: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults of a macro's body, which is parsed as a statement that stands in its place."""
    statement = b"{" + (value.text or b"") + b";}"
    for fault in _faults(_parse(statement.rjust(value.end_byte + 2)), others):
        if fault.start < value.end_byte:
            yield fault._replace(end=min(fault.end, value.end_byte))


def _faults(node: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults that a node allows, then those of its parts."""
    code = text_of(node)
    if node.type in _NAMES and code in others:
        yield _replaced("swap-name", node, others[code])
    yield from _faults_of_node(node, code)
    for child in node.children:
        declares = child.field in ("declarator", "name")
        if child.children or not declares:
            yield from _faults(child, others)


def _faults_of_node(node: Node, code: str) -> Iterator[_Fault]:
    """The faults that a node itself allows, whatever its names."""
    if operator := _DROPPED.get(node.type):
        yield _replaced(operator, node, "")
    elif node.type == "number_literal":
        for near in _near(code):
            yield _replaced("off-by-one", node, str(near))
    elif node.type == "init_declarator":
        yield _Fault("drop-initialiser", node.children[0].end_byte, node.end_byte)
    condition = node.child_by_field_name("condition")
    if node.type == "call_expression" and code.startswith(_ASSERTIONS):
        condition = node.child_by_field_name("arguments")
    if condition and node.type != "switch_statement":
        yield from _faults_of_condition(condition)
    if symbol := node.child_by_field_name("operator"):
        yield from _faults_of_operation(node, symbol)
    if kind := _ITEMS.get(node.type):
        yield from _faults_of_list(node, kind)


def _near(literal: str) -> list[int]:
    """The numbers one above and one below a literal."""
    try:
        value = int(literal.rstrip("uUlL"), 0)
    except ValueError:  # a fraction
        return []
    return [value + 1, value - 1] if value else [1]


def _faults_of_condition(condition: Node) -> Iterator[_Fault]:
    while condition.type in ("argument_list", "parenthesized_expression"):
        condition = condition.named_children[0]
    yield _replaced("condition-false", condition, "0")
    yield _replaced("condition-true", condition, "1")
    # Of other operations another operator is the negation.
    if text_of(condition.child_by_field_name("operator")) in ("", "&&", "||", "*", "->", "."):
        yield _replaced("negate", condition, f"!({text_of(condition)})")


def _faults_of_operation(node: Node, operator: Node) -> Iterator[_Fault]:
    word = text_of(operator)
    if other := _OTHER_OPERATOR.get(word):
        yield _replaced("drop-not" if word == "!" else "swap-operator", operator, other)
    if neutral := _NEUTRAL_OPERAND.get(word):
        for operand in (node.children[0], node.children[-1]):
            yield _replaced("drop-operand", operand, neutral)


def _faults_of_list(node: Node, kind: str) -> Iterator[_Fault]:
    """An item left out, or two neighbours exchanged; what stands between these stays."""
    value = node.child_by_field_name("value")  # of a case
    items = [item for item in node.named_children if item.type != "comment" and item != value]
    texts = (node.text or b"").rjust(node.end_byte)
    for item, following in zip_longest(items, items[1:]):
        start, end = item.start_byte, item.end_byte
        if item.type == "case_statement":
            label = next(child for child in item.children if child.type == ":")
            yield _Fault("drop-label", start, label.end_byte)
            continue
        if kind == "statement" and item.type == "declaration":
            continue
        if not _falls_with_condition(item):
            comma = item.next_sibling
            yield _Fault(f"drop-{kind}", start, end + (comma is not None and comma.type == ","))
        if following:
            first, second = following.start_byte, following.end_byte
            exchanged = texts[first:second] + texts[end:first] + texts[start:end]
            yield _Fault(f"reorder-{kind}", start, second, exchanged)


def _falls_with_condition(item: Node) -> bool:
    """Whether a condition that never holds does the same as leaving the statement out."""
    conditional = item.type in ("if_statement", "while_statement")
    return conditional and item.child_by_field_name("alternative") is None


def _replaced(operator: str, node: Node, replacement: str) -> _Fault:
    return _Fault(operator, node.start_byte, node.end_byte, replacement.encode())
