# SPDX-License-Identifier: GPL-2.0-only
"""From a patch to a spec: lift what the spec can say, carry the rest, and prove it.

The proof is the rendering of the new spec with its carry patch, which holds whatever the rendering
says otherwise; what the rules of specs refuse is left out, and so carried as well.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from xenhostgen.extensions.kernel_tree.carry import carried_alone
from xenhostgen.extensions.kernel_tree.git import SHORTEST_ID, blob_id, same_id
from xenhostgen.extensions.kernel_tree.patching import Contents, Reader, over
from xenhostgen.extensions.patches.carrying import ROOT, Share, carry_of, shares
from xenhostgen.extensions.patches.foreign import other_kind
from xenhostgen.extensions.patches.kernel_headers import KernelHeaders
from xenhostgen.extensions.patches.lift_assumed import assume, functions_of
from xenhostgen.extensions.patches.lift_c import pieces
from xenhostgen.extensions.patches.lift_guests import Guests, bodies, object_line, predicates
from xenhostgen.extensions.patches.lift_header import (
    Seen,
    compact,
    complete_header,
    complete_names,
    complete_set,
    lift_header,
)
from xenhostgen.extensions.patches.lift_input import Input, read_input
from xenhostgen.extensions.patches.lift_places import relocate
from xenhostgen.extensions.patches.lift_source import (
    complete_comments,
    complete_registry,
    complete_wrappers,
    lift_registry,
)
from xenhostgen.extensions.patches.messages import Left
from xenhostgen.extensions.patches.probe import Data, Probing, words_of
from xenhostgen.extensions.patches.yaml_writer import write_yaml
from xenhostgen.spec import yaml
from xenhostgen.spec.load import load_text
from xenhostgen.spec.model import Interface, Layout
from xenhostgen.spec.source import At, Problem, Problems, Refused, SpecError, printable, refusal

# The order in which a spec is read; other keys follow.
_ORDER = (
    "interface templates typedefs reference names spdx banner header source object types "
    "registry fields ops"
)
_ORDER += " predicates guests kinds kernel"
# What the rules may refuse without the rest losing its sense: an item of these, or a text.
_PARTS = set(
    "values slots accepts fields ops tables macros functions steps exports guests includes "
    "declares kinds".split()
)
_TEXTS = set(
    "doc register_doc unregister_doc iterator_doc requires_doc spdx requires guard linkage".split()
)
_TEXTS |= {"wrapper_returns", "no_host", "fallback"}
_WHOLE = {"no-slot", "no-empty-type"}  # what is left would be another interface
_ROUNDS = 30
Tree = tuple[Reader, str]  # with the name by which messages call it


class Lifted(NamedTuple):
    """The spec as text and model, its carry patch, and what was lifted of each file.

    ``assumed``: what was assumed for which key. ``left``: mails that are no patches.
    """

    text: str
    spec: Interface
    carry: bytes
    shares: list[Share]
    assumed: dict[str, str]
    left: list[Left]


class Target(NamedTuple):
    """What the new spec is called, and the schema and the source that its head names."""

    output: str
    schema: str
    source: str


def lift(
    paths: list[Path],
    output: str,
    schema: str,
    onto: Interface | None = None,
    *,
    prefix: str = "",
    tree: Tree | None = None,
) -> Lifted:
    """The spec of the interface that patches or C files hold.

    Raises ``Refused``.
    """
    imported = read_input(paths, onto, *(tree or ()))
    return lifted_from(imported, Target(output, schema, " ".join(map(str, paths))), onto, prefix)


def lifted_from(
    imported: Input, target: Target, onto: Interface | None = None, prefix: str = ""
) -> Lifted:
    """The spec of the interface that is in the input. Raises ``Refused``."""
    try:
        seen = _header(imported, onto, prefix, target.source)
        return _lifted(imported, seen, target, onto)
    except Refused as refused:
        raise Refused(map(imported.located, refused.problems)) from None


def _lifted(imported: Input, seen: Seen, target: Target, onto: Interface | None) -> Lifted:
    base: Data = _base(onto, imported.on_top) if onto else {}
    _complete(imported, seen, onto, base.get("guests", {}))
    data = _on_base(base, seen.data)
    assumed = _assumed(data, seen, imported)

    def written() -> str:
        remarks = {"": f"Lifted by: xenhostgen import {printable(target.source, '?')}"}
        for key, what in assumed.items():
            remarks[key] = f"Assumed, as it isn't in what was imported: {what}."
        keys = dict.fromkeys([*_ORDER.split(), *data])
        return write_yaml({key: data[key] for key in keys if key in data}, target.schema, remarks)

    try:
        text, spec, carry, placed = _laid_out(imported, data, written, target.output, assumed)
    except SpecError as error:
        raise _not_liftable(error, imported, seen) from None
    after = carried_alone(carry, {path: placed.get(path) for path in imported.whole})
    known = [_proved(share, imported, after) for share in shares(imported, carry)]
    return Lifted(text, spec, carry, known, assumed, imported.left)


def _laid_out(
    imported: Input, data: Data, written: Callable[[], str], output: str, assumed: dict[str, str]
) -> tuple[str, Interface, bytes, Contents]:
    """What ``_carried`` gives, laid out so that the least is carried of files with fragments."""
    best = _carried(imported, data, written, output, assumed)
    layout: Data = {}
    for key in Layout.KEYS:
        *_, carry, _ = best
        fragments = [guest["file"] for guest in data["guests"].values()]
        if not any(f"--- a/{file}\n".encode() in carry for file in fragments):
            break
        for word in words_of(Layout.KEYS[key])[1:]:
            data["layout"] = {**layout, key: word}
            with suppress(SpecError):  # not every template set has every layout
                tried = _carried(imported, data, written, output, assumed)
                if _size(tried[2]) < _size(best[2]):
                    best, layout = tried, data["layout"]
    return best


def _size(carry: bytes) -> int:
    """How many lines a patch adds or removes, and those that name its files."""
    return len(re.findall(rb"^[-+]", carry, re.MULTILINE))


def _carried(
    imported: Input, data: Data, written: Callable[[], str], output: str, assumed: dict[str, str]
) -> tuple[str, Interface, bytes, Contents]:
    """The spec as text and model, its carry patch, and the files that this goes on top of.

    What a tree has no place for is put elsewhere, or left out.
    """
    while True:
        text, spec = _accepted(data, written, output)
        try:
            return text, spec, *carry_of(imported, spec)
        except Refused as refused:
            files = {problem.path.removeprefix(f"{ROOT}/") for problem in refused.problems}
            if not imported.base or not relocate(data, imported, files, assumed):
                raise


def _not_liftable(error: SpecError, imported: Input, seen: Seen) -> Refused:
    """What the rules say of an interface that no spec can say, at its types."""
    whole = [problem for problem in error.problems if problem.rule in _WHOLE]
    if whole and (problem := other_kind(imported.whole, has_types=True)):
        return Refused([problem])
    # Without types and slots all else can't be right.
    messages = [problem.message for problem in whole[:1] or error.problems]
    at, enum = At(seen.enum.first, 1), seen.enum.head
    return Refused(
        Problem(
            "not-liftable", f"no spec can describe this interface: {text}", seen.path, at, "", enum
        )
        for text in messages
    )


def _on_base(base: Data, lifted: Data) -> Data:
    """What was lifted of header and C file, on top of what the base says."""
    if "object" in base and not lifted.get("object", {}).get("place"):
        lifted = {**lifted, "object": base["object"]}
    registry = {**base.get("registry", {}), **lifted["registry"]}
    data = {**base, **lifted, "banner": False, "registry": registry}
    types = base.get("types", {}).get("values", ())
    distances = {row["name"]: row.get("distance") for row in types}
    for row in data["types"]["values"]:
        row.update(compact(distance=distances.get(row["name"])))
    return data


def _complete(imported: Input, seen: Seen, onto: Interface | None, known: Data) -> None:
    """Read all files; ``known``: guests of the spec that it goes on top of."""
    data = seen.data
    probing = Probing(data, {seen.path: imported.whole[seen.path]})
    data["guests"] = {}
    if 0 not in probing.spec().values.values():
        return  # no spec can say it, and nothing can be rendered
    complete_set(probing, seen)
    complete_names(probing, seen, "register", "unregister")
    sources = [path for path in imported.whole if path.endswith(".c")]
    for path in sources:
        declarations = pieces(imported.whole[path])
        if any((piece.kind, piece.name) == ("function", seen.c.register) for piece in declarations):
            includes = [piece.name for piece in declarations if piece.kind == "include"]
            data["source"] = compact(file=path, includes=includes)
            probing.files[path] = declarations
            break
    lift_registry(probing, seen, {slot.pointer: slot.name for slot in onto.slots} if onto else {})
    complete_names(probing, seen, "iterator")
    complete_header(probing, seen)
    _lift_guests(imported, seen, probing, known)
    complete_registry(probing, seen)
    complete_wrappers(Probing(data, {seen.path: imported.whole[seen.path]}), seen)
    complete_comments(probing)
    if not data["names"]:
        del data["names"]


def _lift_guests(imported: Input, seen: Seen, probing: Probing, known: Data) -> None:
    """Add what changed kernel files tell."""
    data, spec = seen.data, probing.spec()
    begun: Data = {guest["file"]: {"name": name, **guest} for name, guest in known.items()}
    if not imported.on_top:
        kept = ("name", "file", "context")
        begun = {
            file: {key: guest[key] for key in kept if key in guest} for file, guest in begun.items()
        }
    guests = Guests(seen, spec, begun)
    guests.read_empty_slots(probing.files.get(spec.source.file, ()))
    for path, hunks in imported.hunks.items():
        if path.endswith(".c"):
            texts = (line.text for hunk in hunks for line in hunk.lines)
            # Files that have nothing to do with the interface are many in some patches.
            if path in begun or any(seen.c.prefix in text for text in texts):
                guests.read(path, hunks)
                lines = (line.text for hunk in hunks for line in hunk.after)
                probing.files[path] = pieces("\n".join(lines))
        elif path.endswith(".h") and "predicates" not in data:
            data |= compact(predicates=predicates(path, hunks, spec))
        elif PurePath(path).name == "Makefile" and "object" not in data:
            data |= compact(object=object_line(path, hunks, spec.source.file))
    # In the order in which the header declares their tables.
    declared = {piece.name: row for row, piece in enumerate(probing.files[seen.path])}

    def place(guest: tuple[str, Data]) -> int:
        symbols = guest[1].get("tables", {}).values()
        return min((declared.get(symbol, len(declared)) for symbol in symbols), default=0)

    data["guests"] = dict(sorted(guests.finish().items(), key=place))
    for name, guest in data["guests"].items():
        if name in known and known[name]["boot"]["function"] == guest["boot"]["function"]:
            guest["boot"]["steps"] = _around(
                guest["boot"].get("steps", []), known[name]["boot"].get("steps", [])
            )
    guests.complete(probing)


def _assumed(data: Data, seen: Seen, imported: Input) -> dict[str, str]:
    """Fill in what isn't in the input; what was assumed, by key."""
    assumed: dict[str, str] = {}
    read = over(imported.after, imported.base) if imported.base else imported.after.get
    files = [guest["file"] for guest in data["guests"].values()]
    headers = KernelHeaders(read, [*files, seen.path])
    for key, what in assume(data, seen, headers, list(_called(data, seen, imported))):
        assumed[key] = f"{assumed[key]}, {what}" if key in assumed else what
    # A step's function is defined beside it, and these are defined elsewhere.
    declared = {*data["kernel"].get("functions", {}), *functions_of(data)}
    for guest in data["guests"].values():
        if "boot" in guest and "steps" in guest["boot"]:
            guest["boot"]["steps"] = [
                step for step in guest["boot"]["steps"] if str(step.get("call")) not in declared
            ]
    return assumed


