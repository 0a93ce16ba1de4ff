# SPDX-License-Identifier: GPL-2.0-only
"""What changed kernel files tell: guests, tables, registrations, predicates, the object line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import NamedTuple

from xenhostgen.csource.makefile import Statement, read_makefile
from xenhostgen.extensions.patches.hunks import Hunk, HunkLine
from xenhostgen.extensions.patches.lift_c import Piece, arguments, function_begun, pieces
from xenhostgen.extensions.patches.lift_header import Seen, compact
from xenhostgen.extensions.patches.lift_input import landmarks
from xenhostgen.extensions.patches.lift_source import distinguished
from xenhostgen.extensions.patches.probe import Data, Probing, match
from xenhostgen.render.files import Renderer
from xenhostgen.spec.model import (
    NONE,
    Assign,
    Call,
    Each,
    Interface,
    Macro,
    OwnStep,
    Register,
    ReturnIf,
    Unregister,
)
from xenhostgen.spec.source import Text

_OBJECTS = re.compile(r"obj-(?:y|\$\((CONFIG_\w+)\))")
_KEYS = ("type", "table", "when", "doc", "op", "args")
_HOLES = {key: Text(f"hole{number}z") for number, key in enumerate(_KEYS)}
_OWN = {"register", "unregister", "each"}
# The kernel's statements that are steps.
_STEPS = {
    "return_if": pieces(ReturnIf(condition="hole0z").c)[0],
    "assign": pieces(Assign(target="hole0z", value="hole1z").c)[0],
    "call": pieces(Call(function="hole0z").c)[0],
}
# Places that a fact of the kernel can say, which members of members are not.
_KNOWABLE = re.compile(r"[A-Za-z_]\w*(?:(?:->|\.)\w+)?")
_DEEP = re.compile(r"(?:->|\.)\w+(?:->|\.)|=")
CONTEXT = 3  # lines around a change, as git shows them


class Part(NamedTuple):
    """A piece of a kernel file, the lines around it, and the head of the function it stands in."""

    piece: Piece
    lines: list[HunkLine]
    head: str

    @property
    def added(self) -> bool:
        """Whether all of its lines are new."""
        rows = self.lines[self.piece.first - 1 : self.piece.last]
        return all(line.kind == "added" for line in rows)

    @property
    def near(self) -> bool:
        """Whether a patch with the usual context would show it."""
        rows = self.lines[max(self.piece.first - 1 - CONTEXT, 0) : self.piece.last + CONTEXT]
        return any(line.kind == "added" for line in rows)

    def beside(self, step: int) -> str:
        """The nearest line of the kernel's above (-1) or below (1), stripped; empty if unseen."""
        row = self.piece.first - 1
        lines = self.lines[:row][::-1] if step < 0 else self.lines[row + 1 :]
        near = landmarks(line.text for line in lines if line.kind == "context")
        return near[0] if near else ""


def parts_of(hunks: Iterable[Hunk]) -> Iterator[Part]:
    """The pieces of a C file's hunks; those of a function that isn't new instead of it."""
    for hunk in hunks:
        lines, head = hunk.after, hunk.section
        text = "\n".join(line.text for line in lines)
        begun, closed, _ = text.partition("*/")
        if closed and "/*" not in begun:  # a comment that began above
            text = re.sub(r"[^\n]", " ", begun + closed) + text[len(begun + closed) :]
        text = re.sub(r"^(\s*)\{", r"\1 ", text)
        for piece in pieces(text):
            part = Part(piece, lines, head)
            if piece.kind == "function" and not part.added:
                head = piece.head
                yield from (Part(inner, lines, head) for inner in piece.inner)
            else:
                yield part


def _before(hunk: Hunk) -> Hunk:
    """A hunk as if nothing were changed: what stands there before it."""
    lines = [line._replace(kind="context") for line in hunk.lines if line.kind != "added"]
    return hunk._replace(lines=tuple(lines))


def _rewords(step: Data, gone: list[Data]) -> bool:
    """Whether a step takes the place of one that is gone, by which it is placed in the tree then.

    The other is its alternative, and counts as gone no more.
    """
    for was in gone:
        (kind, now), (was_kind, old) = *step.items(), *was.items()
        if kind == was_kind == "return_if":
            step[kind] = {"condition": now, "alternatives": [old]}
        elif kind == was_kind == "assign" and now.keys() == old.keys():
            ((target, value),), (other,) = now.items(), old.values()
            step[kind] = {target: {"value": value, "alternatives": [other]}}
        else:
            continue
        gone.remove(was)
        return True
    return False


