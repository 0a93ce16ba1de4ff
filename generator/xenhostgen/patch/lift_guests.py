# SPDX-License-Identifier: GPL-2.0-only
"""What the changed kernel files tell: guests with tables and registrations, predicates, the object line."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

from xenhostgen.patch.code import function_begun
from xenhostgen.patch.lift_c import Piece, doc, pieces
from xenhostgen.patch.lift_header import Data, Seen, compact
from xenhostgen.patch.lift_input import Stretch, landmarks
from xenhostgen.patch.lift_source import distinguished

_HEAD = re.compile(r"(?:(?P<linkage>[\w ]+) )?void __init (?P<function>\w+)\((?P<params>.*)\)")
_STEPS = {
    "return_if": re.compile(r"if \((.+)\) return[^;]*;"),
    "assign": re.compile(r"([A-Za-z_][\w.>-]*) = ([^=;][^;]*);"),
    "call": re.compile(r"([a-z_]\w*)\(\);"),
}


class Found(NamedTuple):
    """A piece of a kernel file, with the row where it begins and the head of the function around it."""

    piece: Piece
    stretch: Stretch
    row: int
    head: str

    @property
    def added(self) -> bool:
        """Whether all of its lines are new."""
        return all(self.stretch.added[self.row : self.row + self.piece.last - self.piece.first + 1])

    def beside(self, step: int) -> str:
        """The nearest line of the kernel's above (-1) or below (1), stripped; empty if none is seen."""
        rows = range(self.row - 1, -1, -1) if step < 0 else range(self.row + 1, len(self.stretch.lines))
        near = landmarks(self.stretch.lines[row] for row in rows if not self.stretch.added[row])
        return near[0] if near else ""


def found_in(stretches: Iterable[Stretch]) -> Iterator[Found]:
    """The pieces of a C file's stretches; those of a function that isn't new instead of it."""
    for stretch in stretches:
        text = "\n".join(stretch.lines)
        cut = text.find("*/") + 2  # a comment that began above
        if 1 < cut <= text.find("/*") + 2 or (cut > 1 and "/*" not in text):
            text = re.sub(r"[^\n]", " ", text[:cut]) + text[cut:]
        text = re.sub(r"^(\s*)\{", r"\1 ", text)
        head = stretch.section
        for piece in pieces(text):
            found = Found(piece, stretch, piece.first - 1, head)
            if piece.kind == "function" and not found.added:
                head = piece.code.partition(" {")[0]
                for inner in pieces(piece.inner):
                    yield Found(inner, stretch, piece.inner_line + inner.first - 2, head)
            else:
                yield found


