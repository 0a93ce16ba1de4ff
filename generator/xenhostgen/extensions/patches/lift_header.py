# SPDX-License-Identifier: GPL-2.0-only
"""What an interface's header tells: its names, types, members, ops and wrappers.

The prefix is that of an ``enum PREFIX_type`` which stands beside a host and an ops structure of
that name; whether these have typedefs tells the template set.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xenhostgen.csource.tokens import Kind, tokens
from xenhostgen.extensions.patches.lift_c import (
    Piece,
    arguments,
    body,
    doc,
    free_comment,
    pieces,
    prose,
)
from xenhostgen.spec.c_names import declared_name
from xenhostgen.spec.model import NameChoices, Names
from xenhostgen.spec.source import At, Problem, Refused

Data = dict[str, Any]

_SPDX = re.compile(r"(?:/\*|//) SPDX-License-Identifier: (.+?)(?: \*/)?\n")
_ENUMERATOR = re.compile(r"(\w+)(?: = (.+?))?;?")
_BIT = re.compile(r"\(?1U?L? << (\d\d?)\)?|BIT\((\d\d?)\)")


@dataclass(slots=True)
class Seen:
    """What the header told: the spec's keys, and what the other files are read by.

    ``slots`` are the pointers that it declares, or rather those that the C file defines.
    """

    data: Data
    c: Names
    path: str
    slots: list[str]

    @property
    def included(self) -> str:
        """The header as an include names it."""
        return f"<{self.path.removeprefix('include/')}>"


def compact(**values: Any) -> Data:
    """A mapping without the keys that hold nothing."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def lift_header(path: str, text: str, prefix: str = "") -> Seen | None:
    """What a header tells; None if it holds no such interface (of that prefix, if one is given)."""
    found = pieces(text)
    if not (interface := _interface(found, prefix)):
        return None
    c, enum, host, ops = interface
    plain = not c.typedefs
    names, registry, slots = _declared(found, c)
    case = "lower" if re.search(rf"\b{c.prefix}_\w", enum.inner) else "upper"
    if case != c.enumerators:
        names["enumerators"] = case
        c = Names(c.prefix, c.typedefs, NameChoices(enumerators=case))
    title, type_docs = _kernel_doc(enum.remark) if plain else (doc(enum.remark), {})
    top = enum.first - (enum.remark.count("\n") + 1 if enum.remark else 0)
    guard = next((piece for piece in found if piece.kind == "ifndef"), None)
    ours = (f"struct {c.ops_tag}", f"struct {c.prefix}")
    spdx = _SPDX.match(text)
    header = compact(
        file=path,
        guard=guard.name if guard else "",
        includes=[piece.name for piece in found if piece.kind == "include"],
        declares=[
            piece.name for piece in found if piece.kind == "forward" and piece.name not in ours
        ],
        doc=doc(guard.remark if guard else "") if plain else doc(free_comment(text, top)),
    )
    data = compact(
        interface=c.prefix,
        templates="kernel" if plain else "rfc",
        typedefs=c.typedefs or None,
        names=names,
        spdx=spdx[1] if spdx else "",
        header=header,
        types={**compact(doc=title), "values": _types(path, enum, c, type_docs)},
        registry=registry,
        fields=_fields(host, c),
        ops=_ops(ops, c, {piece.name: piece for piece in found if piece.kind == "function"}),
    )
    return Seen(data, Names(c.prefix, c.typedefs, NameChoices(**names)), path, slots)


def _interface(found: Sequence[Piece], prefix: str) -> tuple[Names, Piece, Piece, Piece] | None:
    """The names of the first interface, its enum of types, its host and its ops structure."""
    named = {(piece.kind, piece.name): piece for piece in reversed(found)}
    for enum in found:
        if enum.kind == "enum" and enum.name.endswith("_type") and prefix in ("", enum.name[:-5]):
            for kind in ("typedef", "struct"):
                c = Names(enum.name[:-5], kind == "typedef", NameChoices())
                host, ops = (
                    named.get((kind, name.removeprefix("struct "))) for name in (c.host, c.ops)
                )
                if host and ops:
                    return c, enum, host, ops
    return None


def _declared(found: Sequence[Piece], c: Names) -> tuple[Data, Data, list[str]]:
    """Names that aren't the prefix's, the registry's comments, the slots' pointers."""
    host, plain = re.escape(c.host), not c.typedefs
    names: Data = {}
    registry: Data = {"cursor": "host" if plain else "pointer"}
    slots: list[str] = []
    for piece in found:
        if array := re.fullmatch(rf"extern {host} (\w+)\[\w+\];", piece.code):
            names["array"] = array[1]
        elif pointers := re.fullmatch(rf"extern {host} (\*.+);", piece.code):
            slots += re.findall(r"\w+", pointers[1].replace("const", ""))
        elif piece.kind == "prototype" and f"(enum {c.enum} type, " in piece.code:
            names["register"] = piece.name
            registry |= compact(register_doc="" if plain else doc(piece.remark))
        elif piece.kind == "prototype" and f"(enum {c.enum} type)" in piece.code:
            names["unregister"] = piece.name
        elif piece.kind == "macro" and ") for (" in piece.code:
            names["iterator"] = piece.name
            registry |= compact(iterator_doc=middle(piece.remark) if plain else doc(piece.remark))
    return {key: name for key, name in names.items() if name != getattr(c, key)}, registry, slots


