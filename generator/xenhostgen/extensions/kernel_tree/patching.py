# SPDX-License-Identifier: GPL-2.0-only
"""Changes of files as patches, written and applied by git.

Git works on copies in a scratch folder: in a tree it would run what the tree's configuration names,
and write the line ends that settings and attributes ask for.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from xenhostgen.extensions.kernel_tree.git import NO_SETTINGS, git
from xenhostgen.render.write import write_files
from xenhostgen.sandbox.files import KERNEL_FILE_MAX, UnreadableFile, read_file
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.paths import fault
from xenhostgen.spec.source import Problem, Refused, refusal

Contents = Mapping[str, bytes | None]
"""Files by their paths; None stands for one that isn't there."""
SIZE_LIMIT = 64 << 20
"""The bytes of a patch, and of the binary files in it."""
Reader = Callable[[str], bytes | None]
"""Gives the content of a tree's file."""

_SOURCE = re.compile(rb"^(?:rename|copy) from (.+?)\r?$", re.MULTILINE)
_BINARY = re.compile(rb"^(literal|delta) (\d{1,18})\r?$", re.MULTILINE)
_DELTA = SIZE_LIMIT >> 4  # what a difference of binary files counts, of which git alone knows more
_PLAIN = re.compile(r" ?(?:(?:create|delete) (?!mode (?!100644 ))|rename |copy |rewrite )")


def over(files: Contents, tree: Reader) -> Reader:
    """What a tree holds with some files in place of its own."""
    return lambda path: files[path] if path in files else tree(path)


def difference(before: Contents, after: Contents, *options: str) -> bytes:
    """What git says of the change from some files to others, which it takes for whole trees."""
    with scratch_folder() as folder:
        for side, files in (("a", before), ("b", after)):
            (folder / side).mkdir()
            named = {f"{side}/{path}": content for path, content in existing(files).items()}
            write_files(folder, named)
        form = ("--no-index", "--no-prefix", "--no-renames", "--full-index", "--binary")
        diff = git(folder, "diff", *form, *options, "a", "b", fine=(0, 1), variables=NO_SETTINGS)
    # Of a file on one side alone git itself says it like this, but for --no-index.
    same = r'^diff --git ("?)[ab]/(.*) \1[ab]/\2$'
    diff = re.sub(same, r"diff --git \1a/\2 \1b/\2", diff, flags=re.M)
    return diff.encode(errors="surrogateescape")


def patched(
    patch: bytes, read: Reader, *options: str, name: str = "patch"
) -> dict[str, bytes | None]:
    """The files that a patch changes, as it leaves them; ``name`` is the patch's in messages.

    Raises ``GitFailure`` where it doesn't fit, and ``Refused`` for paths outside the tree and for
    what no file's content can say (links, modes, submodules).
    """
    if not patch.strip():
        return {}
    sizes = (int(size) if kind == b"literal" else _DELTA for kind, size in _BINARY.findall(patch))
    if sum(sizes) > SIZE_LIMIT:
        message = f"holds more than {SIZE_LIMIT >> 20} MiB of binary files, a delta taken for 4"
        raise refusal("input-too-large", message, name)
    with scratch_folder() as folder:
        (folder / "tree").mkdir()
        (folder / "patch").write_bytes(patch)
        command = ("apply", "--whitespace=nowarn", *options)
        apply = partial(git, folder / "tree", *command, variables=NO_SETTINGS)
        listed = apply("--numstat", "-z", "../patch").split("\0")
        sources = [name.decode(errors="surrogateescape") for name in _SOURCE.findall(patch)]
        paths = [entry.split("\t", 2)[2] for entry in listed if entry] + sources
        _check(paths, apply("--summary", "../patch"), name)
        write_files(folder / "tree", existing({path: read(path) for path in paths}))
        apply("../patch")
        files = {path: folder / "tree" / path for path in paths}
        return {path: file.read_bytes() if file.is_file() else None for path, file in files.items()}


def content(tree: Path, path: str, limit: int = KERNEL_FILE_MAX) -> bytes | None:
    """What a tree's file holds, None if it isn't there. Raises ``Refused`` for other things."""
    try:
        return read_file(tree, path, limit)
    except UnreadableFile as error:
        hint = "put the file itself there, or choose another tree"
        raise refusal("unreadable", str(error), f"{tree}/{path}", hint) from None


def existing(contents: Contents) -> dict[str, bytes]:
    """The files that are there."""
    return {path: content for path, content in contents.items() if content is not None}


def _check(paths: list[str], summary: str, name: str) -> None:
    """Refuse paths that lead elsewhere, and more than a change of what files contain."""
    reasons = [f"'{path}' {reason}" for path in paths if (reason := fault(path))]
    reasons += [line.strip() for line in summary.splitlines() if not _PLAIN.match(line)]
    if reasons:
        hint = "only the content of regular files is carried; apply such a patch with git"
        raise Refused([Problem("not-content", reason, name, hint=hint) for reason in reasons])
