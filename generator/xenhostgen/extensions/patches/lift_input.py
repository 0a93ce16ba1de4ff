# SPDX-License-Identifier: GPL-2.0-only
"""What an import begins with: files known as a whole, and the hunks of kernel files.

With a kernel tree, git applies the patches to its files, and each hunk is a whole file. Without
one, hunks are what the patches show, one on top of the other.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from xenhostgen.extensions.kernel_tree.carry import carry_path, read_carry
from xenhostgen.extensions.kernel_tree.git import GitFailure
from xenhostgen.extensions.kernel_tree.patching import Reader, difference, patched
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.body import HunkLine
from xenhostgen.extensions.patches.diff import parse_diff, read_diff
from xenhostgen.extensions.patches.errors import PatchError
from xenhostgen.extensions.patches.hunks import Hunk, PatchFile, post_image, squeezed
from xenhostgen.extensions.patches.mail import PatchMail, read_patches
from xenhostgen.render.files import BANNER, render
from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused

_NOT_UTF8 = re.compile("[\ud800-\udfff]")
SIZE_LIMIT = 4 << 20  # characters of code; an interface of 10,000 ops has half of it
WHOLE = 1 << 30  # lines of context, more than a file has


@dataclass(slots=True)
class Input:
    """The files by path: new ones whole, the kernel's as hunks.

    ``ids`` are the blob ids that a patch names, ``collapsed`` are those without tabs.
    ``on_top``: what is given goes on top of a spec, as opposed to a patch that brings its header
    in. ``banner``: it goes on top of that spec's files as they are generated, with its banner.
    ``base`` reads the tree without the interface, and ``after`` are all files that the patches and
    the interface change, as they are in the end; without a tree there is neither.
    """

    whole: dict[str, str] = field(default_factory=dict)
    hunks: dict[str, list[Hunk]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    collapsed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    on_top: bool = False
    banner: bool = False
    base: Reader | None = None
    after: dict[str, bytes | None] = field(default_factory=dict)


def read_input(
    paths: Iterable[Path], onto: Interface | None, tree: Reader | None = None, root: str = ""
) -> Input:
    """All that is given, patches applied in their order; ``root`` names the tree in messages.

    Raises ``PatchError``, ``Refused`` and ``OSError``.
    """
    mails: list[tuple[PatchMail, str]] = []
    given: dict[str, str] = {}
    for path in paths:
        if path.suffix in (".c", ".h"):
            given[_in_tree(path)] = _text(path)
        else:
            mails += [(mail, str(path)) for mail in read_patches(path)]
    if tree is None:
        _check(shown := _shown(given, mails, onto))
        return shown
    banner = False
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes | None] = {}
    ids: dict[str, str] = {}
    if onto:
        banner, before, after = _without(onto, tree, root)
    after |= {path: text.encode(errors="surrogateescape") for path, text in given.items()}
    for mail, source in mails:
        files = _files(mail)
        _check_files(files, source)
        text = "\n".join([*mail.diff.lines, ""]).encode(errors="surrogateescape")
        apply_patch(after, text, source, tree, root)
        ids |= {file.path: file.post for file in files}
    found = of_tree(lambda path: before[path] if path in before else tree(path), after)
    return replace(found, on_top=onto is not None, banner=banner, ids=ids)


def of_tree(base: Reader, after: Mapping[str, bytes | None]) -> Input:
    """What differs from a tree without the interface, each file whole. Raises ``Refused``."""
    state = Input(base=base, after=dict(after))
    change = difference({path: base(path) for path in after}, after, f"--unified={WHOLE}")
    for file in read_diff(change, "the tree"):
        if file.change == "new" and not file.binary:
            state.whole[file.path] = post_image(file)
        elif file.change == "modified" and not file.binary:
            state.hunks[file.path] = list(file.hunks)
    _check(state)
    return state


def apply_patch(
    state: dict[str, bytes | None], patch: bytes, source: str, tree: Reader, root: str
) -> None:
    """Bring the files of a tree to where a patch leaves them. Raises ``Refused``."""

    def read(path: str) -> bytes | None:
        return state[path] if path in state else tree(path)

    try:
        state |= patched(patch, read, name=source)
    except GitFailure as failure:
        try:
            state |= patched(patch, read, "-p0", name=source)
        except Refused:
            said = failure.said.split("\n")[0].removeprefix("error: ")
            hint = "name the revision that the patch is based on: --tree DIR@REV"
            message = f"doesn't fit {root}: {said}"
            raise Refused([Problem("hunk-no-fit", message, source, hint=hint)]) from None


def _text(path: Path) -> str:
    try:
        data = read_given(path, 4 * SIZE_LIMIT)
    except UnreadableFile as error:
        raise Refused([Problem("input-unreadable", str(error), str(path))]) from None
    if data is None:
        message = "can't be read: No such file or directory"
        raise Refused([Problem("input-unreadable", message, str(path))])
    return data.decode("utf-8", "surrogateescape")


def _files(mail: PatchMail) -> list[PatchFile]:
    return parse_diff(mail.diff, mail.announced_files)


def _check_files(files: Iterable[PatchFile], source: str) -> None:
    """Refuse what no tree can take."""
    for file in files:
        if file.binary:
            raise Refused([_binary(file, source)])
        if file.collapsed:
            hint = "get the mail with its white space, or leave --tree out"
            message = "has lost its white space, so that it fits no tree"
            raise Refused([Problem("collapsed", message, source, hint=hint)])


def _binary(file: PatchFile, source: str) -> Problem:
    message = "a binary file, whose content the patch doesn't hold"
    hint = "leave it out, or make the patch by 'git diff' without it"
    return Problem("binary-hunk", message, source, At(file.number, 1), hint)


def _without(
    onto: Interface, tree: Reader, root: str
) -> tuple[bool, dict[str, bytes | None], dict[str, bytes | None]]:
    """Whether a tree has a spec with its banner; its files without it and with it."""
    for banner in (onto.banner, False):
        try:
            placement = placed_in(onto.with_(banner=banner), tree, root)
        except Refused as refused:
            reason = refused
            continue
        if placement.applied:
            return banner, dict(placement.before), dict(placement.after)
        message = f"doesn't have {onto.path}, on top of which the patch goes"
        raise Refused([Problem("not-applied", message, root, hint="name the right revision")])
    raise reason


def _shown(
    given: dict[str, str], mails: list[tuple[PatchMail, str]], onto: Interface | None
) -> Input:
    """What the patches show by themselves, or on top of a spec's rendering."""
    patches = [(file, source) for mail, source in mails for file in _files(mail)]
    if onto and all(file.change != "new" or file.path != onto.header.file for file, _ in patches):
        plain = onto.with_(banner=False)
        try:  # the files in a tree have the banner if 'apply' or 'patch' brought them in
            return _on_top(
                given, onto if all(BANNER in text for text in given.values()) else plain, patches
            )
        except PatchError:
            return _on_top(given, plain, patches)
    found = Input(whole=given)
    for file, source in patches:
        _apply(found, file, source)
    return found