class Guests:
    """Reads one kernel file after the other; ``guests`` are by file, ``ops`` are the header's."""

    def __init__(self, seen: Seen, spec: Interface, guests: dict[str, Data]) -> None:
        self.seen, self.c, self.ops = seen, spec.c, seen.data.get("ops", {})
        self.guests = guests
        self.tables: dict[str, list[tuple[str, str]]] = {}  # op and function of each entry
        self.entries: dict[str, Data] = {}  # by function, as tables share them
        self.functions: list[str] = []  # beside tables, the C file's first
        self.exposed: set[str] = set()  # by the C file
        self.own_steps = _own_steps(spec)

    def read(self, path: str, hunks: list[Hunk]) -> None:
        """Take in a C file. A guest that is known keeps its boot steps."""
        guest: Data = {"file": path, "context": [], "tables": {}, **self.guests.get(path, {})}
        parts = list(parts_of(hunks))
        for part in parts:
            if part.added:
                self.table(guest, part)
            if part.added and part.piece.name == self.seen.included and "include" not in guest:
                guest |= compact(include=self.include(part))
        known_steps = [(part, step) for part in parts if (step := self.step(part.piece))]
        boot = next((part.head for part, step in known_steps if "register" in step), "")
        if boot and "boot" not in guest:
            inside = [(part, step) for part, step in known_steps if part.head == boot]
            declared = [part.piece for part in parts if part.head == boot]
            local = {
                name
                for piece in declared
                if piece.kind == "variable"
                for name in piece.name.split(", ")
            }
            steps = _without(local, self.boot_steps(inside, hunks))
            guest["boot"] = compact(**_signature(boot), steps=steps)
            # Every such file has these already, and the stub needs them.
            needs = ["<linux/init.h>", "<linux/errno.h>"]
            needs += ["<linux/linkage.h>"] * ("asmlinkage" in boot)
            includes = [part for part in parts if part.piece.kind == "include"]
            needs += [part.piece.name for part in includes if part.near and not part.added]
            guest["context"] = list(dict.fromkeys([*guest["context"], *needs]))
        if "include" in guest and "boot" in guest:
            beside = guest["include"]["place"].values()
            guest["context"] = list(dict.fromkeys([*guest["context"], *beside]))
            self.guests[path] = compact(**guest)

    def include(self, part: Part) -> Data:
        """The include of the header, beside another."""
        lines = map(pieces, map(part.beside, (-1, 1)))
        above, below = (
            line[0].name if line and line[0].kind == "include" else "" for line in lines
        )
        adjacent = part.piece.first > 1 and part.lines[part.piece.first - 2].text.strip()
        after = compact(after=above) if adjacent or not below else {}
        place = after or compact(before=below)
        return {"line": self.seen.included, "place": place} if place else {}

    def table(self, guest: Data, part: Part) -> None:
        """A table, a function beside it, or the declaration of another guest's."""
        piece = part.piece
        if piece.kind == "function":
            self.functions.append(piece.name)
        symbol = piece.name.partition(",")[0]
        if piece.kind != "variable" or f"{self.c.ops} {symbol}" not in piece.head:
            return
        if not piece.code.startswith("extern"):
            self.tables[symbol] = _initialised(piece)
            if symbol not in guest["tables"].values():
                guest["tables"][symbol] = symbol
        guest.setdefault("place", _place(part))

    def boot_steps(self, inside: list[tuple[Part, Data]], hunks: list[Hunk]) -> Iterator[Data]:
        """The boot function's steps: ours, and the kernel's that were there or take a place."""
        steps = [step for _, step in inside]
        there = [part for part in parts_of(map(_before, hunks)) if part.head == inside[0][0].head]
        before = [step for part in there if (step := self.step(part.piece))]
        gone = [step for step in before if step not in steps]
        for part, step in inside:
            is_ours = bool(step.keys() & _OWN)
            # Steps that leave early count wherever they stand, others as landmarks.
            if is_ours or part.near or "return_if" in step:
                reworded = not is_ours and step not in before and _rewords(step, gone)
                if is_ours or reworded or not part.added:
                    yield step

    def step(self, piece: Piece) -> Data | None:
        """The boot step that a statement is."""
        if piece.kind != "statement":
            return None
        code = re.sub(r"[{}] ?", "", piece.code).strip()
        for kind, probe in self.own_steps:
            if words := match(probe, piece, code):
                keys = {key: words[hole] for key, hole in _HOLES.items() if hole in words}
                args = list(arguments(keys.pop("args", "")))
                return {kind: compact(**keys, args=args)}
        for kind, probe in _STEPS.items():
            words = match(probe, piece, code)
            texts = list(words.values()) if words else []
            if texts and (kind == "return_if" or _KNOWABLE.fullmatch(texts[0])):
                if kind != "assign":
                    return {kind: texts[0]}
                return None if _DEEP.search(texts[1]) else {kind: {texts[0]: texts[1]}}
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
            name, steps = guest["name"], guest["boot"].get("steps", ())
            for register in (step["register"] for step in steps if "register" in step):
                symbol = register["table"]  # the rules refuse that of a table that isn't here
                owner, register["table"] = owners.get(symbol, (name, symbol))
                if owner != name:
                    guest.setdefault("borrows", owner)
        for symbol, (name, role) in owners.items():
            self.add_entries(self.tables.get(symbol, ()), f"{name}.{role}")
        return {guest.pop("name"): guest for guest in guests}

    def name_tables(self, guest: Data) -> dict[str, tuple[str, str]]:
        """Give a guest's new tables roles; for each of its tables the guest and the role."""
        known = guest.get("tables", {})
        fresh = [symbol for role, symbol in known.items() if role == symbol]
        short = distinguished([symbol.removesuffix("_ops") for symbol in fresh])
        roles = dict(zip(fresh, short, strict=True))
        tables = {roles.get(role, role): symbol for role, symbol in known.items()}
        guest.update(compact(tables=tables))
        return {symbol: (guest["name"], role) for role, symbol in tables.items()}

    def add_entries(self, entries: Iterable[tuple[str, str]], column: str) -> None:
        """Add a table's entries to the ops."""
        for op, function in entries:
            entry = self.entries.setdefault(function, {"function": function})
            self.ops.get(op, {}).setdefault("tables", {})[column] = entry

    def read_empty_slots(self, declarations: Iterable[Piece]) -> None:
        """The table of empty slots, and the functions beside it, in the interface's C file."""
        for piece in declarations:
            if piece.kind == "function":
                self.functions.append(piece.name)
                if "static" not in piece.head.split():
                    self.exposed.add(piece.name)
            elif piece.kind == "variable" and piece.name == self.c.none:
                self.add_entries(_initialised(piece), NONE)

    def complete(self, probing: Probing) -> None:
        """Read what the adapters do."""
        adapters = {name: self.entries[name] for name in self.functions if name in self.entries}
        for name in self.exposed & adapters.keys():
            users = {
                column.partition(".")[0]
                for op in self.ops.values()
                for column, entry in op.get("tables", {}).items()
                if entry is adapters[name]
            }
            adapters[name] |= compact(shared=len(users) == 1 or None)
        probing.fill((entry, "body") for entry in adapters.values())
        for entry in adapters.values():
            entry.setdefault("body", "")
        ours, theirs = bodies(probing.rendered()), bodies(probing.files)
        for name, entry in adapters.items():
            if ours.get(name) != theirs[name]:  # it does more than an adapter can
                entry.pop("body", None)
        rows = {name: row for row, name in enumerate(adapters)}
        for op in self.ops.values():
            # Adapters stand in the order of the columns.
            columns = op.get("tables", {})
            ordered = sorted(columns, key=lambda it: rows.get(columns[it]["function"], len(rows)))
            op.update(compact(tables={column: columns[column] for column in ordered}))
            for column, entry in op.get("tables", {}).items():
                op["tables"][column] = entry if "body" in entry else entry["function"]


