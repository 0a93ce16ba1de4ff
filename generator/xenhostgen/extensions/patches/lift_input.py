# SPDX-License-Identifier: GPL-2.0-only
"""What an import begins with: files known as a whole, and the hunks of kernel files.

With a kernel tree, git applies the patches to its files, and each hunk is a whole file. Without
one, hunks are what the patches show, one on top of the other.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from xenhostgen.extensions.kernel_tree.carry import carry_path, including, read_carry
from xenhostgen.extensions.kernel_tree.git import GitFailure
from xenhostgen.extensions.kernel_tree.kernel_file import squeezed
from xenhostgen.extensions.kernel_tree.patching import Contents, Reader, difference, over, patched
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.diff import files_of, prefix_option, read_diff
from xenhostgen.extensions.patches.hunks import Hunk, HunkLine, PatchFile, reworded
from xenhostgen.extensions.patches.messages import Left, Message, bare, content_of, read_messages
from xenhostgen.render.files import BANNER, render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, refusal

_WORD = re.compile(r"\w+|[^\w\s]")
WORDS_LIMIT = 500_000  # of code, which is cut into them a dozen times
SIZE_LIMIT = 4 << 20  # characters of code; an interface of 10,000 ops has half of it
_BANNER = re.compile(rf"/\*\n \* {BANNER}.*?\*/\n\n?", re.DOTALL)
WHOLE = 1 << 30  # lines of context, more than a file has
Patch = tuple[Message, Sequence[PatchFile]]


@dataclass(slots=True)
class Input:
    """The files by path: new ones whole, the kernel's as hunks.

    ``ids`` are the blob ids that a patch names, ``collapsed`` are those without tabs.
    ``origins``: where whole files were read from, and the rows of their lines there, if others.
    ``on_top``: what is given goes on top of a spec, as opposed to a patch that brings its header
    in.
    ``base`` reads the tree without the interface, and ``after`` are all files that the patches and
    the interface change, as they are in the end; without a tree there is neither.
    ``left``: mails that are no patches.
    """

    whole: dict[str, str] = field(default_factory=dict)
    hunks: dict[str, list[Hunk]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    origins: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    on_top: bool = False
    base: Reader | None = None
    after: dict[str, bytes | None] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def located(self, problem: Problem) -> Problem:
        """A problem of a whole file, at the place that this was read from."""
        source, rows = self.origins.get(problem.path, (problem.path, []))
        if rows and problem.at.line:
            at = At(rows[problem.at.line - 1], problem.at.column + 1)
            problem = problem._replace(at=at, excerpt=f"+{problem.excerpt}")
        return problem._replace(path=source)


class PatchedTree:
    """A kernel tree as patches leave it, one after the other; ``root`` names it in messages."""

    def __init__(self, tree: Reader, root: str, onto: Interface | None = None) -> None:
        self.tree, self.root = tree, root
        self.before: Contents = {}
        self.after: dict[str, bytes | None] = {}
        self.seen = Input(on_top=onto is not None)
        if onto:
            self.before, after = _without(onto, tree, root)
            self.after |= after

    def take(self, message: Message) -> None:
        """Go on to the state after one more patch. Raises ``Refused`` where it doesn't fit."""
        files = files_of(message)
        _check_files(message, files, self.tree)
        self.after |= after_patch(message, over(self.after, self.tree), self.root)
        for file in files:
            _note_origin(self.seen, message, file)

    def imported(self) -> Input:
        """What differs from the tree without the interface, each file whole. Raises ``Refused``."""
        state = of_tree(over(self.before, self.tree), self.after)
        seen = self.seen
        return replace(state, on_top=seen.on_top, ids=seen.ids, origins=seen.origins)


def read_input(
    paths: Iterable[Path], onto: Interface | None, tree: Reader | None = None, root: str = ""
) -> Input:
    """All that is given, patches applied in their order; ``root`` names the tree in messages.

    Raises ``Refused``.
    """
    sources = {_in_tree(path): path for path in paths if path.suffix in (".c", ".h")}
    c_files = {path: _text(source) for path, source in sources.items()}
    left: list[Left] = []
    messages = read_messages((path for path in paths if path.suffix not in (".c", ".h")), left)
    if tree is None:
        state = _shown(c_files, messages, onto)
        _check(state)
    else:
        patched = PatchedTree(tree, root, onto)
        patched.after |= {
            path: text.encode(errors="surrogateescape") for path, text in c_files.items()
        }
        for message in messages:
            patched.take(message)
        state = patched.imported()
    state.left = left
    for path, source in sources.items():
        state.origins.setdefault(path, (str(source), []))
    return state


def of_tree(base: Reader, after: Contents) -> Input:
    """What differs from a tree without the interface, each file whole. Raises ``Refused``."""
    state = Input(base=base, after=dict(after))
    change = difference({path: base(path) for path in after}, after, f"--unified={WHOLE}")
    for file in read_diff(change, "the tree"):
        if file.change == "new" and not file.binary:
            state.whole[file.path] = file.content
        elif file.change == "modified" and not file.binary:
            state.hunks[file.path] = list(file.hunks)
    _check(state)
    return state


