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
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from xenhostgen.extensions.kernel_tree.apply import difference
from xenhostgen.extensions.kernel_tree.placing import Placement, content, kernel_version
from xenhostgen.render.write import write_files
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused
from xenhostgen.verify.findings import Finding, Where

Tell = Callable[[str], None]
# What every kind of Xen guest needs on top of allnoconfig.
CONFIG = Path(__file__).with_name("data") / "kernel.config"
_SAID = re.compile(
    r"^(?:(\S+?):(\d+):(?:\d+:)? )?(warning|(?:fatal )?error|WARNING|ERROR): (.*)$", re.M
)
_SYMBOL = re.compile(
    r"^[0-9a-f]{8,} .{7} (\S+)\t[0-9a-f]+ +(?:\S+ )?(\S+)$", re.M
)  # its section and name, by objdump
_CHECKPATCH = re.compile(r"^(\S+):(\d+): \w+:(\w+: .*)$", re.M)


def build(
    spec: Interface, placement: Placement, scratch: "Scratch", tell: Tell = lambda _: None
) -> list[Finding]:
    """What is wrong with a spec in a kernel tree. Raises ``Refused`` where that can't be configured or built."""
    tell("configuring the kernel")
    scratch.configure(f"{CONFIG.read_text()}CONFIG_MODULES=y\n")  # for whom symbols are exported
    tell("building its part without the interface")
    file = spec.source.file
    log = scratch.log(placement.before, file)
    before = {(where, kind, words) for where, _, kind, words in _SAID.findall(log)}
    if failed := [
        f"{where}: {words}" for where, kind, words in sorted(before) if kind.endswith("error")
    ]:
        hint = "it must build before anything can be told of the interface"
        raise Refused([Problem("no-build", failed[0], str(scratch.tree), hint=hint)])
    tell("building it with the interface")
    log = scratch.log(placement.after, file)
    found = [
        _finding("build", f"{kind}: {words}", where or file, int(line or 1))
        for where, line, kind, words in _SAID.findall(log)
        if (where, kind, words) not in before
    ]
    sections = {name: section for section, name in _SYMBOL.findall(log)}
    return [*found, *_misplaced(spec, sections), *_checkpatch(difference(placement), scratch.tree)]


def _finding(rule: str, message: str, file: str, line: int = 1, subject: str = "") -> Finding:
    return Finding(rule, subject or file, message, Where(file, line), seen_by="kernel")


