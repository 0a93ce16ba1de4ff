# SPDX-License-Identifier: GPL-2.0-only
"""What changed kernel files tell: guests, tables, registrations, predicates, the object line."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import NamedTuple

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.patches.code import function_begun
from xenhostgen.extensions.patches.hunks import Hunk, HunkLine
from xenhostgen.extensions.patches.lift_c import Piece, doc, pieces
from xenhostgen.extensions.patches.lift_header import Data, Seen, compact
from xenhostgen.extensions.patches.lift_input import landmarks
from xenhostgen.extensions.patches.lift_source import distinguished

_HEAD = re.compile(r"(?:(?P<linkage>[\w ]+) )?void __init (?P<function>\w+)\((?P<params>.*)\)")
_BODY = re.compile(r"static [^{]*\{ (?:(?:return )?([^;]*); )?\}")
_STEPS = {
    "return_if": re.compile(r"if \((.+)\) return[^;]*;"),
    # Without members of members, which no fact of the kernel can say.
    "assign": re.compile(r"(?!.*(?:->|\.)\w+(?:->|\.))([A-Za-z_][\w.>-]*) = ([^=;][^;]*);"),
    "call": re.compile(r"([a-z_]\w*)\(\);"),
}


CONTEXT = 3  # lines around a change, as git shows them


class Found(NamedTuple):
    """A piece of a kernel file.

    With it come the lines around it, the row where it begins, and the head of the function that
    it stands in.
    """

    piece: Piece
    lines: list[HunkLine]
    row: int
    head: str

    @property
    def end(self) -> int:
        """The row below its last."""
        return self.row + self.piece.last - self.piece.first + 1

    @property
    def added(self) -> bool:
        """Whether all of its lines are new."""
        return all(line.kind == "added" for line in self.lines[self.row : self.end])

    @property
    def near(self) -> bool:
        """Whether a patch with the usual context would show it."""
        rows = self.lines[max(self.row - CONTEXT, 0) : self.end + CONTEXT]
        return any(line.kind == "added" for line in rows)

    def beside(self, step: int) -> str:
        """The nearest line of the kernel's above (-1) or below (1), stripped.

        Empty if none is seen.
        """
        lines = self.lines[: self.row][::-1] if step < 0 else self.lines[self.row + 1 :]
        near = landmarks(line.text for line in lines if line.kind == "context")
        return near[0] if near else ""


def found_in(hunks: Iterable[Hunk]) -> Iterator[Found]:
    """The pieces of a C file's hunks; those of a function that isn't new instead of it."""
    for hunk in hunks:
        lines, head = hunk.after, hunk.section
        text = "\n".join(line.text for line in lines)
        cut = text.find("*/") + 2  # a comment that began above
        if 1 < cut <= text.find("/*") + 2 or (cut > 1 and "/*" not in text):
            text = re.sub(r"[^\n]", " ", text[:cut]) + text[cut:]
        text = re.sub(r"^(\s*)\{", r"\1 ", text)
        for piece in pieces(text):
            found = Found(piece, lines, piece.first - 1, head)
            if piece.kind == "function" and not found.added:
                head = piece.code.partition(" {")[0]
                for inner in pieces(piece.inner):
                    yield Found(inner, lines, piece.inner_line + inner.first - 2, head)
            else:
                yield found


class Guests:
    """Reads one kernel file after the other; ``guests`` are by file, ``ops`` are the header's."""

    def __init__(self, seen: Seen, guests: dict[str, Data]) -> None:
        self.seen, self.c, self.ops = seen, seen.c, seen.data.get("ops", {})
        self.guests = guests
        self.entries: dict[str, dict[str, str]] = {}  # table: op: function
        self.bodies: dict[str, str] = {}  # of functions beside tables

    def read(self, path: str, hunks: list[Hunk]) -> None:
        """Take in a C file. A guest that is known keeps its boot steps.

        Further registrations stay raw.
        """
        guest: Data = {"file": path, "context": [], "tables": {}, **self.guests.get(path, {})}
        found = list(found_in(hunks))
        for each in found:
            self.table(guest, each)
            if each.added and each.piece.name == self.seen.included and "include" not in guest:
                guest |= compact(include=self.include(each))
        told = [(each, step) for each in found if (step := self.step(each))]
        boot = next((each.head for each, step in told if "register" in step), "")
        if boot and "boot" not in guest:
            steps = [
                step
                for each, step in told
                if each.head == boot
                and (not each.added or "register" in step)
                # Steps that leave early count wherever they stand, others as landmarks.
                and (each.near or "return_if" in step)
            ]
            head = _HEAD.search(boot)
            params = head["params"].split(", ") if head and head["params"] != "void" else []
            linkage = re.sub(r"\bstatic ?", "", head["linkage"] or "") if head else ""
            guest["boot"] = compact(
                function=function_begun(boot + "{}"), linkage=linkage, params=params, steps=steps
            )
            # Every such file has these already, and the stub needs them.
            needs = ["<linux/init.h>"] + ["<linux/linkage.h>"] * ("asmlinkage" in linkage)
            headers = [
                each.piece.name
                for each in found
                if each.piece.kind == "include" and each.near and not each.added
            ]
            guest["context"] = list(dict.fromkeys([*guest["context"], *needs, *headers]))
        if "include" in guest and "boot" in guest:
            self.guests[path] = compact(**guest)

    def include(self, found: Found) -> Data:
        above, below = (re.match(r"#\s*include (\S+)", found.beside(step)) for step in (-1, 1))
        adjacent = bool(found.row and found.lines[found.row - 1].text.strip())
        place = (
            {"after": above[1]}
            if above and (adjacent or not below)
            else {"before": below[1]}
            if below
            else {}
        )
        return {"line": self.seen.included, "place": place} if place else {}

    def table(self, guest: Data, found: Found) -> None:
        """A table, a function beside it, or the declaration of another guest's."""
        piece, ops = (
            found.piece,
            re.escape(self.c.ops if self.c.typedefs else f"const {self.c.ops}"),
        )
        told = (
            re.match(rf"(extern )?{ops} (\w+)(?: = \{{|,|;)", piece.code) if found.added else None
        )
        if told and not told[1]:
            self.entries[told[2]] = dict(re.findall(r"\.(\w+)\s*=\s*(\w+)", piece.inner))
            guest["tables"] |= {} if told[2] in guest["tables"].values() else {told[2]: told[2]}
        elif found.added and piece.kind == "function" and (body := _BODY.fullmatch(piece.code)):
            self.bodies[piece.name] = body[1] or ""
        if told and "place" not in guest:
            below = "\n".join(line.text for line in found.lines[found.end :])
            above = function_begun(found.head + "{}")
            following = [each.name for each in pieces(below) if each.kind == "function"]
            if above and (found.beside(-1) == "}" or not following):
                guest["place"] = {"after": above}
            else:
                guest["place"] = (
                    {"before": following[0]} if following else {"after": found.beside(-1) or "?"}
                )

    def step(self, found: Found) -> Data | None:
        """The boot step that a statement is."""
        code = found.piece.code
        ours = re.fullmatch(
            rf"(?:if \((.+)\) )?{self.c.register}\({self.c.prefix}_(\w+), &(\w+)\);", code
        )
        if ours:
            return {
                "register": compact(
                    type=ours[2], table=ours[3], when=ours[1], doc=doc(found.piece.remark)
                )
            }
        for kind, pattern in _STEPS.items():
            if told := pattern.fullmatch(code):
                return {kind: {told[1]: told[2]} if kind == "assign" else told[1]}
        return None

    def finish(self) -> Data:
        """The guests by name; their tables' entries go into the ops."""
        guests = [guest for guest in self.guests.values() if "boot" in guest]
        new = [guest for guest in guests if "name" not in guest]
        for guest, name in zip(
            new, distinguished([PurePath(guest["file"]).stem for guest in new]), strict=True
        ):
            guest["name"] = name
        owners: dict[str, tuple[str, str]] = {}
        for guest in guests:
            owners |= self.name_tables(guest)
        for guest in guests:
            steps = guest["boot"].get("steps", ())
            for register in (step["register"] for step in steps if "register" in step):
                owner, register["table"] = owners.get(
                    register["table"], (guest["name"], register["table"])
                )
                if owner != guest["name"]:
                    guest.setdefault("borrows", owner)
        for symbol, (name, role) in owners.items():
            guest = next(each for each in guests if each["name"] == name)
            self.add_entries(symbol, guest, f"{name}.{role}")
        return {guest.pop("name"): guest for guest in guests}

    def name_tables(self, guest: Data) -> dict[str, tuple[str, str]]:
        """Give a guest's new tables roles; for each of its tables the guest and the role."""
        tables = guest.get("tables", {})
        fresh = [symbol for role, symbol in tables.items() if role == symbol]
        roles = dict(
            zip(
                fresh, distinguished([symbol.removesuffix("_ops") for symbol in fresh]), strict=True
            )
        )
        guest.update(
            compact(tables={roles.get(role, role): symbol for role, symbol in tables.items()})
        )
        return {symbol: (guest["name"], roles.get(role, role)) for role, symbol in tables.items()}

    def add_entries(self, symbol: str, guest: Data, column: str) -> None:
        """Add a table's entries to the ops, and to its guest what they include."""
        for op, function in self.entries.get(symbol, {}).items():
            context = guest.setdefault("context", [])
            calls = self.bodies.get(function)
            entry = function if calls is None else {"function": function, "calls": calls}
            if re.search(r"-E[A-Z0-9]+\b", calls or "") and "<linux/errno.h>" not in context:
                context.append("<linux/errno.h>")
            self.ops.get(op, {}).setdefault("tables", {})[column] = entry