def after_patch(
    message: Message, read: Reader, root: str, *options: str
) -> dict[str, bytes | None]:
    """Files as git leaves them. Raises ``Refused`` where the patch doesn't fit."""
    likely = prefix_option(message.patch)
    reason = ""
    for prefix in (likely,) if options else (likely, *({"-p0", "-p1"} - {likely})):
        try:
            return patched(message.patch, read, prefix, *options, name=message.source)
        except GitFailure as failure:
            reason = reason or failure.output.split("\n")[0].removeprefix("error: ")
    hint = "name the revision that the patch is based on: --tree DIR@REV"
    with suppress(GitFailure):
        patched(message.patch, read, likely, "--ignore-whitespace", *options, name=message.source)
        reason += ", for its white space alone"
        hint = "tabs were lost on the way: get the original mail by 'b4 am'"
    raise message.problem("hunk-no-fit", f"doesn't fit {root}: {reason}", hint)


def _note_origin(state: Input, message: Message, file: PatchFile) -> None:
    """Note a file's blob id, and where its lines stand in the patch that brings it in."""
    state.ids[file.path] = file.post
    state.origins.pop(file.path, None)
    if file.change == "new":
        rows = [line.number for hunk in file.hunks for line in hunk.after]
        state.origins[file.path] = (message.source, rows)


def _text(path: Path) -> str:
    data = content_of(path, 4 * SIZE_LIMIT)
    return _BANNER.sub("", data.decode("utf-8", "surrogateescape"), count=1)


def _check_files(message: Message, files: Iterable[PatchFile], tree: Reader | None) -> None:
    """Refuse what a tree can't take, and without a tree what needs one."""
    for file in files:
        at = At(file.number, 1)
        if file.binary and not (tree and b"\nGIT binary patch\n" in message.patch):
            text = "a binary file, whose content the patch doesn't hold"
            hint = "leave it out, or make the patch by 'git diff' without it"
            raise refusal("binary-hunk", text, message.source, hint, at)
        if tree and file.collapsed:
            text = "has lost its white space, so that it fits no tree"
            hint = "get the mail with its white space, or leave --tree out"
            raise refusal("collapsed", text, message.source, hint)
        if not tree and file.change in ("renamed", "copied"):
            text = f"a {file.change} file, which needs the tree that the patch is based on"
            raise refusal("needs-tree", text, message.source, "name that tree: --tree DIR@REV", at)


def _without(
    onto: Interface, tree: Reader, root: str
) -> tuple[dict[str, bytes | None], dict[str, bytes | None]]:
    """The files of a tree that has a spec, without it and with it. Raises ``Refused``."""
    placement = placed_in(onto, tree, root)
    if not placement.applied:
        message = f"doesn't have {onto.path}, on top of which the patch goes"
        raise refusal("not-applied", message, root, "name the right revision")
    return dict(placement.before), dict(placement.after)


def _shown(c_files: dict[str, str], messages: Sequence[Message], onto: Interface | None) -> Input:
    """What the patches show by themselves, or on top of a spec's rendering."""
    patches = [(message, files_of(message)) for message in messages]
    for message, files in patches:
        _check_files(message, files, None)
    changes = [(file.path, file.change) for _, files in patches for file in files]
    if onto and (onto.header.file, "new") not in changes:
        return _on_top(c_files, onto, patches)
    state = Input(whole=c_files)
    for message, files in patches:
        _apply(state, message, files)
    return state


def _on_top(c_files: dict[str, str], onto: Interface, patches: Sequence[Patch]) -> Input:
    """C files and patches on top of what a spec renders to, and of what it carries."""
    rendering = render(onto.with_(banner=False))
    state = Input(whole=rendering.whole() | c_files, on_top=True)
    for fragment in rendering.fragments:
        lines = [
            HunkLine("added", line, 0) for line in fragment.text.removesuffix("\n").split("\n")
        ]
        state.hunks.setdefault(fragment.file, []).append(
            Hunk(0, 0, 1, len(lines), "", tuple(lines))
        )
    if text := read_carry(onto):
        carry = bare(text, str(carry_path(onto.path)))
        patches = [(carry, files_of(carry)), *patches]
    for message, files in patches:
        _apply(state, message, files)
    return state


def landmarks(lines: Iterable[str]) -> list[str]:
    """The lines that a place can be told by."""
    return [words for line in lines if (words := squeezed(line)) and words.isprintable()]


def _in_tree(path: Path) -> str:
    """Where in a kernel tree a C file stands, as far as its path tells."""
    parts = path.parts
    tops = [
        row
        for row, part in enumerate(parts)
        if part in ("include", "arch", "drivers", "lib", "kernel")
    ]
    return "/".join(parts[tops[0] :]) if tops else path.name


