# SPDX-License-Identifier: GPL-2.0-only
"""Wrong versions of rendered C, each with one fault that a person might make.

Faults are made in the syntax tree. Printed with and without one, it tells which tokens differ, and those
are changed in the text: all else stays as rendered, line numbers included.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import accumulate, takewhile
from typing import Any

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from xenhostgen.csource.canonical import KNOWN_TYPES, parse
from xenhostgen.csource.declarations import Declaration, declarations, declared_names
from xenhostgen.csource.preprocess import Preprocessed
from xenhostgen.csource.tokens import Kind, Token, code_tokens
from xenhostgen.extensions.mutation.score import Mutant
from xenhostgen.spec.model import Interface

_Edit = tuple[str, int, int, str]  # an operator: what stands from where to where becomes which text
_Fault = tuple[str, Any, str, Any]  # an operator: which attribute of which node becomes what
_Words = list[tuple[str, int, int]]  # tokens: each one's text, beginning and end
_OTHER = {
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "&&": "||",
    "||": "&&",
    "p++": "p--",
}
_ASSERTIONS = ("BUG_ON", "WARN_ON", "WARN_ON_ONCE")
_PARSED = ("function", "variable", "struct", "enum", "typedef", "prototype", "macro")
_LINE_END = re.compile(r"(?:[ \t]*\\)?\n")
_NO, _YES = c_ast.Constant("int", "0"), c_ast.Constant("int", "1")


def mutants(spec: Interface, path: str, text: str) -> Iterator[Mutant]:
    """The mutants of one rendered C file; of the predicates' header only those of the predicates."""
    ours = (
        {macro.name for macro in spec.predicates.macros} if path == spec.predicates.file else None
    )
    others = _mistakable(spec)
    starts = _starts(text)
    ordinals: Counter[tuple[str, str]] = Counter()
    made = {text}
    for declaration in declarations(text):
        if ours is not None and declaration.name not in ours:
            continue
        name, edits = _edits(spec, declaration, starts, others)
        for operator, start, end, new in edits:
            # As many lines as before, for a BUG tells its line.
            ends = _LINE_END.findall(text[start:end])
            fits = new.count("\n") <= len(ends) and declaration.kind != "macro"
            new_lines = new.split("\n") if fits else [" ".join(new.split())]
            rest = _LINE_END.search(text, end)
            behind = rest.start() if rest else len(text)
            left = "".join(ends[len(new_lines) - 1 :])
            whole = text[:start] + "\n".join(new_lines) + text[end:behind] + left + text[behind:]
            if whole not in made:
                made.add(whole)
                ordinals[name, operator] += 1
                mutant = f"{path}:{name}:{operator}:{ordinals[name, operator]}"
                line = text.count("\n", 0, start)
                in_body = declaration.kind in ("function", "macro")
                yield Mutant(mutant, path, line + 1, start - starts[line] + 1, in_body, text, whole)


def _mistakable(spec: Interface) -> dict[str, str]:
    """For each name another one of the same sort, which someone could have written instead."""
    misuse = spec.registry.misuse
    errnos = (misuse.type, misuse.occupied, misuse.requires, misuse.absent) if misuse else ()
    sorts: list[Iterable[str]] = [
        [spec.c.type(name) for name in spec.values],
        [*(slot.pointer for slot in spec.slots), "NULL"],
        [table.symbol for _, table in spec.tables()],
        [errno.removeprefix("-") for errno in errnos],
        [macro.name for macro in spec.macros],
        [variable.name for variable in spec.kernel.variables],
        [op.name for op in spec.ops],
        ["type", "ops"],
        *(enum.values for enum in spec.kernel.enums),
    ]
    for op in spec.ops:
        for guest in spec.guests:
            entries = [entry for entry in op.tables if entry.table.startswith(f"{guest.name}.")]
            sorts.append([entry.function for entry in entries if entry.function != "NULL"])
    unique = [list(dict.fromkeys(sort)) for sort in sorts]
    return {
        name: other
        for sort in unique
        for name, other in zip(sort, sort[1:] + sort[:1], strict=True)
    }


