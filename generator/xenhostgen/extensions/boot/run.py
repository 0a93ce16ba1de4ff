# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel with the interface and its tests; boot it as every kind of guest."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from xenhostgen.extensions.boot.console import Console
from xenhostgen.extensions.boot.guests import Boot, Guest, boots_of, machine
from xenhostgen.extensions.boot.suite import DATA, Suite
from xenhostgen.extensions.kernel_tree.build import Scratch
from xenhostgen.extensions.kernel_tree.kernels import Kernel
from xenhostgen.extensions.kernel_tree.patching import content
from xenhostgen.extensions.kernel_tree.placing import placed
from xenhostgen.render.write import write_files
from xenhostgen.sandbox.process import UNLIMITED, Job, run, user_environment
from xenhostgen.spec.source import refusal

_XEN = "4.17"
# What every kind of Xen guest needs on top of allnoconfig.
_CONFIG = DATA / "kernel.config"
_DOM0 = Guest("pv", True)
_DOMAIN = re.compile(r"^xenhostgen: creating (\S+)\n(.*?)(?:^xenhostgen: end \1$|\Z)", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Lab:
    """A work folder for one kernel, in which a run builds on what the last one has left there.

    ``kernel`` is a version, whose source Debian has, or the path of a tree. ``stopped`` ends the
    machines that run.
    """

    work: Path
    kernel: str
    kvm: bool
    say: Callable[[str], None]
    stopped: Event = field(default_factory=Event)

    def boot(
        self, suite: Suite, guests: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> tuple[dict[Boot, str], bool]:
        """Build and boot: each boot's console, and whether the array of slots lies in .bss.

        ``extra``: other texts of some files, with faults that the boot should show. Raises
        ``Refused``: Debian packages are missing, the spec doesn't fit the kernel or doesn't know a
        guest, or the kernel doesn't build.
        """
        boots = boots_of(suite, guests)
        objects = self.compile(suite, extra or {})
        consoles = self.machines(suite, boots, objects / "arch/x86/boot/bzImage")
        symbols = (objects / "System.map").read_text()
        in_bss = re.search(rf"^\w+ [bB] {suite.spec.c.array}$", symbols, re.M)
        return consoles, in_bss is not None

    def _run(self, what: str, seconds: float, folder: Path, *command: str | Path) -> None:
        """Run a program and say so. Raises ``Refused`` with the end of its log if it fails.

        The log has the first word of ``what`` as its name.
        """
        self.say(what)
        log = self.work / f"{what.partition(' ')[0]}.log"
        limits = UNLIMITED._replace(seconds=seconds)
        done = run(Job(command, folder, limits, user_environment(), log=log))
        if done.status:
            lines = log.read_text(errors="replace").rstrip().splitlines()[-20:]
            why = "takes too long" if done.exceeded else f"fails with status {done.status}"
            message = "\n    ".join([why, *lines])
            raise refusal("program", message, what, f"all of it: {log}")

    def compile(self, suite: Suite, extra: Mapping[str, str]) -> Path:
        """Fetch Xen and Debian's kernel, and build the kernel; the folder of its objects."""
        self.work.mkdir(parents=True, exist_ok=True)
        version = self.kernel if re.fullmatch(r"\d+\.\d+", self.kernel) else ""
        what = f"fetching Xen {_XEN}" + (f", Linux {version}" if version else "")
        self._run(what, 900, self.work, "sh", DATA / "fetch", version, _XEN)
        source = self.work / f"linux-{version}" if version else Path(self.kernel)
        files = _files(suite, source, extra)
        name = f"CONFIG_{suite.spec.interface.upper()}_KUNIT"
        config = f"{_CONFIG.read_text()}{name}_TEST=y\n{name}_OVERRIDE=y\n"
        folder = self.work / f"kernel-{version or 'given'}"
        tree = Scratch(source, folder, files, Kernel("booted", config))
        tree.fill(files)
        self.say("configuring the kernel")
        tree.configure()
        self._run("building the kernel", 3600, tree.source, *tree.kbuild, "bzImage")
        return tree.objects

    def machines(self, suite: Suite, boots: Sequence[Boot], image: Path) -> dict[Boot, str]:
        """Boot everything, two machines at a time; the consoles, which stay in the work folder."""
        (self.work / "consoles").mkdir(exist_ok=True)
        # A machine for a nested Xen, one for all other domains, and one for each dom0.
        groups: dict[str, list[Boot]] = {}
        for boot in boots:
            shared = boot.kind.domain and boot.guest != "nested"
            groups.setdefault("domains" if shared else boot.name, []).append(boot)
        longest_first = sorted(groups.values(), key=_seconds, reverse=True)
        self._pack(suite, boots, image)
        consoles: dict[Boot, str] = {}
        with ThreadPoolExecutor(max_workers=2) as pool:
            try:
                machines = [
                    pool.submit(self._machine, suite, group, image) for group in longest_first
                ]
                for machine in machines:
                    consoles |= machine.result()
            finally:
                self.stopped.set()
                pool.shutdown(cancel_futures=True)
        return {boot: consoles[boot] for boot in boots}

    def _pack(self, suite: Suite, boots: Sequence[Boot], image: Path) -> None:
        """Dom0's initramfs: the domains' kernel and configurations in front of the tools."""
        folder = self.work / "domains"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        files = {"init": (DATA / "dom0-init").read_bytes(), "boot/vmlinuz": image.read_bytes()}
        for boot in boots:
            if boot.kind.domain:
                files[f"etc/xen/{boot.name}.cfg"] = boot.domain(suite).encode()
                files[f"etc/xen/{boot.name}.seconds"] = b"%d\n" % boot.kind.seconds
        write_files(folder, files)
        pack = "chmod +x init; find . | cpio -oH newc --quiet >../initramfs"
        pack += "; cat ../tools.cpio.gz >>../initramfs"
        self._run("packing dom0's initramfs", 120, folder, "sh", "-ec", pack)

    def _machine(self, suite: Suite, group: Sequence[Boot], image: Path) -> dict[Boot, str]:
        """One machine: a boot of dom0, or of a dom0 that makes one domain after another."""
        boot, names = group[0], [boot.name for boot in group]
        self.say(f"booting {', '.join(names)}")
        seconds = _DOM0.seconds + _seconds(group)
        if not boot.kind.domain:
            command = [*machine(self.kvm, 1024, boot.kind), "-initrd"]
            kernel = f"{image} {boot.arguments(suite)}"
            end = b"ardware Dom0 (halted|shutdown|crashed)"
            return {boot: self._shown([*command, kernel], boot.name, seconds, end)}
        arguments = f"console=hvc0 loglevel=4 kunit.enable=0 domains={':'.join(names)}"
        kernel = f"{image} {arguments},{self.work}/initramfs"
        command = [*machine(self.kvm, 2048, _DOM0), "-initrd", kernel]
        text = self._shown(command, f"dom0-of-{boot.name}", seconds, b"xenhostgen: done")
        shown = dict(_DOMAIN.findall(text))
        for name in names:
            (self.work / "consoles" / f"{name}.log").write_text(shown.get(name, ""), "utf-8")
        return {boot: shown.get(boot.name, "") for boot in group}

    def _shown(self, command: Sequence[str], name: str, seconds: float, end: bytes) -> str:
        """Run a machine until its console shows the pattern ``end``; what it shows.

        One that stands still or takes too long is started again, once.
        """
        log = self.work / f"qemu-{name}.log"
        console = Console(self.work / "consoles" / f"{name}.log", end)
        if not self._comes_to_an_end(console, command, seconds, log):
            self.say(f"booting {name} once more, as it comes to no end")
            self._comes_to_an_end(console, command, seconds, log)
        text = console.log.read_text(errors="replace").replace("\r", "")
        if not text:
            message = log.read_text(errors="replace").strip() or "fails"
            raise refusal("program", message, command[0])
        return text

    def _comes_to_an_end(
        self, console: Console, command: Sequence[str], seconds: float, log: Path
    ) -> bool:
        """Run a machine; whether it shows its last words or goes off by itself."""
        limits = UNLIMITED._replace(seconds=seconds)
        with console:
            options = [*command, "-kernel", str(self.work / "xen"), *console.options]
            job = Job(options, self.work, limits, user_environment(), console.stdin, log)
            done = run(job, lambda: self.stopped.is_set() or console.over())
        return console.done() or not (done.exceeded or console.silent())


def _files(suite: Suite, source: Path, extra: Mapping[str, str]) -> dict[str, bytes | None]:
    """What differs from a kernel's source: the interface in its place, the tests, ``extra``."""
    files = placed(suite.spec, source).after
    for path, text in suite.appendices().items():
        files[path] = (files.get(path) or content(source, path) or b"") + text.encode()
    further = suite.files() | dict(extra)
    return files | {path: text.encode() for path, text in further.items()}


def _seconds(group: Sequence[Boot]) -> int:
    """How long a machine may take for its domains."""
    return sum(boot.kind.seconds for boot in group)