class Guests:
    """Reads one kernel file after the other; ``guests`` are by file, ``ops`` are the header's."""

    def __init__(self, seen: Seen, guests: dict[str, Data]) -> None:
        self.seen, self.c, self.ops = seen, seen.c, seen.data.get("ops", {})
        self.guests = guests
        self.entries: dict[str, dict[str, str]] = {}  # table: op: function
        self.bodies: dict[str, str] = {}  # of functions beside tables
        self.header = f"<{seen.path.removeprefix('include/')}>"

    def read(self, path: str, stretches: list[Stretch]) -> None:
        """Take in a C file."""
        guest: Data = {"file": path, "context": [], "tables": {}, **self.guests.get(path, {})}
        old = "boot" in guest
        known = list(found_in(stretches))
        headings = [found.piece.name for found in known if found.piece.kind == "include" and not found.added]
        steps: list[Data] = []
        for found in known:
            self.table(guest, found)
            if found.added and found.piece.name == self.header and "include" not in guest:
                place = self.place_of_include(found)
                guest |= {"include": {"line": self.header, "place": place}} if place else {}
            step = None if found.stretch.known else self.step(found)
            function = function_begun(found.head + "{}")
            if step and (not found.added or "register" in step):
                steps.append(step | {"in": function, "head": found.head, "new": found.added})
        booting = next((step["in"] for step in steps if "register" in step), "")
        if not old and booting:
            guest["boot"] = self.boot([step for step in steps if step["in"] == booting])
            # The stub's own needs: every such file has these already.
            needs = ["<linux/init.h>"] + ["<linux/linkage.h>"] * ("asmlinkage" in guest["boot"].get("linkage", ""))
            guest["context"] = list(dict.fromkeys([*needs, *headings]))
        elif old:
            self.add_steps(guest["boot"].setdefault("steps", []), steps)
        if "include" in guest and "boot" in guest:
            self.guests[path] = {key: value for key, value in guest.items() if value not in ({}, [])}

    def place_of_include(self, found: Found) -> Data:
        above, below = (re.match(r"#\s*include (\S+)", found.beside(step)) for step in (-1, 1))
        adjacent = found.row and found.stretch.lines[found.row - 1].strip()
        if above and (adjacent or not below):
            return {"after": above[1]}
        return {"before": below[1]} if below else {}

    def table(self, guest: Data, found: Found) -> None:
        """A table, the functions beside it, or the declaration of another guest's."""
        piece, ops = found.piece, re.escape(self.seen.table_type)
        if not found.added:
            return
        if table := re.match(rf"{ops} (\w+) = \{{", piece.code):
            self.entries[table[1]] = dict(re.findall(r"\.(\w+)\s*=\s*(\w+)", piece.inner))
            known = guest["tables"].values()
            guest["tables"] |= {} if table[1] in known else {table[1]: table[1]}
        elif lent := re.fullmatch(rf"extern {ops} (.+);", piece.code):
            guest["lent"] = re.findall(r"\w+", lent[1])
        elif piece.kind == "function" and piece.code.startswith("static "):
            body = re.fullmatch(r"\{ (?:(?:return )?([^;]*); )?\}", piece.code[piece.code.index("{") :])
            self.bodies |= {piece.name: body[1] or ""} if body else {}
            return
        else:
            return
        if "place" not in guest:
            guest["place"] = self.place_of_table(found)

    def place_of_table(self, found: Found) -> Data:
        below = "\n".join(found.stretch.lines[found.row + found.piece.last - found.piece.first + 1 :])
        above = function_begun(found.head + "{}")
        following = [piece for piece in pieces(below) if piece.kind == "function"]
        if above and (found.beside(-1) == "}" or not following):
            return {"after": above}
        return {"before": following[0].name} if following else {"after": found.beside(-1) or "?"}

    def step(self, found: Found) -> Data | None:
        """The boot step that a statement is."""
        code = found.piece.code
        ours = re.fullmatch(rf"(?:if \((.+)\) )?{self.c.register}\({self.c.prefix}_(\w+), &(\w+)\);", code)
        if ours:
            words = compact(type=ours[2], table=ours[3], when=ours[1], doc=doc(found.piece.remark))
            return {"register": words}
        for kind, pattern in _STEPS.items():
            if told := pattern.fullmatch(code):
                return {kind: {told[1]: told[2]} if kind == "assign" else told[1]}
        return None

    def boot(self, steps: list[Data]) -> Data:
        head = _HEAD.search(steps[0]["head"])
        params = [] if not head or head["params"] == "void" else head["params"].split(", ")
        linkage = re.sub(r"\bstatic ?", "", head["linkage"] or "") if head else ""
        own = [{key: value for key, value in step.items() if key not in ("in", "head", "new")} for step in steps]
        return compact(function=steps[0]["in"], linkage=linkage, params=params, steps=own)

    def add_steps(self, old: list[Data], steps: list[Data]) -> None:
        """Put new registrations behind the step that they follow."""
        row = len(old)
        for step in steps:
            ((kind, value),) = [(key, value) for key, value in step.items() if key not in ("in", "head", "new")]
            same = [at for at, each in enumerate(old) if _mark(kind, each.get(kind)) == _mark(kind, value)]
            if same:
                row = same[0] + 1
            elif step["new"]:
                old.insert(row, {kind: value})
                row += 1

    def finish(self) -> Data:
        """The guests by name; their tables' entries go into the ops."""
        self.guests = {path: guest for path, guest in self.guests.items() if "boot" in guest}
        new = {path: guest for path, guest in self.guests.items() if "name" not in guest}
        stems = distinguished([PurePath(path).stem for path in new])
        for guest, name in zip(new.values(), stems, strict=True):
            guest["name"] = name
        owners: dict[str, tuple[Data, str]] = {}
        for guest in self.guests.values():
            tables = guest.get("tables", {})
            fresh = [symbol for role, symbol in tables.items() if role == symbol]
            roles = distinguished([symbol.removesuffix("_ops") for symbol in fresh])
            renamed = dict(zip(fresh, roles, strict=True))
            if tables:
                guest["tables"] = {renamed.get(role, role): symbol for role, symbol in tables.items()}
            owners |= {symbol: (guest, role) for role, symbol in guest.get("tables", {}).items()}
        for guest in self.guests.values():
            lent = guest.pop("lent", [])
            for step in guest["boot"].get("steps", []):
                register = step.get("register", {})
                owner, role = owners.get(register.get("table", ""), (guest, ""))
                register |= {"table": role} if role else {}
                if owner is not guest and (lent or register.get("table", "") not in guest.get("tables", {})):
                    guest.setdefault("borrows", owner["name"])
        for symbol, (guest, role) in owners.items():
            for op, function in self.entries.get(symbol, {}).items():
                calls = self.bodies.get(function)
                entry = function if calls is None else {"function": function, "calls": calls}
                if op in self.ops:
                    self.ops[op].setdefault("tables", {})[f"{guest['name']}.{role}"] = entry
        return {guest.pop("name"): guest for guest in self.guests.values()}


def _mark(kind: str, value: Any) -> Any:
    """What a step is known by; a registration by its type and condition, as tables have two names."""
    return (value["type"], value.get("when")) if kind == "register" and value else value


def predicates(path: str, stretches: list[Stretch]) -> Data:
    """The macros without arguments that a patch adds to a kernel header."""
    found = [(each, re.fullmatch(r"#define (\w+)\(\) (.+)", each.piece.code)) for each in found_in(stretches)]
    macros = [(each, told) for each, told in found if told and each.added]
    if not macros:
        return {}
    first = macros[0][0]
    place = {"after": first.beside(-1)} if first.beside(-1) else {"before": first.beside(1) or "#endif"}
    # What is a number for now stands for an answer to come.
    rows = [compact(name=told[1], expands=told[2], placeholder=told[2].isdigit() or None) for _, told in macros]
    return {"file": path, "place": place, "macros": rows}


def object_line(path: str, stretches: list[Stretch], source: str) -> Data:
    """Where a Makefile lists the interface's object."""
    lists = re.compile(r"obj-y\s*\+=\s*(\S+\.o)")
    for stretch in stretches:
        names = [found[1] if (found := lists.fullmatch(line.strip())) else "" for line in stretch.lines]
        for row, name in enumerate(names):
            if stretch.added[row] and name == f"{PurePath(source).stem}.o":
                above, below = names[row - 1] if row else "", "".join(names[row + 1 : row + 2])
                place = {"after": above} if above else {"before": below}
                return {"file": path, "place": place} if above or below else {}
    return {}