def _without(local: set[str], steps: Iterable[Data]) -> list[Data]:
    """The steps without assignments to local variables that no condition or later value uses."""
    steps, kept = list(steps), list[Data]()
    conditions = [step for step in steps if "assign" not in step]
    for step in reversed(steps):
        targets = local.intersection(step.get("assign", ()))
        if all(re.search(rf"\b{name}\b", str([conditions, kept])) for name in targets):
            kept.insert(0, step)
    return kept


def bodies(files: Mapping[str, list[Piece]]) -> dict[str, list[str]]:
    """What functions do, statement by statement."""
    return {
        piece.name: [statement.code for statement in piece.inner]
        for declarations in files.values()
        for piece in declarations
        if piece.kind == "function"
    }


def _initialised(table: Piece) -> list[tuple[str, str]]:
    """Member and value of each designated initialiser."""
    entries = (entry.code.strip(".,").partition("=") for entry in table.inner)
    return [(member.strip(), value.strip()) for member, _, value in entries if value]


def _signature(head: str) -> Data:
    """A boot function's name, linkage and parameters."""
    before, _, params = head.partition("(")
    *words, function = before.split()
    own = [word for word in words if word not in ("static", "void", "__init")]
    linkage = " ".join(own) if "void" in words else ""
    return {
        "function": function.strip("*"),
        "linkage": linkage,
        "params": list(arguments(params.rpartition(")")[0])),
    }


