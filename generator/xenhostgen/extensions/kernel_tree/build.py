# SPDX-License-Identifier: GPL-2.0-only
"""Build the interface in a real kernel: what the kernel's own tools say that is new.

The user's tree is only read. A scratch tree beside the objects is made of links into it and of the
placed files; kbuild does the rest, and knows what has to be built again.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path

from xenhostgen.extensions.kernel_tree.kernels import Kernel, kernels
from xenhostgen.extensions.kernel_tree.patching import content, difference
from xenhostgen.extensions.kernel_tree.placing import Placement, kernel_version, placed
from xenhostgen.render.write import write_files
from xenhostgen.sandbox.confinement import View, obstacle
from xenhostgen.sandbox.location import Location
from xenhostgen.sandbox.process import UNLIMITED, BuildError, Completed, Job, run, user_environment
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import NOWHERE, Problem, Refused, refusal
from xenhostgen.verify.findings import Finding
from xenhostgen.verify.subject import Subject

_TOOLS = ("gcc", "make", "flex", "bison", "bc", "perl")
Tell = Callable[[str], None]
# What a tool complains of, with its file and line where it names them.
_COMPLAINT = re.compile(
    r"^(?:(\S+?):(\d+):(?:\d+:)? )?(warning|(?:fatal )?error|WARNING|ERROR): (.*)$", re.M
)
# A symbol's section and name, by objdump.
_SYMBOL = re.compile(r"^[0-9a-f]{8,} .{7} (\S+)\t[0-9a-f]+ +(?:\S+ )?(\S+)$", re.M)
_UNDEFINED, _FILE = "*UND*", "*ABS*"
_CHECKPATCH = re.compile(r"^(\S+):(\d+): \w+:(\w+: .*)$", re.M)
# Who maintains new files, their folders tell already; an iterator uses its cursor more than once.
_CHECKPATCH_OPTIONS = (
    "--strict --terse --showfile --show-types --no-summary --no-signoff "
    "--ignore=FILE_PATH_CHANGES,MACRO_ARG_REUSE"
)


def obstacles(tree: Path | None) -> Iterator[Problem]:
    """Why nothing can be built: there is no kernel, or tools are not installed."""
    if not tree:
        hint = "add --tree LINUX, the top folder of a Linux source tree"
        yield Problem("no-kernel", "needs a kernel to build in", "--level kernel", NOWHERE, hint)
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        hint = f"Debian: {' '.join(missing)}"
        message = f"not installed: {', '.join(missing)}"
        yield Problem("not-installed", message, "--level kernel", NOWHERE, hint)


class KernelBuild:
    """What is new in what the tools say when kernels are built with the interface."""

    level = "kernel"

    def run(self, subject: Subject) -> Iterator[Finding]:
        """Build in the kernel; the objects are kept in .cache. Raises ``Refused``."""
        spec, linux = subject.spec, subject.options.tree
        assert linux
        placement = placed(spec, linux)
        statistics = subject.statistics
        statistics.kernel = f"Linux {kernel_version(linux)}"
        scratches = []
        for kernel in kernels():
            if shutil.which(f"{kernel.cross}gcc"):
                scratches.append(Scratch(linux, Path(".cache/kernel"), placement.after, kernel))
            else:
                what = f"the build for {kernel.name}"
                statistics.left_out.append(f"{what}: not installed: {kernel.cross}gcc")
        yield from build(spec, placement, scratches, subject.options.progress)


def build(
    spec: Interface,
    placement: Placement,
    scratches: Iterable["Scratch"],
    tell: Tell = lambda _: None,
) -> list[Finding]:
    """What is wrong with a spec in kernels of one tree.

    Raises ``Refused`` where one of them can't be configured or built.
    """
    builds = [Build(scratch, placement, tell) for scratch in scratches]
    defined = frozenset().union(*(build.after.defined for build in builds))
    shown: dict[Finding, list[str]] = {}
    for build in builds:
        for finding in build.findings(spec, defined):
            shown.setdefault(finding, []).append(build.kernel.name)
    findings = []
    for finding, names in shown.items():
        where = f" ({', '.join(names)})" if len(names) < len(builds) else ""
        findings.append(replace(finding, message=f"{finding.message}{where}"))
    diff = difference(placement.before, placement.after)
    return [*findings, *_checkpatch(diff, builds[0].scratch.tree)]


class Log:
    """What the tools say of a build, and the symbols of all that is built."""

    def __init__(self, text: str) -> None:
        self.complaints: list[tuple[str, str, str, str]] = _COMPLAINT.findall(text)
        symbols = _SYMBOL.findall(text)
        self.sections = {name: section for section, name in symbols if section != _FILE}
        self.undefined = {name for name, where in self.sections.items() if where == _UNDEFINED}
        self.defined = self.sections.keys() - self.undefined


class Build:
    """A kernel's folders, built without the interface and with it. Raises ``Refused``."""

    def __init__(self, scratch: "Scratch", placement: Placement, tell: Tell) -> None:
        self.scratch, self.kernel, self.placement = scratch, scratch.kernel, placement
        tell(f"configuring the kernel: {self.kernel.name}")
        scratch.configure()
        tell("building its part without the interface")
        self.before = Log(scratch.log(placement.before))
        for file, _, kind, words in self.before.complaints:
            if kind.endswith("error"):
                hint = "it must build without the interface first"
                raise _unbuilt(f"{file}: {words}", str(scratch.tree), hint)
        tell("building it with the interface")
        self.after = Log(scratch.log(placement.after))

    def findings(self, spec: Interface, defined: Set[str]) -> Iterator[Finding]:
        """What is wrong with the interface there; ``defined`` are the symbols of all kernels."""
        source, before, after = spec.source.file, self.before, self.after
        known = {(file, kind, words) for file, _, kind, words in before.complaints}
        for file, line, kind, words in after.complaints:
            if (file, kind, words) not in known:
                yield _finding("build", f"{kind}: {words}", file or source, int(line or 0))
        for name in sorted((after.undefined & defined) - before.undefined):
            yield _finding("build", f"error: undefined reference to '{name}'", *self._user(name))
        if not self.kernel.absent:
            yield from _misplaced(spec, after.sections)
        elif names := sorted(after.sections.keys() - before.sections.keys()):
            message = f"error: adds {', '.join(names)} to a kernel in which it has no part"
            yield _finding("build", message, source)

    def _user(self, name: str) -> tuple[str, int]:
        """The file and line of the interface that use a symbol."""
        for path, text in self.placement.after.items():
            code = (text or b"").decode(errors="replace") if path.endswith(".c") else ""
            for number, line in enumerate(code.split("\n"), 1):
                if re.search(rf"\b{name}\b", line):
                    return path, number
        return next(iter(self.placement.after)), 0