def _types(path: str, enum: Piece, c: Names, docs: dict[str, str]) -> list[Data]:
    """The host types. Raises ``Refused`` for one that a spec can't say.

    What isn't one may have any name.
    """
    words = tokens(enum.inner)
    listed = "".join(";" if (t.kind, t.text) == (Kind.PUNCTUATOR, ",") else t.text for t in words)
    begin = c.type("")
    ours = rf"\b{begin}\w"
    made: list[Data] = []
    other: Refused | None = None

    def refused(piece: Piece, message: str, hint: str) -> Refused:
        at = At(enum.inner_line + piece.first - 1, 1)
        return Refused([Problem("not-liftable", message, path, at, hint, piece.code.rstrip(";"))])

    for piece in pieces(listed):
        if not (found := _ENUMERATOR.fullmatch(piece.code)):
            continue
        name, value = found[1], found[2] or ""
        if bit := _BIT.fullmatch(value):
            value = str(1 << int(bit[1] or bit[2]))
        if not re.match(ours, name):
            hint = "rename it, or the enum: its name less '_type' is what they begin with"
            other = other or refused(
                piece, f"'{name}' should begin with '{begin}', as a type of it", hint
            )
        elif re.search(ours, value):
            continue  # told from other types, so it's a limit or a count of them
        elif not re.fullmatch(r"-?\w*", value):
            raise refused(piece, f"the value of '{name}' is no number", "write the number")
        else:
            text = docs.get(name, "") or doc(piece.remark)
            made.append(compact(name=c.type_name(name), value=value, doc=text))
    if other and "0" not in [row.get("value") for row in made]:
        raise other
    return made


def _fields(host: Piece, c: Names) -> list[Data]:
    made = []
    _, docs = _kernel_doc(host.remark)
    for piece in pieces(host.inner):
        declared = [piece.code[:-1]]
        if piece.code.startswith("struct {"):
            declared = [one.code[:-1] for one in pieces(piece.inner)]
            field: Data = {"struct": declared}
        elif piece.code != f"enum {c.enum} type;" and not piece.code.endswith(f"{c.ops_tag} *ops;"):
            field = {"c": declared[0]}
        else:
            continue
        text = docs.get(declared_name(declared[0]), "") if declared else ""
        made.append(compact(doc=text or doc(piece.remark), **field))
    return made


def _ops(ops: Piece, c: Names, functions: dict[str, Piece]) -> Data:
    _, docs = _kernel_doc(ops.remark)
    made: Data = {}
    for piece in pieces(ops.inner):
        found = re.fullmatch(r"(.+?) ?\(\*(\w+)\)\((.*)\);", piece.code)
        if not found or not found[3].startswith(f"{c.host} *"):
            continue
        returns, name, (first, *args) = found[1], found[2], arguments(found[3])
        host = declared_name(first)
        made[name] = compact(
            returns=returns if returns != "void" else "",
            args=args,
            host=host if host != "xh" else "",
            **_wrapper(c, name, returns, args, functions.get(c.wrapper(name))),
            doc=docs.get(name, "") or doc(piece.remark),
        )
    return made


def _wrapper(c: Names, name: str, returns: str, args: list[str], piece: Piece | None) -> Data:
    """The keys that tell of an op's wrapper, as its statements show them."""
    head = rf"static inline (.+?) ?\b{c.wrapper(name)}\({re.escape(c.host)} \*xh[^{{]*\) "
    passed = ", ".join(["xh", *map(declared_name, args)])
    has = re.escape(f"xh->ops->{name}")
    call = rf"(?:return )?\(?{has}\)?\({re.escape(passed)}\);"
    if c.typedefs:
        statements = rf"(?P<guard>if \(xh\) )?{call}(?: else (?:return )?(?P<no_host>[^;]+);)?"
    else:
        statements = (
            rf"(?:if \(!xh\) (?:(?P<guard>return)|(?:return )?(?P<no_host>[^;]+)); )?"
            rf"(?:if \({has}\) {call}(?: else (?P<missing>[^;]+);|(?P<optional>))"
            rf"|if \(!{has}\) return (?P<lacking>[^;]+); {call}|{call})"
        )
    found = re.fullmatch(rf"{head}\{{ {statements} \}}", piece.code) if piece else None
    if not found:
        return {"wrapper": "none"}
    told = found.groupdict()
    kind = "optional" if told.get("optional") is not None else "guarded" if told["guard"] else ""
    return compact(
        wrapper="" if told["no_host"] else kind,
        wrapper_returns=found[1] if found[1] != returns else "",
        when_no_host=told["no_host"],
        when_missing=told.get("missing") or told.get("lacking"),
    )


def _kernel_doc(remark: str) -> tuple[str, dict[str, str]]:
    """What a kernel-doc comment says of a type, and of each member."""
    lines = body(remark) if remark.startswith("/**") else []
    title = re.fullmatch(r"\w+ \w+ - (.+)", lines[0]) if lines else None
    members = (re.fullmatch(r"@(\w+): (.+)", line) for line in lines[1:])
    return title[1] if title else "", {found[1]: found[2] for found in members if found}


def middle(remark: str, last: str = "") -> str:
    """The words of a kernel-doc comment between its parameters and the paragraph of ``last``."""
    lines = body(remark) if remark.startswith("/**") else []
    ends = [row - 1 for row, line in enumerate(lines) if last and line.startswith(last)] or [
        len(lines)
    ]
    return prose(lines[lines.index("") + 1 : ends[-1]]) if "" in lines else ""
