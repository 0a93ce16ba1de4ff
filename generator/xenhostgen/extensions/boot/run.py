# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel with the interface and its tests; boot it as every kind of guest, two machines at a time."""

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from xenhostgen.extensions.boot.console import Console
from xenhostgen.extensions.boot.guests import GUESTS, Boot, Guest, machine
from xenhostgen.extensions.boot.process import Programs
from xenhostgen.extensions.boot.suite import DATA, Suite
from xenhostgen.extensions.kernel_tree.build import CONFIG, Scratch
from xenhostgen.extensions.kernel_tree.placing import content, placed
from xenhostgen.spec.source import Problem, Refused

_XEN = "4.17"


@dataclass(frozen=True, slots=True)
class Lab:
    """A work folder for one kernel, Debian's of that version or a tree's. What one run has made the next one uses."""

    work: Path
    kernel: str
    kvm: bool
    say: Callable[[str], None]
    programs: Programs = field(default_factory=Programs)

    def boot(
        self, suite: Suite, guests: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> tuple[dict[Boot, str], bool]:
        """Build and boot: what each boot's console shows, and whether the array of slots lies in .bss.

        ``extra``: other texts of some files, to see them found. Raises ``Refused``: Debian packages are
        missing, the spec doesn't fit the kernel or doesn't know a guest, or the kernel doesn't build.
        """
        boots = [Boot(guest) for guest in guests]
        boots += [
            Boot(guest, answer=True)
            for guest in guests
            if GUESTS[guest].overridden and suite.placeholders
        ]
        boots += [Boot("pv-dom0", fatal=number) for number in suite.fatal if "pv-dom0" in guests]
        for each in boots:
            each.scenario(suite)
        try:
            objects = self.compile(suite, extra or {})
            consoles = self.machines(suite, boots, objects / "arch/x86/boot/bzImage")
        finally:
            self.programs.stop()
        in_bss = re.search(
            rf"^\w+ [bB] {suite.spec.c.array}$", (objects / "System.map").read_text(), re.M
        )
        return consoles, in_bss is not None

    def run(self, what: str, seconds: float, folder: Path, *command: str | Path) -> None:
        """Run a program and say so. Raises ``Refused`` with the end of its log if it fails."""
        self.say(what)
        log = self.work / f"{what.partition(' ')[0]}.log"
        if status := self.programs.run(command, folder, log, seconds):
            said = [
                f"\n    {line}"
                for line in log.read_text(errors="replace").rstrip().splitlines()[-20:]
            ]
            why = "takes too long" if status == SIGKILL else f"fails with status {status}"
            raise Refused([Problem("program", why + "".join(said), what, hint=f"all of it: {log}")])

    def compile(self, suite: Suite, extra: Mapping[str, str]) -> Path:
        """Have everything unpacked and built; the folder of the objects."""
        spec, version = suite.spec, self.kernel if re.fullmatch(r"\d+\.\d+", self.kernel) else ""
        self.work.mkdir(parents=True, exist_ok=True)
        what = f"fetching Xen {_XEN}" + f", Linux {version}" * bool(version)
        self.run(what, 900, self.work, "sh", DATA / "fetch", version, _XEN)
        source = self.work / f"linux-{version}" if version else Path(self.kernel)
        wanted = placed(spec, source).after
        for name, text in suite.sources().items():
            path = f"{suite.folder}/{name.removeprefix('+')}"
            old = wanted.get(path) or content(source / path) or b""
            wanted[path] = (old if name.startswith("+") else b"") + text.encode()
        wanted |= {path: text.encode() for path, text in extra.items()}
        tree = Scratch(source, self.work / f"kernel-{version or 'given'}", wanted)
        tree.fill(wanted)
        options = [
            f"CONFIG_{spec.interface.upper()}_KUNIT_{name}=y\n" for name in ("TEST", "OVERRIDE")
        ]
        self.say("configuring the kernel")
        tree.configure(CONFIG.read_text() + "".join(options))
        make = ("make", "-s", f"O={tree.objects}", f"-j{os.cpu_count()}")
        self.run("building the kernel", 3600, tree.source, *make, "bzImage")
        return tree.objects

    def machines(self, suite: Suite, boots: Sequence[Boot], image: Path) -> dict[Boot, str]:
        """Boot everything; the consoles. They stay in the work folder, too."""
        (self.work / "consoles").mkdir(exist_ok=True)
        domains = [each for each in boots if GUESTS[each.guest].domain]
        if domains:
            self._pack(suite, domains, image)
        # What takes longest first; of the domains the nested Xen has a machine of its own.
        alone = [[each] for each in domains if each.guest == "nested"]
        others = [each for each in domains if each.guest != "nested"]
        groups = [
            *alone,
            *[others] * bool(others),
            *([each] for each in boots if each not in domains),
        ]
        with ThreadPoolExecutor(max_workers=2) as pool:
            started = [pool.submit(self._machine, suite, group, image) for group in groups]
            try:
                shown = {each: text for one in started for each, text in one.result().items()}
            finally:
                self.programs.stop()  # or leaving the pool would wait for them
        return {each: shown[each] for each in boots}

    def _pack(self, suite: Suite, domains: Sequence[Boot], image: Path) -> None:
        """Dom0's initramfs: the domains' kernel and configurations in front of the tools."""
        folder = self.work / "domains"
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("boot", "etc/xen"):
            (folder / name).mkdir(parents=True)
        for each in domains:
            (folder / f"etc/xen/{each.name}.cfg").write_text(each.domain(suite))
            (folder / f"etc/xen/{each.name}.seconds").write_text(f"{GUESTS[each.guest].seconds}\n")
        shutil.copy(DATA / "dom0-init", folder / "init")
        (folder / "init").chmod(0o755)
        shutil.copy(image, folder / "boot/vmlinuz")
        pack = "find . | cpio -oH newc --quiet >../initramfs; cat ../tools.cpio.gz >>../initramfs"
        self.run("packing dom0's initramfs", 120, folder, "sh", "-ec", pack)

    def _machine(self, suite: Suite, group: Sequence[Boot], image: Path) -> dict[Boot, str]:
        """One machine: a boot of dom0, or of a dom0 that makes one domain after another."""
        names, guest = [each.name for each in group], GUESTS[group[0].guest]
        seconds = GUESTS["pv-dom0"].seconds + sum(GUESTS[each.guest].seconds for each in group)
        self.say(f"booting {', '.join(names)}")
        if not guest.domain:
            command = [
                *machine(self.kvm, 1024, guest),
                "-initrd",
                f"{image} {group[0].arguments(suite)}",
            ]
            return {
                group[0]: self._shown(
                    command, names[0], seconds, b"ardware Dom0 (halted|shutdown|crashed)"
                )
            }
        kernel = f"{image} console=hvc0 loglevel=4 kunit.enable=0 domains={':'.join(names)},{self.work}/initramfs"
        command = [*machine(self.kvm, 2048, Guest("pv", True)), "-initrd", kernel]
        text = self._shown(command, f"dom0-of-{names[0]}", seconds, b"xenhostgen: done")
        shown = dict(
            re.findall(
                r"^xenhostgen: creating (\S+)\n(.*?)(?:^xenhostgen: end \1$|\Z)", text, re.M | re.S
            )
        )
        for name in names:
            (self.work / "consoles" / f"{name}.log").write_text(shown.get(name, ""))
        return {each: shown.get(each.name, "") for each in group}

    def _shown(self, command: Sequence[str], name: str, seconds: float, end: bytes) -> str:
        """Run a machine until its console shows the pattern ``end``, at most twice; what it shows.

        One that shows nothing more by a fault of ours does it again.
        """
        log = self.work / f"qemu-{name}.log"
        for last in (False, True):
            with Console(self.work / "consoles" / f"{name}.log", end) as console:
                started = [*command, "-kernel", str(self.work / "xen"), *console.options]
                status = self.programs.run(
                    started, self.work, log, seconds, ended=console.over, stdin=console.stdin
                )
                if console.done() or status != SIGKILL or last:
                    break
                why = (
                    "shows nothing more"
                    if console.silent()
                    else f"comes to no end in {seconds:g} seconds"
                )
                self.say(f"booting {name} once more, as it {why}")
        text = console.log.read_text(errors="replace").replace("\r", "")
        if not text:
            raise Refused(
                [Problem("program", log.read_text(errors="replace").strip() or "fails", command[0])]
            )
        return text