def _starts(text: str) -> list[int]:
    """Where lines begin."""
    return [0, *accumulate(map(len, text.splitlines(keepends=True)))]


def _words(tokens: Iterable[Token], starts: list[int]) -> _Words:
    begun = [(token.text, starts[token.line - 1] + token.column - 1) for token in tokens]
    return [(word, start, start + len(word)) for word, start in begun]


def _edits(
    spec: Interface, declaration: Declaration, starts: list[int], others: dict[str, str]
) -> tuple[str, list[_Edit]]:
    """What the declaration declares, and its faults."""
    kind, name, tokens = declaration.kind, declaration.name, list(declaration.tokens)
    words = _words(tokens, starts)
    whole = [("drop-declaration", words[0][1], words[-1][2], "")]
    if kind == "export":
        return tokens[2].text, whole
    if kind not in _PARSED:
        return name, []
    linkage = " ".join(guest.boot.linkage or "" for guest in spec.guests)
    unknown = {"__init", *linkage.split(), attribute := spec.registry.attribute.strip()}
    forgotten = {"const", "static", attribute} if kind != "macro" else {}
    edits = [("drop-word", start, end, "") for word, start, end in words if word in forgotten]
    if kind == "variable":
        name = declared_names([token for token in tokens if token.text not in unknown])[0]
    elif kind == "macro":  # its body
        listed = tokens[3].kind is Kind.PARAMETERS
        words = words[
            next(n for n, token in enumerate(tokens) if token.text == ")") + 1 if listed else 3 : -1
        ]
    words = [word for word in words if word[0] not in unknown]
    if words:
        edits += _of_tree(_tree(spec, kind, name, [word for word, *_ in words]), words, others)
    return name, [*edits, *(whole if kind == "prototype" else [])]


def _tree(spec: Interface, kind: str, name: str, words: list[str]) -> Any:
    """The syntax tree of a declaration, or of a function around a macro's body."""
    known = (*KNOWN_TYPES, *((spec.c.host, spec.c.ops) if spec.typedefs else ()))
    types = "".join(f"typedef int {word}; " for word in known if word != name and word in words)
    code = " ".join(words)
    code = f"void macro(void) {{ {code}; }}" if kind == "macro" else code
    return parse(Preprocessed("", types + code, (), ())).ext[-1]