def _unbuilt(message: str, place: str, hint: str = "") -> Refused:
    return refusal("no-build", message, place, hint)


def _finding(rule: str, message: str, file: str, line: int = 0, subject: str = "") -> Finding:
    return Finding(rule, subject or file, message, Location(file, line), seen_by="kernel")


class Scratch:
    """A tree of links, and its objects, kept in ``work`` for the next time.

    The folders of ``files`` and those that the kernel names are built. Raises ``Refused`` if the
    tree holds a build of its own, whose objects would be taken for new ones.
    """

    def __init__(self, tree: Path, work: Path, files: Iterable[str], kernel: Kernel) -> None:
        products = (".config", "include/config", "arch/x86/include/generated")
        if any((tree / product).exists() for product in products):
            hint = "run 'make mrproper' in it, or give a clean copy, as 'git worktree add' makes it"
            raise refusal("tree-built", "holds a build of its own", tree, hint)
        self.tree, self.kernel = tree.resolve(), kernel
        self.folders = sorted({*(str(Path(path).parent) for path in files), *kernel.folders})
        known = f"{self.tree} {kernel_version(tree)} {self.folders} {kernel}"
        self.work = work.resolve() / hashlib.sha256(known.encode()).hexdigest()[:12]
        self.source, self.objects = self.work / "source", self.work / "objects"
        # Where nothing can be confined, a stranger's tree has been refused by now.
        self.view = None if obstacle() else View((self.tree, self.work), (self.objects,))
        target = (f"ARCH={kernel.architecture}", f"CROSS_COMPILE={kernel.cross}")
        user = "KBUILD_BUILD_USER=nobody"  # who has no name in a confinement
        self.kbuild = ("make", "-s", f"O={self.objects}", f"-j{os.cpu_count()}", *target, user)
        self.objects.mkdir(parents=True, exist_ok=True)
        real: set[Path] = set()
        for folder in map(Path, self.folders):
            real.update((folder, *folder.parents))
        for folder in sorted(real):
            (self.source / folder).mkdir(exist_ok=True)
            for path in (self.tree / folder).iterdir():
                link = self.source / folder / path.name
                if folder / path.name not in real and not os.path.lexists(link):
                    link.symlink_to(path)

    def fill(self, files: Mapping[str, bytes | None]) -> None:
        """Have these files there (None: not there), and the tree's own ones elsewhere.

        What stays as it is isn't built again.
        """
        wanted = dict(files)
        for folder in self.folders:
            for path in (self.source / folder).iterdir():
                name = f"{folder}/{path.name}"
                if path.is_symlink() and name in files:
                    path.unlink()
                elif path.is_file() and not path.is_symlink():
                    wanted.setdefault(name, content(self.tree, name))
        write_files(self.source, wanted)

    def make(self, *arguments: str) -> Completed:
        """Run kbuild."""
        return _run(self.source, self.view, *self.kbuild, *arguments)

    def configure(self) -> None:
        """Configure for the kernel's options and no others, once. Raises ``Refused``."""
        config = self.kernel.config
        new, last = self.work / "new.config", self.work / "done.config"
        if content(last.parent, last.name) == config.encode():
            return
        new.write_text(config)
        for step in ((f"KCONFIG_ALLCONFIG={new}", "allnoconfig"), ("prepare",)):
            done = self.make(*step)
            if done.status:
                message = (done.text.strip() or "failed").splitlines()[0]
                hint = "install gcc make flex bison bc libelf-dev libssl-dev"
                raise _unbuilt(message, f"make {step[-1]}", hint)
        configured = (content(self.objects, ".config") or b"").decode(errors="replace").split("\n")
        if lost := set(re.findall("^CONFIG.*", config, re.M)).difference(configured):
            message = f"this kernel has no {', '.join(sorted(lost))}"
            raise refusal("config", message, str(self.tree))
        new.rename(last)

    def log(self, files: Mapping[str, bytes | None]) -> str:
        """All that the tools say with these files in place, and the symbols of all objects.

        The log of a state that builds is kept: it is not built twice just to hear the same again.
        """
        sources: list[Path] = []
        for folder in self.folders:
            sources += sorted((self.tree / folder).glob("*.[chS]"))
        digest = hashlib.sha256(repr(sorted(files.items())).encode())
        digest.update(b"".join(path.read_bytes() for path in sources))
        log = self.work / f"{digest.hexdigest()[:16]}.log"
        if log.exists():
            return log.read_text("utf-8")
        units = [path.relative_to(self.tree) for path in sources if path.suffix == ".c"]
        targets = sorted({*(str(unit.parent) for unit in units), *self.kernel.folders})
        for target in targets:
            place = self.objects / target
            if place.resolve() == place:  # the kernel's own scripts could make a link of it
                for built in place.glob("*.o"):
                    built.unlink()
        self.fill(files)
        checker = ["C=1"] if shutil.which("sparse") else []
        folders = [f"{target}/" for target in targets]
        kbuild = self.make("-k", "W=1", *checker, *folders)
        names = [f"{folder}built-in.a" for folder in folders]
        archives = " ".join(name for name in names if (self.objects / name).exists())
        cross = self.kernel.cross
        link = f"{cross}ld {self.kernel.linking} -r --whole-archive {archives} -o vmlinux.o"
        check = "scripts/mod/modpost -o symbols vmlinux.o"
        script = f"{link} && {check} && {cross}objdump -t vmlinux.o" if archives else ":"
        linked = _run(self.objects, self.view, "sh", "-c", script)
        text = f"{kbuild.text}{linked.text}".replace(f"{self.source}/", "")
        if kbuild.status or linked.status:
            return f"{text}error: kbuild or modpost failed\n"
        log.write_text(text, "utf-8")
        return text


