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

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from xenhostgen.csource.declarations import MARKS
from xenhostgen.extensions.mutation.score import Mutant
from xenhostgen.spec.model import Interface

_MACROS = ("preproc_def", "preproc_function_def")
_EXPORT = "expression_statement"  # EXPORT_SYMBOL_GPL(name);
_ASSERTIONS = ("BUG_ON(", "WARN_ON(", "WARN_ON_ONCE(")
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
    replacement: bytes


def mutants(spec: Interface, path: str, text: str) -> Iterator[Mutant]:
    """The mutants of a rendered C file; of the predicates' header, those of the predicates."""
    predicates = {macro.name for macro in spec.predicates.macros}
    others = _confusable_names(spec)
    source = text.encode()
    counts: Counter[str] = Counter()
    versions = {source}
    for node in _declarations(_parse(source)):
        name = _text(_declared_name(node))
        if path == spec.predicates.file and name not in predicates:
            continue
        in_body = node.type in (*_MACROS, "function_definition")
        dropped = _dropped_attribute(spec.registry.attribute, node, source)
        for fault in (*dropped, *_faults_of_declaration(node, others)):
            mutated = _apply(fault, source)
            if mutated in versions:
                continue
            versions.add(mutated)
            kind = f"{path}:{name}:{fault.operator}"
            counts[kind] += 1
            lines = source[: fault.start].decode().split("\n")
            place = (len(lines), len(lines[-1]) + 1)
            yield Mutant(f"{kind}:{counts[kind]}", path, *place, in_body, text, mutated.decode())


def _apply(fault: _Fault, source: bytes) -> bytes:
    """The source with a fault; the line ends of what is replaced stay."""
    line_ends = re.findall(rb"\\?\n", source[fault.start : fault.end])
    kept = b"".join(line_ends[fault.replacement.count(b"\n") :])
    return source[: fault.start] + fault.replacement + kept + source[fault.end :]


