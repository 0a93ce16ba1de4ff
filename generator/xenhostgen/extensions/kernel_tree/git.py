# SPDX-License-Identifier: GPL-2.0-only
"""The git command, and git's ids for contents, which prove a re-creation right without the file."""

import hashlib
import os
import re
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from xenhostgen.sandbox.files import UnreadableFile, blocking, read_given
from xenhostgen.sandbox.process import UNLIMITED, BuildError, Job, run
from xenhostgen.sandbox.scratch import scratch_folder
from xenhostgen.spec.source import NOWHERE, Problem, Refused

SHORTEST_ID = 7  # what git itself abbreviates to at the least
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the id of an empty file
_FILE_MAX = 64 << 20  # of a file of git's own, or that it writes
_MEMORY_MAX = 1 << 30  # of a call without a repository
_REFERENCES_MAX = 100_000
_ALTERNATES_MAX = 100  # folders of objects
_SECONDS_MAX = 120  # for a call
# As if the user had no configuration, nor had given any for this call.
NO_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_COUNT": "0",
}
_NO_ATTRIBUTES = "* -text !filter !ident !diff !working-tree-encoding\n"
# What else git takes from the environment is of the repository in whose hook, say, this runs.
_KEPT = re.compile(r"(?!GIT_)|GIT_(AUTHOR|COMMITTER|CONFIG|EXEC)_(?!PARAMETERS)")


class GitFailure(Refused):
    """Git refused; ``said`` is what it wrote on stderr."""

    def __init__(self, command: str, output: str) -> None:
        self.output = output.strip()
        super().__init__([Problem("git", self.output.split("\n")[0], f"git {command}", NOWHERE)])


def git(
    folder: Path,
    *arguments: str,
    fine: tuple[int, ...] = (0,),
    variables: Mapping[str, str] | None = None,
) -> str:
    """What git prints in a folder, whose repository is its ``.git`` or none.

    ``variables`` come on top of the environment. Raises ``GitFailure`` for an exit status that
    isn't ``fine``.
    """
    environment = git_environment(variables or {})
    limits = UNLIMITED._replace(seconds=_SECONDS_MAX, output_bytes=_FILE_MAX)
    if not (folder / ".git").exists():  # else it maps all of a repository's packs
        limits = limits._replace(memory_bytes=_MEMORY_MAX)
    try:
        done = run(Job(["git", *arguments], folder, limits, environment))
    except BuildError:
        raise GitFailure(arguments[0], "the command is not installed") from None
    if done.exceeded:
        raise GitFailure(arguments[0], done.exceeded)
    if done.status == -signal.SIGXFSZ:
        raise GitFailure(arguments[0], f"writes a file of more than {_FILE_MAX >> 20} MiB")
    if done.status not in fine:
        message = done.errors.decode(errors="replace") or f"exit status {done.status}"
        raise GitFailure(arguments[0], message)
    return done.output.decode(errors="surrogateescape")


def git_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The user's environment and ``variables``, with a folder's ``.git`` for its repository."""
    environment = {name: value for name, value in os.environ.items() if _KEPT.match(name)}
    # Left to look for one, git takes a folder for a repository that has a stranger's files HEAD
    # and config in it, and runs the filters that these name.
    return environment | {"GIT_DIR": ".git", "LC_ALL": "C.UTF-8", **variables}


@contextmanager
def borrowed(tree: Path) -> Iterator[Path]:
    """A repository of our own that has a tree's references, and borrows its objects.

    In a stranger's repository git never runs, for its configuration, attributes and hooks name
    programs. Raises ``GitFailure`` where the tree is none.
    """
    private = git_folder(tree)
    common = Path(os.path.realpath(private / (_line(private / "commondir") or ".")))
    for objects in _object_folders(common):
        for path in blocking(objects, stat.S_IFDIR):
            raise GitFailure("cat-file", f"{path} is not a regular file")
    with scratch_folder() as folder:
        create_repository(folder, NO_SETTINGS)
        own = folder / ".git"
        (own / "objects/info/alternates").write_text(f"{common}/objects\n")
        for path in _references(common / "refs"):
            copied = own / path.relative_to(common)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(_content(path) or b"")
        for file in (private / "HEAD", common / "packed-refs"):
            if (content := _content(file)) is not None:
                (own / file.name).write_bytes(content)
        yield folder


def create_repository(folder: Path, variables: Mapping[str, str]) -> None:
    """Make a folder a repository of ours, in which no file's attributes change another's bytes."""
    git(folder, "init", "-q", "-b", "series", variables=variables)
    (folder / ".git/info/attributes").write_text(_NO_ATTRIBUTES)


def _object_folders(common: Path) -> list[Path]:
    """The folders in which git looks for objects, those that others name as alternates included."""
    folders = [common / "objects"]
    for folder in folders:
        file = folder / "info/alternates"
        for line in (_content(file) or b"").decode(errors="surrogateescape").split("\n"):
            if not line.isprintable() or line.startswith('"') or len(folders) > _ALTERNATES_MAX:
                raise GitFailure("cat-file", f"{file} quotes a path, or is one of too many")
            path = Path(os.path.realpath(folder / line))
            if line and path not in folders:
                folders.append(path)
    return folders


def _references(folder: Path) -> list[Path]:
    """The files of a folder of references, links left out."""
    paths: list[Path] = []
    for top, _, names in os.walk(folder):
        paths += [Path(top, name) for name in names if not Path(top, name).is_symlink()]
        if len(paths) > _REFERENCES_MAX:
            message = f"{folder} has more than {_REFERENCES_MAX} references; run 'git pack-refs'"
            raise GitFailure("for-each-ref", message)
    return paths


def git_folder(tree: Path) -> Path:
    """The folder in which git keeps a tree's state. Raises ``GitFailure`` if there is none."""
    folder = tree / ".git"
    if folder.is_file():
        folder = tree / _line(folder).removeprefix("gitdir: ")
    if _content(folder / "HEAD") is None:
        raise GitFailure("rev-parse", f"fatal: {tree} is not a git repository")
    return folder


def _line(file: Path) -> str:
    """The only line of a file that names a path; empty if it isn't there."""
    line = (_content(file) or b"").decode(errors="surrogateescape").strip()
    if line and not line.isprintable():
        raise GitFailure("rev-parse", f"{file} names no path")
    return line


def _content(file: Path) -> bytes | None:
    """What a file of a repository holds, which may lie outside the tree; None if there is none."""
    try:
        return read_given(file, _FILE_MAX)
    except UnreadableFile as error:
        raise GitFailure("rev-parse", f"{file} {error}") from None


def blob_id(content: bytes | str) -> str:
    """The full SHA-1 id that git gives to a file of this content.

    A `str` is taken as the hunk reader made it: UTF-8, bytes that aren't UTF-8 as surrogates.
    """
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    header = b"blob %d\0" % len(data)
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def same_id(left: str, right: str) -> bool:
    """Whether two ids, possibly shortened, name the same object; too short ones match by chance."""
    length = min(len(left), len(right))
    return length >= SHORTEST_ID and left[:length].lower() == right[:length].lower()