def _place(part: Part) -> Data:
    """Beside which function a table stands."""
    kernels = [line.text for line in part.lines[part.piece.last :] if line.kind == "context"]
    above = function_begun(part.head)
    following = [piece.name for piece in pieces("\n".join(kernels)) if piece.kind == "function"]
    if following and not (above and part.beside(-1) == "}"):
        return {"before": following[0]}
    return {"after": above or part.beside(-1) or "?"}


def _own_steps(spec: Interface) -> list[tuple[str, Piece]]:
    """The statements of our steps by their keys, with holes."""
    kind, table, when, doc, op, args = _HOLES.values()
    steps: list[OwnStep] = [Each(op=op, doc=doc, args=(args,)), Each(op=op, doc=doc)]
    for condition in (when, None):
        steps.append(Register(type=kind, table=table, when=condition, doc=doc))
        steps.append(Unregister(type=kind, when=condition, doc=doc))
    renderer, own = Renderer(spec), []
    for step in steps:
        symbol = "" if isinstance(step, Each) else step.table
        text = renderer.fragment("step", step=step, table=symbol)
        own.append((type(step).__name__.lower(), pieces(text)[0]))
    return own


def predicates(path: str, hunks: list[Hunk], spec: Interface) -> Data:
    """The macros without arguments that a patch adds to a kernel header."""
    macro = Macro(name="hole0z", expands="hole1z")
    probed = spec.with_(predicates=spec.predicates.with_(macros=(macro,)))
    (probe,) = pieces(Renderer(probed).fragment("predicates"))
    parts = [(part, match(probe, part.piece)) for part in parts_of(hunks)]
    macros = [(part, words) for part, words in parts if words and part.added]
    if not macros:
        return {}
    first = macros[0][0]
    place = compact(after=first.beside(-1)) or {"before": first.beside(1) or "#endif"}
    # What is a number for now stands for an answer to come.
    rows = [
        compact(name=name, expands=expands, placeholder=expands.isdigit() or None)
        for name, expands in (words.values() for _, words in macros)
    ]
    return {"file": path, "place": place, "macros": rows}


def lone_objects(makefile: str) -> dict[int, Statement]:
    """The statements by which one object is built, always or by an option, by their rows."""
    return {
        statement.line - 1: statement
        for statement in read_makefile(makefile)
        if _OBJECTS.fullmatch(statement.variable)
        and statement.operator == "+="
        and re.fullmatch(r"[\w./-]+\.o", " ".join(statement.words))
    }


def _option(statement: Statement) -> str:
    """The option by which a statement's object is built; none where it always is."""
    match = _OBJECTS.fullmatch(statement.variable)
    return (match and match[1]) or ""


def object_line(path: str, hunks: list[Hunk], source: str) -> Data:
    """Where a Makefile lists the interface's object."""
    for hunk in hunks:
        lines = hunk.after
        statements = lone_objects("\n".join(line.text for line in lines))
        for row, statement in statements.items():
            name, option = statement.words[0], _option(statement)
            if lines[row].kind == "added" and name == f"{PurePath(source).stem}.o":
                above, below = (
                    near.words[0] if near and _option(near) in ("", option) else None
                    for near in (statements.get(row - 1), statements.get(row + 1))
                )
                place = compact(after=above) or compact(before=below)
                return {"file": path, "place": place, **compact(config=option)}
    return {}
