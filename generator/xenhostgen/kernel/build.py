# SPDX-License-Identifier: GPL-2.0-only
"""Build the interface in a real kernel: what compiler, sparse, modpost and checkpatch say that is new.

The user's tree is only read. A scratch tree beside the objects is made of links into it and of the
placed files; kbuild does the rest, and knows what has to be built again.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenhostgen.kernel.apply import difference, write
from xenhostgen.kernel.place import Placement, content, kernel_version, placed
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused

CONFIG = Path(__file__).with_name("x86.config")
_COMPLAINT = re.compile(r"^(?:(\S+?):(\d+):(?:\d+:)? )?(warning|(?:fatal )?error|WARNING|ERROR): (.*)$", re.M)
_CHECKPATCH = re.compile(r"^(\S+):(\d+): \w+:(\w+): (.*)$", re.M)
_PACKAGES = "install gcc make flex bison bc libelf-dev libssl-dev"
_SECTIONS = {"bss": ".bss", "read_mostly": ".data..read_mostly", "ro_after_init": ".data..ro_after_init"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a tool of the kernel's says of the interface."""

    rule: str
    message: str
    file: str
    line: int = 1


@dataclass
class Scratch:
    """A tree of links in ``work``/source, built in ``work``/objects; ``folders`` hold what is placed."""

    tree: Path
    work: Path
    folders: set[str]
    sources: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.source, self.objects = self.work / "source", self.work / "objects"
        self.parents = {str(part) for folder in self.folders for part in (Path(folder), *Path(folder).parents)}
        self.objects.mkdir(parents=True, exist_ok=True)
        for folder in sorted(self.parents):
            (self.source / folder).mkdir(exist_ok=True)
            there = {path.name: path for path in (self.source / folder).iterdir()}
            for path in (self.tree / folder).iterdir():
                if path.name not in there and str(path.relative_to(self.tree)) not in self.parents:
                    (self.source / folder / path.name).symlink_to(path)

    def fill(self, files: Mapping[str, bytes]) -> None:
        """Have the placed files there and the tree's own ones elsewhere; what stays is not built again."""
        old = {
            str(path.relative_to(self.source))
            for folder in self.folders
            for path in (self.source / folder).iterdir()
            if path.is_file() and not path.is_symlink()
        }
        wanted = {path: content(self.tree / path) for path in old} | dict(files)
        write(self.source, {path: new for path, new in wanted.items() if content(self.source / path) != new})

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run kbuild."""
        command = ["make", "-s", "-C", str(self.source), f"O={self.objects}", f"-j{os.cpu_count()}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)

    def configure(self) -> None:
        """Configure and prepare once; raises ``Refused``."""
        if not (self.work / "ready").exists():
            for step in ((f"KCONFIG_ALLCONFIG={CONFIG}", "allnoconfig"), ("prepare",)):
                done = self.make(*step)
                if done.returncode:
                    said = done.stderr.strip().splitlines()
                    raise Refused(
                        [Problem("no-build", said[0] if said else "failed", f"make {step[-1]}", hint=_PACKAGES)]
                    )
            (self.work / "ready").touch()

    def said(self, files: Mapping[str, bytes]) -> set[tuple[str, str, str, str]]:
        """All complaints about the folders with these files in them: file, line, kind and words.

        A state that was built before is not built again; its log tells.
        """
        state = hashlib.sha256()
        for folder in sorted(self.folders):
            for path in sorted((self.tree / folder).glob("*.[chS]")):
                state.update(path.read_bytes())
        state.update(repr(sorted(files.items())).encode())
        log = self.work / f"{state.hexdigest()[:16]}.log"
        folders = sorted(folder for folder in self.folders if list((self.tree / folder).glob("*.c")))
        if not log.exists():
            for folder in folders:
                for made in (self.objects / folder).glob("*.o"):
                    made.unlink()
        self.fill(files)
        if files or not log.exists():
            check = ["C=1"] * (shutil.which("sparse") is not None)
            done = self.make("-k", "W=1", *check, *(f"{folder}/" for folder in folders))
            linked = [f"{folder}/built-in.a" for folder in folders]
            link = (
                f"ld -r --whole-archive {' '.join(linked)} -o vmlinux.o && scripts/mod/modpost -o modpost.out vmlinux.o"
            )
            post = subprocess.run(link, shell=True, cwd=self.objects, capture_output=True, text=True, check=False)
            if not log.exists():
                log.write_text((done.stdout + done.stderr + post.stderr).replace(f"{self.source}/", ""))
        return set(_COMPLAINT.findall(log.read_text()))


def build(spec: Interface, tree: Path, work: Path, tell: Callable[[str], None] = lambda _: None) -> list[Complaint]:
    """Everything that is wrong with a spec in a kernel tree; objects are kept in ``work`` for the next time.

    Raises ``Refused`` where it can't be placed, or where the tree can't be built.
    """
    placement = placed(spec, render(spec), tree)
    if placement.applied:
        raise Refused([Problem("applied-already", "has the interface; a tree without it is needed", str(tree))])
    kept = hashlib.sha256(f"{tree.resolve()} {kernel_version(tree)} {CONFIG.read_text()}".encode()).hexdigest()[:12]
    scratch = Scratch(tree.resolve(), work.resolve() / kept, {str(Path(path).parent) for path in placement.files})
    tell("configuring the kernel")
    scratch.configure()
    tell("building the kernel's part without the interface")
    before = {(file, kind, words) for file, _, kind, words in scratch.said({})}
    tell("building it with the interface")
    after = scratch.said({path: file.after for path, file in placement.files.items()})
    fresh = sorted(each for each in after if (each[0], *each[2:]) not in before)
    found = [
        Complaint("build", f"{kind}: {words}", file or spec.source.file, int(line or 1))
        for file, line, kind, words in fresh
    ]
    return [*found, *_symbols(spec, scratch), *_checkpatch(placement, tree)]


def _symbols(spec: Interface, scratch: Scratch) -> Iterator[Complaint]:
    """Whether the registry lies where the spec says, not in .bss, and its symbols are exported."""
    made = scratch.objects / Path(spec.source.file).with_suffix(".o")
    table = subprocess.run(["objdump", "-t", made], capture_output=True, text=True, check=False).stdout
    rows = {line.split()[-1]: line for line in table.splitlines() if line.split()}
    text = (scratch.source / spec.source.file).read_text().split("\n")
    line = next((row for row, line in enumerate(text, 1) if f" {spec.c.array}[" in line), 1)
    if rows and f"{_SECTIONS[spec.registry.storage]}\t" not in rows.get(spec.c.array, ""):
        yield Complaint(
            "section", f"{spec.c.array} isn't in {_SECTIONS[spec.registry.storage]}", spec.source.file, line
        )
    if rows and spec.registry.storage == "bss":
        yield Complaint("registry-in-bss", f"{spec.c.array} lies in .bss, which boot clears", spec.source.file, line)
    for symbol in sorted(spec.exported) if rows else ():
        if not {f"__export_symbol_{symbol}", f"__ksymtab_{symbol}"} & set(rows):
            yield Complaint("not-exported", f"{symbol} isn't exported", spec.source.file, line)


def _checkpatch(placement: Placement, tree: Path) -> Iterator[Complaint]:
    """What the tree's checkpatch --strict says; who maintains the new files, their folders tell already."""
    options = ["--strict", "--terse", "--showfile", "--show-types", "--no-summary", "--no-signoff"]
    command = [
        "perl",
        str(tree / "scripts/checkpatch.pl"),
        *options,
        "--ignore=FILE_PATH_CHANGES",
        f"--root={tree}",
        "-",
    ]
    diff = difference(placement)
    said = subprocess.run(command, input=diff, capture_output=True, text=True, check=False).stdout
    for file, line, rule, words in _CHECKPATCH.findall(said):
        yield Complaint("checkpatch", f"{rule}: {words}", file, int(line))