def _run(folder: Path, view: View | None, *command: str, reads: str = "") -> Completed:
    """Run one of the kernel's tools; its errors are in its output. Raises ``Refused``."""
    data = reads.encode(errors="surrogateescape")
    environment = None if view else user_environment()
    job = Job(command, folder, UNLIMITED, environment, data, merge_errors=True, view=view)
    try:
        return run(job)
    except BuildError as error:
        raise _unbuilt(error.output, command[0]) from None


def _misplaced(spec: Interface, sections: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the registry lies where the spec says, not in .bss, and its symbols are exported."""
    file, array, section = spec.source.file, spec.c.array, spec.section
    if sections and sections.get(array) != section:
        yield _finding("section", f"{array} isn't in {section}", file, subject=array)
    if sections.get(array) == ".bss":
        message = f"{array} lies in .bss, which boot clears"
        yield _finding("registry-in-bss", message, file, subject=array)
    for symbol in sorted(spec.exported) if sections else ():
        if sections.keys().isdisjoint((f"__export_symbol_{symbol}", f"__ksymtab_{symbol}")):
            yield _finding("not-exported", f"{symbol} isn't exported", file, subject=symbol)


def _checkpatch(diff: bytes, tree: Path) -> Iterator[Finding]:
    """What the tree's checkpatch says of a diff."""
    command = ["perl", f"{tree}/scripts/checkpatch.pl", *_CHECKPATCH_OPTIONS.split()]
    view = None if obstacle() else View((tree,))
    reads = diff.decode(errors="surrogateescape")
    output = _run(tree, view, *command, f"--root={tree}", "-", reads=reads).text
    for file, line, words in _CHECKPATCH.findall(output):
        yield _finding("checkpatch", words, file, int(line))