def _of_tree(tree: Any, words: _Words, others: dict[str, str]) -> Iterator[_Edit]:
    """A tree's faults, as changes of the text that it was made from."""
    _, before = _printed(tree)
    old, written = ([word for word, *_ in each] for each in (before, words))
    at: dict[int, int] = {}  # the printed tokens' places among the written ones
    for block in SequenceMatcher(None, old, written, autojunk=False).get_matching_blocks():
        at |= {block.a + n: block.b + n for n in range(block.size)}
    for operator, node, attribute, value in _faults(tree, others):
        kept = getattr(node, attribute)
        setattr(node, attribute, value)
        text, after = _printed(tree)
        setattr(node, attribute, kept)
        new = [word for word, *_ in after]
        ahead = _common(old, new)
        behind = _common(old[ahead:][::-1], new[ahead:][::-1])
        found = [at[n] for n in range(ahead, len(old) - behind) if n in at]
        if not found and ahead not in at:
            continue
        first, last = (found[0], found[-1]) if found else (at[ahead], at[ahead] - 1)
        needed = _depth(old[ahead : len(old) - behind])
        # Brackets that the printed text has no need of.
        while (
            (depth := _depth(written[first : last + 1])) != needed
            and first
            and last < len(written) - 1
        ):
            first, last = (first, last + 1) if depth > needed else (first - 1, last)
        inserted = after[ahead : len(after) - behind]
        said = text[inserted[0][1] : inserted[-1][2]] if inserted else ""
        said = re.sub(r"\s*\n( *)", lambda found: "\n" + "\t" * (len(found[1]) // 2), said)
        yield operator, words[first][1], words[last][2] if found else words[first][1], said


def _printed(tree: Any) -> tuple[str, _Words]:
    text: str = CGenerator(reduce_parentheses=True).visit(tree)
    return text, _words(code_tokens(text), _starts(text))


def _common(some: list[str], others: list[str]) -> int:
    """How many words both begin with."""
    pairs = zip(some, others, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _depth(words: list[str]) -> int:
    return sum((word in "([{") - (word in ")]}") for word in words)


def _faults(node: Any, others: dict[str, str]) -> Iterator[_Fault]:
    """The faults that a node allows, then those of its parts."""
    match node:
        case c_ast.If(cond=cond) | c_ast.While(cond=cond) | c_ast.For(cond=cond):
            yield from ((operator, node, "cond", value) for operator, value in _conditions(cond))
            if getattr(node, "iffalse", None):
                yield "drop-else", node, "iffalse", None
        case c_ast.FuncCall(name=c_ast.ID(name=name), args=c_ast.ExprList(exprs=[cond])) if (
            name in _ASSERTIONS
        ):
            yield from (
                (operator, node.args, "exprs", [value]) for operator, value in _conditions(cond)
            )
        case c_ast.ID(name=name) if name in others:
            yield "swap-name", node, "name", others[name]
        case c_ast.Constant(type="int", value=digits):
            near = [n for n in (int(digits, 0) + 1, int(digits, 0) - 1) if n >= 0]
            yield from (("off-by-one", node, "value", str(n)) for n in near)
        case c_ast.BinaryOp(op=op) | c_ast.UnaryOp(op=op) if op in _OTHER:
            yield "swap-operator", node, "op", _OTHER[op]
            if op in ("&&", "||"):
                for side in ("left", "right"):
                    yield "drop-operand", node, side, _YES if op == "&&" else _NO
        case c_ast.UnaryOp(op="!"):
            yield "drop-not", node, "op", "!!"
        case c_ast.Decl(init=init) if init:
            yield "drop-initialiser", node, "init", None
        case c_ast.Compound() | c_ast.Case() | c_ast.Default():
            yield from _of_list(
                "statement", node, "block_items" if isinstance(node, c_ast.Compound) else "stmts"
            )
        case c_ast.Struct():
            yield from _of_list("member", node, "decls")
        case c_ast.EnumeratorList():
            yield from _of_list("enumerator", node, "enumerators")
        case c_ast.InitList():
            yield from _of_list("entry", node, "exprs")
    for _, part in node.children():
        yield from _faults(part, others)


def _conditions(cond: Any) -> Iterator[tuple[str, Any]]:
    """What stands instead of a condition."""
    yield "condition-false", _NO
    yield "condition-true", _YES
    if getattr(cond, "op", "&&") in ("&&", "||", "*"):  # else another operator does the same
        yield "negate", c_ast.UnaryOp("!", cond)


def _of_list(kind: str, node: Any, attribute: str) -> Iterator[_Fault]:
    """One left out, or two neighbours exchanged."""
    items = getattr(node, attribute) or []
    for n, item in enumerate(items):
        before, after, second = items[:n], items[n + 1 :], items[n + 1 : n + 2]
        if isinstance(item, (c_ast.Case, c_ast.Default)):
            yield "drop-label", node, attribute, [*before, *(item.stmts or []), *after]
        elif kind == "statement" and isinstance(item, c_ast.Decl):
            continue
        elif not isinstance(item, (c_ast.If, c_ast.While)) or getattr(item, "iffalse", None):
            yield (
                f"drop-{kind}",
                node,
                attribute,
                before + after,
            )  # the others fall with their conditions
        if second and not isinstance(item, (c_ast.Case, c_ast.Default)):
            yield f"reorder-{kind}", node, attribute, [*before, *second, item, *after[1:]]