def _confusable_names(spec: Interface) -> dict[str, str]:
    """For each name another one of the same sort, which someone could have written instead."""
    misuse = spec.registry.misuse
    errnos = (misuse.type, misuse.occupied, misuse.requires, misuse.absent) if misuse else ()
    sorts: list[list[str]] = [
        [spec.c.type(name) for name in spec.values],
        [*(slot.pointer for slot in spec.slots), "NULL"],
        [table.symbol for _, table in spec.tables()],
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
    """The syntax tree of C; the parser would take the kernel's attributes for names."""
    masked = MARKS.sub(lambda mark: " " * len(mark[0]), source.decode()).encode()
    return Parser(Language(tree_sitter_c.language())).parse(masked).root_node


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _declarations(outer: Node) -> Iterator[Node]:
    """What stands at the top level of a file, and below its ``#if``."""
    for node in outer.named_children:
        if node.type.startswith(("preproc_if", "preproc_el")):
            yield from _declarations(node)
        else:
            yield node


def _declared_name(node: Node) -> Node:
    """The name that is declared, or exported."""
    if node.type == _EXPORT:
        return node.children[0].children[1].named_children[0]
    while inner := node.child_by_field_name("declarator") or node.child_by_field_name("name"):
        node = inner
    return node


def _faults_of_declaration(node: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults of what stands at the top level of a file."""
    if node.type == _EXPORT or _is_prototype(node):
        yield _replaced("drop-declaration", node, "")
    if value := node.child_by_field_name("value"):
        yield from _faults_of_body(value, others)
    elif node.type not in (*_MACROS, _EXPORT):
        yield from _faults(node, others)


def _is_prototype(node: Node) -> bool:
    outer = _declared_name(node).parent
    is_function = outer is not None and outer.type == "function_declarator"
    return is_function and node.type == "declaration"


def _dropped_attribute(attribute: str, node: Node, source: bytes) -> Iterator[_Fault]:
    """The fault of a declaration that lacks the array's attribute."""
    start = source.find(attribute.encode(), node.start_byte, node.end_byte)
    if attribute and start >= 0:
        yield _Fault("drop-word", start, start + len(attribute), b"")


def _faults_of_body(value: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults of a macro's body, which is parsed as a statement that stands in its place."""
    statement = b"{" + (value.text or b"") + b";}"
    for fault in _faults(_parse(statement.rjust(value.end_byte + 2)), others):
        if fault.start < value.end_byte:
            yield fault._replace(end=min(fault.end, value.end_byte))


def _faults(node: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults that a node allows, then those of its parts."""
    yield from _faults_of_node(node, others)
    yield from _faults_of_parts(node)
    for index, child in enumerate(node.children):
        declares = node.field_name_for_child(index) in ("declarator", "name")
        if child.children or not declares:
            yield from _faults(child, others)


def _faults_of_node(node: Node, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults that a node itself allows."""
    code = _text(node)
    match node.type:
        case "const" | "static":
            yield _replaced("drop-word", node, "")
        case "identifier" | "field_identifier" | "null" if code in others:
            yield _replaced("swap-name", node, others[code])
        case "number_literal":
            for near in _near(code):
                yield _replaced("off-by-one", node, str(near))
        case "init_declarator":
            yield _Fault("drop-initialiser", node.children[0].end_byte, node.end_byte, b"")
        case "else_clause":
            yield _replaced("drop-else", node, "")
        case "call_expression" if code.startswith(_ASSERTIONS):
            yield from _faults_of_condition(node.children[1])


def _faults_of_parts(node: Node) -> Iterator[_Fault]:
    """The faults that a node's parts allow as such."""
    condition = node.child_by_field_name("condition")
    if condition and node.type != "switch_statement":
        yield from _faults_of_condition(condition)
    if operator := node.child_by_field_name("operator"):
        yield from _faults_of_operation(node, operator)
    if node.type in _ITEMS:
        yield from _faults_of_list(node)


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
    operator = condition.child_by_field_name("operator")
    # Of other operations another operator is the negation.
    if operator is None or _text(operator) in ("&&", "||", "*", "->", "."):
        yield _replaced("negate", condition, f"!({_text(condition)})")


def _faults_of_operation(node: Node, operator: Node) -> Iterator[_Fault]:
    word = _text(operator)
    if word in _OTHER_OPERATOR:
        kind = "drop-not" if word == "!" else "swap-operator"
        yield _replaced(kind, operator, _OTHER_OPERATOR[word])
    if word in _NEUTRAL_OPERAND:
        for operand in (node.children[0], node.children[-1]):
            yield _replaced("drop-operand", operand, _NEUTRAL_OPERAND[word])


def _faults_of_list(node: Node) -> Iterator[_Fault]:
    """An item left out, or two neighbours exchanged."""
    kind = _ITEMS[node.type]
    value = node.child_by_field_name("value")  # of a case
    items = [item for item in node.named_children if item.type != "comment" and item != value]
    for item, following in zip_longest(items, items[1:]):
        start, end = item.start_byte, item.end_byte
        if item.type == "case_statement":
            label = next(child for child in item.children if child.type == ":")
            yield _Fault("drop-label", start, label.end_byte, b"")
            continue
        if kind == "statement" and item.type == "declaration":
            continue
        if not _falls_with_condition(item):
            comma = item.next_sibling
            if comma and comma.type == ",":
                end = comma.end_byte
            yield _Fault(f"drop-{kind}", start, end, b"")
        if following:
            yield _exchanged(f"reorder-{kind}", node, item, following)


def _falls_with_condition(item: Node) -> bool:
    """Whether a condition that never holds does the same as leaving the statement out."""
    conditional = item.type in ("if_statement", "while_statement")
    return conditional and item.child_by_field_name("alternative") is None


def _exchanged(operator: str, parent: Node, first: Node, second: Node) -> _Fault:
    """A list with two neighbours exchanged; what stands between them stays."""
    texts = parent.text or b""
    between = texts[first.end_byte - parent.start_byte : second.start_byte - parent.start_byte]
    replacement = (second.text or b"") + between + (first.text or b"")
    return _Fault(operator, first.start_byte, second.end_byte, replacement)


def _replaced(operator: str, node: Node, replacement: str) -> _Fault:
    return _Fault(operator, node.start_byte, node.end_byte, replacement.encode())
