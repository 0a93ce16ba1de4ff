# SPDX-License-Identifier: GPL-2.0-only
"""What an interface's header tells: its names, types, members, ops and wrappers.

The prefix is that of an ``enum PREFIX_type`` which stands beside a host and an ops structure of that
name; whether these have typedefs tells the template set.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from xenhostgen.csource.tokens import Kind, tokens
from xenhostgen.patch.lift_c import Piece, arguments, body, doc, free_comment, pieces, prose
from xenhostgen.spec.model import NameChoices, Names
from xenhostgen.spec.words import declared_name

Data = dict[str, Any]

_SPDX = re.compile(r"(?:/\*|//) SPDX-License-Identifier: (.+?)(?: \*/)?\n")


@dataclass(slots=True)
class Seen:
    """What the header told: the spec's keys, and what the other files are read by.

    ``slots`` are the pointers that it declares, ``tables`` the ops tables.
    """

    data: Data
    c: Names
    path: str
    slots: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    @property
    def table_type(self) -> str:
        """How C calls the type of a table."""
        return self.c.ops if self.c.typedefs else f"const {self.c.ops}"


def compact(**values: Any) -> Data:
    """A mapping without the keys that hold nothing."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def spdx(text: str) -> str:
    """The licence that a file's first line names, or an empty string."""
    found = _SPDX.match(text)
    return found[1] if found else ""


def lift_header(path: str, text: str, prefix: str = "") -> Seen | None:
    """What a header tells, or None if it doesn't hold such an interface (of that prefix, if one is given)."""
    found = pieces(text)
    named = {(piece.kind, piece.name): piece for piece in reversed(found)}
    for enum in found:
        if enum.kind != "enum" or not enum.name.endswith("_type") or prefix not in ("", enum.name[:-5]):
            continue
        for typedefs in (True, False):
            c = Names(enum.name.removesuffix("_type"), typedefs, NameChoices())
            kind = "typedef" if typedefs else "struct"
            host, ops = (named.get((kind, name.removeprefix("struct "))) for name in (c.host, c.ops))
            if host and ops:
                return _Header(path, text, found, c).seen(enum, host, ops)
    return None