def _called(data: Data, seen: Seen, imported: Input) -> Iterator[str]:
    """What functions of the interface's own files call that it can't say, if it isn't theirs."""
    own = (seen.path, data.get("source", {}).get("file", ""))
    probing = Probing(data, {path: imported.whole[path] for path in own if path in imported.whole})
    if 0 not in probing.spec().values.values():
        return  # nothing can be rendered
    rendered, theirs = bodies(probing.rendered()), bodies(probing.files)
    declared = {piece.name for pieces in probing.files.values() for piece in pieces}
    for name, statements in theirs.items():
        if rendered.get(name) != statements:
            called = re.findall(r"\b(\w+)\(", " ".join(statements))
            yield from (word for word in dict.fromkeys(called) if word not in declared)


def _header(imported: Input, onto: Interface | None, prefix: str, source: str) -> Seen:
    headers = [path for path in imported.whole if path.endswith(".h")]
    for path in sorted(headers, key=lambda path: onto is not None and path != onto.header.file):
        if seen := lift_header(path, imported.whole[path], prefix):
            return seen
    if not prefix and (problem := other_kind(imported.whole, has_types=False)):
        raise Refused([problem])
    name = prefix or "X"
    message = (
        f"no interface in it: a header with 'enum {name}_type' beside '{name}_t' "
        f"or 'struct {name}' and its ops"
    )
    hint = "a patch that changes an earlier header needs that one's spec: --onto SPEC"
    raise refusal("no-interface", message, source, hint)