def predicates(path: str, hunks: list[Hunk]) -> Data:
    """The macros without arguments that a patch adds to a kernel header."""
    found = [
        (each, re.fullmatch(r"#define (\w+)\(\) (.+)", each.piece.code)) for each in found_in(hunks)
    ]
    macros = [(each, told) for each, told in found if told and each.added]
    if not macros:
        return {}
    first = macros[0][0]
    place = compact(after=first.beside(-1)) or {"before": first.beside(1) or "#endif"}
    # What is a number for now stands for an answer to come.
    rows = [
        compact(name=told[1], expands=told[2], placeholder=told[2].isdigit() or None)
        for _, told in macros
    ]
    return {"file": path, "place": place, "macros": rows}


def object_line(path: str, hunks: list[Hunk], source: str) -> Data:
    """Where a Makefile lists the interface's object."""
    for hunk in hunks:
        lines = hunk.after
        objects = {
            each.line - 1: each.words[0]
            for each in read_makefile("\n".join(line.text for line in lines))
            if each[3:5] == ("obj-y", "+=") and re.fullmatch(r"\S+\.o", " ".join(each.words))
        }
        for row, name in objects.items():
            if lines[row].kind == "added" and name == f"{PurePath(source).stem}.o":
                above, below = objects.get(row - 1), objects.get(row + 1)
                place = compact(after=above) or compact(before=below)
                return {"file": path, "place": place} if place else {}
    return {}