def _check(state: Input) -> None:
    """Refuse more code than is read."""
    texts = {
        path: "\n".join(line.text for hunk in hunks for line in hunk.lines if line.kind == "added")
        for path, hunks in state.hunks.items()
    }
    size = words = 0
    for path, text in {**texts, **state.whole}.items():
        size += len(text)
        words += sum(1 for _ in _WORD.finditer(text)) if size <= SIZE_LIMIT else 0
        for count, most, what in (
            (size, SIZE_LIMIT, f"{SIZE_LIMIT >> 20} MiB"),
            (words, WORDS_LIMIT, f"{WORDS_LIMIT} words and signs"),
        ):
            if count > most:
                message = f"more than {what} of code to import"
                raise refusal("input-too-large", message, path)


def _apply(state: Input, message: Message, files: Sequence[PatchFile]) -> None:
    """Take in a patch, where nothing but the patches before it is known."""
    _check_fresh(state, message, files)
    changed = [file.path for file in files if file.path in state.whole and file.change != "new"]
    whole = {path: state.whole[path].encode(errors="surrogateescape") for path in changed}
    if changed:
        collapsed = any(file.collapsed for file in files)
        if collapsed:  # by the words of each line
            whole = {path: _by_words(text) for path, text in whole.items()}
            patch = re.sub(rb"^([ +-])[ \t]+", rb"\1", message.patch, flags=re.MULTILINE)
            message = message._replace(patch=patch)
        after = after_patch(message, whole.get, "the patch before", *including(changed))
        for path, content in after.items():
            before = state.whole.pop(path)
            if content is not None:
                text = content.decode(errors="surrogateescape")
                state.whole[path] = reworded(before, text) if collapsed else text
    for file in files:
        if file.collapsed:
            state.collapsed.add(file.path)
        if file.change == "new":
            state.whole[file.path] = file.content
        _note_origin(state, message, file)
        if file.path not in state.whole and file.path not in changed:
            _apply_hunks(state, file)


def _by_words(text: bytes) -> bytes:
    """The words of each line."""
    return b"".join(b" ".join(line.split()) + b"\n" for line in text.splitlines())


def _check_fresh(state: Input, message: Message, files: Sequence[PatchFile]) -> None:
    """Refuse what is there already."""
    for file in files:
        path, at = file.path, At(file.number, 1)
        known = state.hunks.get(path, [])
        again = {_texts(hunk) for hunk in known} & {_texts(hunk) for hunk in file.hunks}
        if again or (file.change == "new" and (known or path in state.whole)):
            text = f"{path} is {'changed so' if again else 'there'} already"
            hint = "give the patches in the order in which they were applied, each once"
            raise refusal("patch-order", text, message.source, hint, at)


def _apply_hunks(state: Input, file: PatchFile) -> None:
    """Take in a change of a file that isn't known as a whole."""
    if file.change == "deleted":
        state.deleted.add(file.path)
    known = state.hunks.setdefault(file.path, [])
    rows: dict[str, set[int]] = {}  # of the hunks of patches before, by what they leave there
    for row, hunk in enumerate(known):
        for line in hunk.after:
            rows.setdefault(squeezed(line.text), set()).add(row)
    for hunk in file.hunks:
        old = {squeezed(line.text) for line in hunk.lines if line.kind != "added"}
        near = sorted(set().union(*(rows.get(text, ()) for text in old if len(text) > 1)))
        changes = ((row, changed) for row in near if (changed := _changed(known[row], hunk)))
        row, changed = next(changes, (len(known), hunk))
        known[row : row + 1] = [changed]


def _texts(hunk: Hunk) -> tuple[object, ...]:
    return (hunk.old_start, *((line.kind, line.text) for line in hunk.lines))


def _changed(known: Hunk, hunk: Hunk) -> Hunk | None:
    """The known hunk after another that changes just what it adds; its context may reach beyond."""
    old = [squeezed(line.text) for line in hunk.lines if line.kind != "added"]
    beyond: list[HunkLine | None] = [None] * (len(old) + 1)
    rows = [*beyond, *known.after, *beyond]

    def worth(start: int) -> int:
        """By how many lines the hunk fits in a place; 0 if it doesn't."""
        pairs = zip(old, rows[start : start + len(old)], strict=True)
        seen = [(line, squeezed(row.text)) for line, row in pairs if row]
        fits = all(line == other for line, other in seen)
        return sum(len(line) > 1 for line, _ in seen) if fits else 0

    at = max(range(len(rows) - len(old)), key=worth)
    if not worth(at):
        return None
    merged = rows[:at]
    for line in hunk.lines:
        here = rows[at]
        adds = line.kind == "added"
        if line.kind != "context" and not (
            here and here.kind == "added" and (rows[at - 1] or not adds)
        ):
            return None
        merged += [line] if adds else [here] if line.kind == "context" else []
        at += not adds
    lines = [row for row in [*merged, *rows[at:]] if row]
    for row, line in enumerate(known.lines):
        if line.kind == "removed":
            lines.insert(row, line)
    return known._replace(lines=tuple(lines))