class Scratch:
    """A tree of links, and its objects, kept in ``work`` for the next time. The folders of ``files`` are built.

    Raises ``Refused`` if the kernel's tree holds a build of its own, whose objects would be taken for new ones.
    """

    def __init__(self, tree: Path, work: Path, files: Iterable[str]) -> None:
        if any(
            (tree / made).exists()
            for made in (".config", "include/config", "arch/x86/include/generated")
        ):
            hint = "run 'make mrproper' in it, or give a clean copy, as 'git worktree add' makes it"
            raise Refused([Problem("tree-built", "holds a build of its own", str(tree), hint=hint)])
        self.tree, self.folders = tree.resolve(), sorted({str(Path(path).parent) for path in files})
        known = f"{self.tree} {kernel_version(tree)} {self.folders} {CONFIG.read_text()}"
        self.work = work.resolve() / hashlib.sha256(known.encode()).hexdigest()[:12]
        self.source, self.objects = self.work / "source", self.work / "objects"
        self.objects.mkdir(parents=True, exist_ok=True)
        real = {
            str(part) for folder in self.folders for part in (Path(folder), *Path(folder).parents)
        }
        for folder in sorted(real):
            (self.source / folder).mkdir(exist_ok=True)
            there = {path.name for path in (self.source / folder).iterdir()}
            for path in (self.tree / folder).iterdir():
                if path.name not in there and str(path.relative_to(self.tree)) not in real:
                    (self.source / folder / path.name).symlink_to(path)

    def fill(self, files: Mapping[str, bytes | None]) -> None:
        """Have these files there (None: not there) and the tree's own ones elsewhere; what stays isn't built again."""
        there = [path for folder in self.folders for path in (self.source / folder).iterdir()]
        ours = [
            str(path.relative_to(self.source))
            for path in there
            if path.is_file() and not path.is_symlink()
        ]
        wanted = {path: content(self.tree / path) for path in ours} | dict(files)
        write_files(self.source, wanted)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run kbuild."""
        command = [
            "make",
            "-s",
            "-C",
            str(self.source),
            f"O={self.objects}",
            f"-j{os.cpu_count()}",
            *arguments,
        ]
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )

    def configure(self, config: str) -> None:
        """Configure for these options and no others, once. Raises ``Refused`` if that fails."""
        new, done = self.work / "new.config", self.work / "done.config"
        if done.exists() and done.read_text() == config:
            return
        new.write_text(config)
        for step in ((f"KCONFIG_ALLCONFIG={new}", "allnoconfig"), ("prepare",)):
            if (made := self.make(*step)).returncode:
                said = [*made.stderr.strip().splitlines(), "failed"][0]
                hint = "install gcc make flex bison bc libelf-dev libssl-dev"
                raise Refused([Problem("no-build", said, f"make {step[-1]}", hint=hint)])
        if lost := set(re.findall("^CONFIG.*", config, re.M)) - set(
            (self.objects / ".config").read_text().split("\n")
        ):
            raise Refused(
                [Problem("config", f"this kernel has no {', '.join(sorted(lost))}", str(self.tree))]
            )
        new.rename(done)

    def log(self, files: Mapping[str, bytes | None], file: str) -> str:
        """All that the tools say with these files in place, and the symbols of one file's object.

        The log of a state that builds is kept: it is not built twice just to hear the same again.
        """
        kernels = [
            path for folder in self.folders for path in sorted((self.tree / folder).glob("*.[chS]"))
        ]
        state = hashlib.sha256(
            b"\0".join([repr(sorted(files.items())).encode(), *(p.read_bytes() for p in kernels)])
        )
        log = self.work / f"{state.hexdigest()[:16]}.log"
        if log.exists():
            return log.read_text()
        targets = sorted(
            {f"{path.relative_to(self.tree).parent}/" for path in kernels if path.suffix == ".c"}
        )
        for made in [made for target in targets for made in (self.objects / target).glob("*.o")]:
            made.unlink()
        self.fill(files)
        built = self.make("-k", "W=1", *["C=1"] * (shutil.which("sparse") is not None), *targets)
        archives = " ".join(f"{target}built-in.a" for target in targets)
        link = f"ld -r --whole-archive {archives} -o vmlinux.o && scripts/mod/modpost -o symbols vmlinux.o"
        linked = subprocess.run(
            link, shell=True, cwd=self.objects, capture_output=True, text=True, check=False
        )
        made = (self.objects / file).with_suffix(".o")
        symbols = subprocess.run(
            ["objdump", "-t", made], capture_output=True, text=True, check=False
        ).stdout
        said = (built.stdout + built.stderr + linked.stderr + symbols).replace(
            f"{self.source}/", ""
        )
        if built.returncode or linked.returncode:
            return f"{said}error: kbuild or modpost failed\n"
        log.write_text(said)
        return said


def _misplaced(spec: Interface, sections: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the registry lies where the spec says, and not in .bss, and its symbols are exported."""
    file, array, section = spec.source.file, spec.c.array, spec.registry.section
    if sections.get(array, section) != section:
        yield _finding("section", f"{array} isn't in {section}", file, subject=array)
    if sections.get(array) == ".bss":
        yield _finding(
            "registry-in-bss", f"{array} lies in .bss, which boot clears", file, subject=array
        )
    for symbol in sorted(spec.exported) if sections else ():
        if not {f"__export_symbol_{symbol}", f"__ksymtab_{symbol}"} & set(sections):
            yield _finding("not-exported", f"{symbol} isn't exported", file, subject=symbol)


def _checkpatch(diff: str, tree: Path) -> Iterator[Finding]:
    """What the tree's checkpatch --strict says; who maintains new files, their folders tell already."""
    options = ["--strict", "--terse", "--showfile", "--show-types", "--no-summary", "--no-signoff"]
    command = [
        "perl",
        f"{tree}/scripts/checkpatch.pl",
        *options,
        "--ignore=FILE_PATH_CHANGES",
        f"--root={tree}",
        "-",
    ]
    said = subprocess.run(command, input=diff, capture_output=True, text=True, check=False).stdout
    yield from (
        _finding("checkpatch", words, file, int(line))
        for file, line, words in _CHECKPATCH.findall(said)
    )