def _on_top(given: dict[str, str], onto: Interface, patches: list[tuple[PatchFile, str]]) -> Input:
    """C files and patches on top of what a spec renders to, and of what it carries."""
    rendering = render(onto)
    found = Input(whole=rendering.whole() | given, on_top=True, banner=onto.banner)
    for fragment in rendering.fragments:
        lines = [
            HunkLine("added", line, 0) for line in fragment.text.removesuffix("\n").split("\n")
        ]
        found.hunks.setdefault(fragment.file, []).append(
            Hunk(0, 0, 1, len(lines), "", tuple(lines), 0)
        )
    carry = read_diff(read_carry(onto), str(carry_path(onto.path)))
    for file, source in [*((file, onto.path) for file in carry), *patches]:
        _apply(found, file, source)
    return found


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


def _check(found: Input) -> None:
    """Refuse more code than is read."""
    texts = {
        path: "\n".join(line.text for hunk in hunks for line in hunk.lines if line.kind == "added")
        for path, hunks in found.hunks.items()
    }
    size = 0
    for path, text in {**texts, **found.whole}.items():
        size += len(text)
        if size > SIZE_LIMIT:
            raise Refused(
                [
                    Problem(
                        "input-too-large",
                        f"more than {SIZE_LIMIT >> 20} MiB of code to import",
                        path,
                    )
                ]
            )


def legible(found: Input) -> Input:
    """The same with a sign in place of each byte that isn't UTF-8, as a spec has to be."""

    def plain(text: str) -> str:
        return (
            text if text.isascii() else re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)
        )

    hunks = {
        path: [
            replace(each, lines=tuple(line._replace(text=plain(line.text)) for line in each.lines))
            for each in known
        ]
        for path, known in found.hunks.items()
    }
    whole = {path: plain(text) for path, text in found.whole.items()}
    return replace(found, whole=whole, hunks=hunks)


def _apply(found: Input, file: PatchFile, source: str) -> None:
    path = file.path
    if file.binary:
        raise Refused([_binary(file, source)])
    if file.change in ("renamed", "copied"):
        message = f"a {file.change} file, which needs the tree that the patch is based on"
        hint = "name that tree: --tree DIR@REV"
        raise Refused([Problem("needs-tree", message, source, At(file.number, 1), hint)])
    known = found.hunks.get(path, [])
    again = {_texts(hunk) for hunk in known} & {_texts(hunk) for hunk in file.hunks}
    if again or (file.change == "new" and (known or path in found.whole)):
        message = f"{path} is {'changed so' if again else 'there'} already"
        hint = "give the patches in the order in which they were applied, each once"
        raise Refused([Problem("patch-order", message, source, At(file.number, 1), hint)])
    if file.collapsed:
        found.collapsed.add(path)
    if file.change == "new" or (path in found.whole and file.change == "modified"):
        before = "" if file.change == "new" else found.whole[path]
        found.whole[path] = post_image(file, before)
        found.ids[path] = file.post
    elif path in found.whole:
        del found.whole[path]
    else:
        if file.change == "deleted":
            found.deleted.add(path)
        found.hunks[path] = known
        for hunk in file.hunks:
            rows = (
                (row, changed) for row, one in enumerate(known) if (changed := _changed(one, hunk))
            )
            row, changed = next(rows, (len(known), hunk))
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
        seen = [(one, squeezed(row.text)) for one, row in pairs if row]
        return sum(len(one) > 1 for one, _ in seen) if all(one == two for one, two in seen) else 0

    at = max(range(len(rows) - len(old)), key=worth)
    if not worth(at):
        return None
    made = rows[:at]
    for line in hunk.lines:
        here = rows[at]
        adds = line.kind == "added"
        if line.kind != "context" and not (
            here and here.kind == "added" and (rows[at - 1] or not adds)
        ):
            return None
        made += [line] if adds else [here] if line.kind == "context" else []
        at += not adds
    lines = [row for row in [*made, *rows[at:]] if row]
    for row, line in enumerate(known.lines):
        if line.kind == "removed":
            lines.insert(row, line)
    return replace(known, lines=tuple(lines))