def _base(onto: Interface, on_top: bool) -> Data:
    """What the C doesn't tell, from the spec that it goes on top of, or that has kernel facts."""
    source = yaml.read_file(Path(onto.path))
    data: Data = dict((yaml.parse(source, Problems(onto.path, source)) or {}).items())
    replaced = {"fields", "ops", *(() if on_top else ("predicates", "object"))}
    return {key: value for key, value in data.items() if key not in replaced}


def _around(steps: list[Data], known: list[Data]) -> list[Data]:
    """The known steps with these registrations, if theirs are the same.

    A patch shows no more than those near by.
    """
    ours, theirs = ([step for step in listed if "register" in step] for listed in (steps, known))
    registered = [
        [(step["register"]["type"], step["register"].get("when")) for step in registering]
        for registering in (ours, theirs)
    ]
    registrations = iter(ours)
    merged = [next(registrations, step) if "register" in step else step for step in known]
    return merged if registered[0] == registered[1] else steps


def _accepted(data: Data, written: Callable[[], str], output: str) -> tuple[str, Interface]:
    """The spec, without the parts that the rules refuse.

    Raises ``SpecError`` if it can't do without.
    """
    for _ in range(_ROUNDS):
        text = written()
        try:
            return text, load_text(text, output)
        except SpecError as error:
            top = yaml.parse(text, Problems(output, text))
            refused = {part for problem in error.problems if (part := _part(top, problem.at))}
            if not refused or _WHOLE & {problem.rule for problem in error.problems}:
                raise
        # From the last to the first, and inner ones first, so that the paths to the others stay
        # right.
        for *path, last in sorted(
            refused, key=lambda part: [str(key).zfill(9) for key in part], reverse=True
        ):
            holder: Any = data
            for key in path:
                holder = holder[key]
            del holder[last]
    text = written()
    return text, load_text(text, output)


def _part(node: Any, at: At) -> tuple[str | int, ...]:
    """The path to the innermost part at a place that may be left out; empty if there is none."""
    path: list[str | int] = []
    depth = 0
    while isinstance(node, (dict, list)) and node:
        places = [key.at for key in node] if isinstance(node, dict) else [item.at for item in node]
        row = max(sum(here <= at for here in places) - 1, 0)
        key: Any = str([*node][row]) if isinstance(node, dict) else row
        if key in _TEXTS or (path and path[-1] in _PARTS):
            depth = len(path) + 1
        path.append(key)
        node = node[key]
    return tuple(path[:depth])


def _proved(share: Share, imported: Input, after: Contents) -> Share:
    """A new file's share with its blob id; the patch's own id is the better proof than its text."""
    path = share.path
    if path not in imported.whole:
        return share
    content = after[path] or b""
    blob, stated = blob_id(content), imported.ids.get(path, "")
    wanted = imported.whole[path].encode(errors="surrogateescape")
    exact = None if path in imported.collapsed else content == wanted
    return share._replace(
        blob=blob, same=same_id(blob, stated) if len(stated) >= SHORTEST_ID else exact
    )
