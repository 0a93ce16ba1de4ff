# SPDX-License-Identifier: GPL-2.0-only
"""What an interface's header declares: its names, types, members and ops.

The prefix is that of an ``enum PREFIX_type`` which stands beside a host and an ops structure of
that name; whether these have typedefs tells the template set.
"""

import ast
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xenhostgen.extensions.patches.lift_c import Piece, arguments, pieces
from xenhostgen.extensions.patches.probe import Data, Probing
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import NameChoices, Names
from xenhostgen.spec.source import At, Problem, Refused
from xenhostgen.spec.template_sets import style, template_sets

_ENUMERATOR = re.compile(r"(\w+)(?: ?= ?(.+?))? ?,?")
_SUFFIXED = re.compile(r"\b(\d\w*?)U?L{0,2}\b", re.I)
_BITS = 64
_OF_PYTHON = re.compile(r"\d_|\b0o|#", re.I)
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}


@dataclass(slots=True)
class Seen:
    """What the header declares: the spec's keys, and what the other files are read by.

    ``enum`` is that of the types, by which the interface is known.
    """

    data: Data
    c: Names
    path: str
    enum: Piece

    @property
    def included(self) -> str:
        """The header as an include names it."""
        return f"<{self.path.removeprefix('include/')}>"


def compact(**values: object) -> Data:
    """A mapping without the keys that hold nothing."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def type_name(c: Names, enumerator: str) -> str:
    """The host type of an enumerator."""
    name = enumerator.removeprefix(c.type(""))
    return name.lower() if c.enumerators == "upper" else name


def number(c: str, value: Callable[[str], int | None] = lambda _: None) -> int | None:
    """The value of a constant expression, its names as ``value`` gives them; None for other C.

    Python's operators on numbers bind as those of C.
    """

    def evaluate(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=known) if type(known) is int:
                return known
            case ast.Name(id=name) if (meaning := value(name)) is not None:
                return meaning
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -evaluate(operand)
            case ast.Call(func=ast.Name(id="BIT"), args=[bit]):
                return _shifted(1, evaluate(bit))
            case ast.BinOp(left=left, op=ast.LShift(), right=right):
                return _shifted(evaluate(left), evaluate(right))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](evaluate(left), evaluate(right))
        raise ValueError(c)

    try:
        return evaluate(ast.parse(_SUFFIXED.sub(r"\1", _in_c(c)), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _shifted(number: int, bits: int) -> int:
    """A number times a power of two. Raises ValueError for what is undefined in C."""
    if bits not in range(_BITS):
        raise ValueError(bits)
    return number << bits


def _in_c(c: str) -> str:
    """A trimmed expression. Raises ValueError where it means something in Python alone."""
    if _OF_PYTHON.search(c):
        raise ValueError(c)
    return c.strip()


def lift_header(path: str, text: str, prefix: str = "") -> Seen | None:
    """What a header tells; None if it holds no such interface (of that prefix, if one is given)."""
    declarations = pieces(text)
    if not (interface := _interface(declarations, prefix)):
        return None
    c, enum, host, ops = interface
    arrays = (re.match(rf"extern {c.host} (\w+) ?\[", piece.code) for piece in declarations)
    names = compact(array=next((array[1] for array in arrays if array), ""))
    if names.get("array") == c.array:
        del names["array"]
    is_lower = any(re.match(rf"{c.prefix}_\w", piece.code) for piece in enum.inner)
    if is_lower != (c.enumerators == "lower"):
        names["enumerators"] = "lower" if is_lower else "upper"
    c = Names(c.prefix, c.typedefs, NameChoices(**names))
    data = compact(
        interface=c.prefix,
        templates=_template_sets(c)[0],
        typedefs=c.typedefs or None,
        names=names,
        header=compact(file=path, includes=[p.name for p in declarations if p.kind == "include"]),
        types={"values": _types(path, enum, c)},
        fields=_fields(host, c),
        ops=_ops(ops, c),
    )
    data["registry"] = {"slots": []}
    return Seen(data, c, path, enum)


def _template_sets(c: Names) -> list[str]:
    return [name for name in template_sets() if style(name).typedefs == c.typedefs]


def complete_set(probing: Probing, seen: Seen) -> None:
    """Of several template sets choose the one that renders most of the header as it is."""
    sets = _template_sets(seen.c)
    likeness: dict[str, int] = {}
    for name in sets if len(sets) > 1 else ():
        probing.data["templates"] = name
        rendered = {piece.code for piece in probing.rendered()[seen.path]}
        likeness[name] = sum(piece.code in rendered for piece in probing.files[seen.path])
    probing.data["templates"] = max(sets, key=lambda name: likeness.get(name, 0))


def complete_names(probing: Probing, seen: Seen, *keys: str) -> None:
    """Read what functions and macros are called, if not as the prefix gives it."""
    names = probing.data.setdefault("names", {})
    probing.fill((names, key) for key in keys)
    usual = Names(seen.c.prefix, seen.c.typedefs, NameChoices())
    for key in keys:
        if names.get(key) == getattr(usual, key):
            del names[key]
    seen.c = Names(seen.c.prefix, seen.c.typedefs, NameChoices(**names))


def complete_header(probing: Probing, seen: Seen) -> None:
    """Read the guard, the licence and what is declared ahead of the interface."""
    header = probing.data["header"]
    probing.fill([(header, "guard"), (probing.data, "spdx")])
    ours = {piece.name for piece in probing.rendered()[seen.path] if piece.kind == "forward"}
    declared = [piece.name for piece in probing.files[seen.path] if piece.kind == "forward"]
    header |= compact(declares=[name for name in declared if name not in ours])


def _interface(
    declarations: Sequence[Piece], prefix: str
) -> tuple[Names, Piece, Piece, Piece] | None:
    """The names of the first interface, its enum of types, its host and its ops structure."""
    named = {(piece.kind, piece.name): piece for piece in reversed(declarations)}
    for enum in declarations:
        if enum.kind == "enum" and enum.name.endswith("_type") and prefix in ("", enum.name[:-5]):
            for kind in ("typedef", "struct"):
                c = Names(enum.name[:-5], kind == "typedef", NameChoices())
                host, ops = (
                    named.get((kind, name.removeprefix("struct "))) for name in (c.host, c.ops)
                )
                if host and ops:
                    return c, enum, host, ops
    return None


def _types(path: str, enum: Piece, c: Names) -> list[Data]:
    """The host types. Raises ``Refused`` for one that a spec can't say.

    What isn't one may have any name.
    """
    begin = c.type("")
    ours = rf"\b{begin}\w"
    rows: list[Data] = []
    other: Refused | None = None

    def refused(piece: Piece, message: str, hint: str) -> Refused:
        line = piece.code.rstrip(",")
        return Refused([Problem("not-liftable", message, path, At(piece.first, 1), hint, line)])

    for piece in enum.inner:
        if not (declarations := _ENUMERATOR.fullmatch(piece.code)):
            continue
        name, value = declarations[1], declarations[2] or ""
        if not value.isalnum() and (bit := number(value)) is not None:
            value = str(bit)
        if not re.match(ours, name):
            hint = "rename it, or the enum: all names begin with the enum's, without '_type'"
            other = other or refused(
                piece, f"'{name}' should begin with '{begin}', as a type of it", hint
            )
        elif re.search(ours, value):
            continue  # told from other types, so it's a limit or a count of them
        elif not re.fullmatch(r"-?\w*", value):
            raise refused(piece, f"the value of '{name}' is no number", "write the number")
        else:
            rows.append(compact(name=type_name(c, name), value=value))
    if other and "0" not in [row.get("value") for row in rows]:
        raise other
    return rows


def _fields(host: Piece, c: Names) -> list[Data]:
    fields: list[Data] = []
    for piece in host.inner:
        if piece.code.startswith("struct {"):
            fields.append({"struct": [member.code[:-1] for member in piece.inner]})
        elif piece.code != f"enum {c.enum} type;" and not piece.code.endswith(f"{c.ops_tag} *ops;"):
            fields.append({"c": piece.code[:-1]})
    return fields


def _ops(ops: Piece, c: Names) -> Data:
    rows: Data = {}
    for piece in ops.inner:
        match = re.fullmatch(r"(?=.*\);$)(.+?) ?\(\*(\w+)\)\((.*)\);", piece.code)
        first, *args = [*arguments(match[3] if match else "")] or [""]
        if match and first.startswith(f"{c.host} *"):
            host = declared_name(first)
            rows[match[2]] = compact(
                returns=match[1] if match[1] != "void" else "",
                args=args,
                host=host if host != "xh" else "",
            )
    return rows