class _Header:
    def __init__(self, path: str, text: str, found: list[Piece], c: Names) -> None:
        self.path, self.text, self.found, self.c = path, text, found, c

    def seen(self, enum: Piece, host: Piece, ops: Piece) -> Seen:
        c, plain = self.c, not self.c.typedefs
        names, registry, slots, tables = self.declared()
        title, type_docs = _kernel_doc(enum.remark) if plain else (doc(enum.remark), {})
        top = enum.first - (enum.remark.count("\n") + 1 if enum.remark else 0)
        guard = next((piece for piece in self.found if piece.kind == "ifndef"), None)
        ours = (f"struct {c.ops_tag}", f"struct {c.prefix}")
        header = compact(
            file=self.path,
            guard=guard.name if guard else "",
            includes=[piece.name for piece in self.found if piece.kind == "include"],
            declares=[piece.name for piece in self.found if piece.kind == "forward" and piece.name not in ours],
            doc=doc(guard.remark if guard else "") if plain else doc(free_comment(self.text, top)),
        )
        data = compact(
            interface=c.prefix,
            templates="kernel" if plain else "rfc",
            typedefs=c.typedefs or None,
            names=names,
            spdx=spdx(self.text),
            banner=False,
            header=header,
            types={**compact(doc=title), "values": self.types(enum, type_docs)},
            registry=registry,
            fields=self.fields(host),
            ops=self.ops(ops),
        )
        return Seen(data, Names(c.prefix, c.typedefs, NameChoices(**names)), self.path, slots, tables)

    def declared(self) -> tuple[Data, Data, list[str], list[str]]:
        """Names that aren't the prefix's, the registry's comments, the slots' pointers, shared tables."""
        c, host, plain = self.c, re.escape(self.c.host), not self.c.typedefs
        names: Data = {}
        registry: Data = compact(cursor="host" if plain else "pointer")
        slots: list[str] = []
        tables: list[str] = []
        for piece in self.found:
            if array := re.fullmatch(rf"extern {host} (\w+)\[\w+\];", piece.code):
                names["array"] = array[1]
            elif found := re.fullmatch(rf"extern {host} (\*.+);", piece.code):
                slots += re.findall(r"\w+", found[1].replace("const", ""))
            elif found := re.fullmatch(rf"extern (?:const )?{re.escape(c.ops)} (\w+);", piece.code):
                tables.append(found[1])
            elif piece.kind == "prototype" and f"(enum {c.enum} type, " in piece.code:
                names["register"] = piece.name
                registry |= compact(register_doc="" if plain else doc(piece.remark))
            elif piece.kind == "prototype" and f"(enum {c.enum} type)" in piece.code:
                names["unregister"] = piece.name
            elif piece.kind == "macro" and re.search(r"\) for \(", piece.code):
                names["iterator"] = piece.name
                registry |= compact(iterator_doc=middle(piece.remark) if plain else doc(piece.remark))
        usual = {key: getattr(c, key) for key in names}
        return {key: name for key, name in names.items() if name != usual[key]}, registry, slots, tables

    def types(self, enum: Piece, docs: dict[str, str]) -> list[Data]:
        words = tokens(enum.inner)
        listed = "".join(";" if (t.kind, t.text) == (Kind.PUNCTUATOR, ",") else t.text for t in words)
        made = []
        for piece in pieces(listed):
            found = re.fullmatch(rf"({self.c.prefix}_(\w+))(?: = (-?\w+))?;?", piece.code)
            if found:
                words_above = docs.get(found[1], "") or doc(piece.remark)
                made.append(compact(name=found[2], value=found[3], doc=words_above))
        return made

    def fields(self, host: Piece) -> list[Data]:
        made = []
        for piece in pieces(host.inner):
            if piece.code == f"enum {self.c.enum} type;" or piece.code.endswith(f"{self.c.ops_tag} *ops;"):
                continue
            if piece.code.startswith("struct {"):
                made.append(compact(doc=doc(piece.remark), struct=[one.code[:-1] for one in pieces(piece.inner)]))
            else:
                made.append(compact(doc=doc(piece.remark), c=piece.code[:-1]))
        return made

    def ops(self, ops: Piece) -> Data:
        _, docs = _kernel_doc(ops.remark)
        wrappers = {piece.name: piece for piece in self.found if piece.kind == "function"}
        made: Data = {}
        for piece in pieces(ops.inner):
            found = re.fullmatch(r"(.+?) ?\(\*(\w+)\)\((.*)\);", piece.code)
            params = list(arguments(found[3])) if found else []
            if not found or not params or not params[0].startswith(f"{self.c.host} *"):
                continue
            name, host = found[2], declared_name(params[0])
            made[name] = compact(
                returns=found[1] if found[1] != "void" else "",
                args=params[1:],
                host=host if host != "xh" else "",
                **self.wrapper(name, found[1], params[1:], wrappers.get(self.c.wrapper(name))),
                doc=docs.get(name, "") or doc(piece.remark),
            )
        return made

    def wrapper(self, name: str, returns: str, args: list[str], piece: Piece | None) -> Data:
        """The keys that tell of an op's wrapper, as its statements show them."""
        head = rf"static inline (.+?) ?\b{self.c.wrapper(name)}\({re.escape(self.c.host)} \*xh[^{{]*\) "
        passed = ", ".join(["xh", *map(declared_name, args)])
        member = f"xh->ops->{name}"
        call = re.escape(f"({member})({passed});" if self.c.typedefs else f"{member}({passed});")
        if self.c.typedefs:
            statements = rf"(?P<guard>if \(xh\) )?(?:return )?{call}(?: else (?:return )?(?P<no_host>[^;]+);)?"
        else:
            has = re.escape(member)
            statements = (
                rf"(?:if \(!xh\) (?:(?P<guard>return)|(?:return )?(?P<no_host>[^;]+)); )?"
                rf"(?:if \({has}\) {call}(?: else (?P<missing>[^;]+);|(?P<optional>))"
                rf"|if \(!{has}\) return (?P<lacking>[^;]+); return {call}|(?:return )?{call})"
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
    """The words of a kernel-doc comment below its parameters, down to the paragraph that begins with ``last``."""
    lines = body(remark) if remark.startswith("/**") else []
    ends = [row - 1 for row, line in enumerate(lines) if last and line.startswith(last)] or [len(lines)]
    return prose(lines[lines.index("") + 1 : ends[-1]]) if "" in lines else ""
