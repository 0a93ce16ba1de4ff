# SPDX-License-Identifier: GPL-2.0-only
"""Boot an interface as every kind of guest, two machines at a time, and have each boot judged."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.kernel.boot.guests import GUESTS, Boot, Guest, domain_config, machine
from xenhostgen.kernel.boot.judge import Cell, Judge
from xenhostgen.kernel.boot.process import Programs
from xenhostgen.kernel.boot.scratch import Say, Scratch, check_tools
from xenhostgen.kernel.boot.suite import Suite
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused

_XEN = "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all dom0_max_vcpus=1"
_OFF = r"ardware Dom0 (halted|shutdown|crashed)|Kernel panic - not syncing|xenhostgen: done"
_SETTLE = 60  # seconds until dom0 can make domains


@dataclass(frozen=True, slots=True)
class Options:
    """What to boot (names of ``GUESTS``), on which kernel, in which work folder; whether with KVM."""

    guests: tuple[str, ...]
    kernel: str
    work: Path
    kvm: bool = False


@dataclass(frozen=True, slots=True)
class Booted:
    """The checks of every guest, and the files of their consoles by the boots' names."""

    cells: tuple[Cell, ...]
    consoles: dict[str, str]
    kernel: str


def boot_all(spec: Interface, options: Options, say: Say, extra: Mapping[str, str] | None = None) -> Booted:
    """Build the kernel, boot it, judge it. ``extra``: other texts of some files, to see them caught.

    Raises ``Refused`` for missing tools, a kernel that the spec doesn't fit or that doesn't build.
    """
    check_tools()
    suite = Suite(spec)
    with Programs() as programs:
        scratch = Scratch(options.work, options.kernel, programs, say)
        scratch.fetch()
        objects = scratch.compile(spec, suite, extra or {})
        session = Session(spec, suite, scratch, objects / "arch/x86/boot/bzImage", options)
        consoles = session.boot(session.plan(), say)
        table = (objects / "System.map").read_text()
    sections = {name: letter for letter, name in re.findall(r"^\w+ (\w) (\w+)$", table, re.M)}
    judge = Judge(suite, sections)
    cells: list[Cell] = []
    for each, path in consoles.items():
        scenario = each.scenario(spec)
        assert scenario
        cells += judge.judge(each, scenario, path.read_text(errors="replace") if path.exists() else "")
    return Booted(tuple(cells), {each.name: str(path) for each, path in consoles.items()}, scratch.version)


class Session:
    """The boots of one kernel image."""

    def __init__(self, spec: Interface, suite: Suite, scratch: Scratch, image: Path, options: Options) -> None:
        self.spec = spec
        self.suite = suite
        self.scratch = scratch
        self.image = image
        self.options = options
        self.consoles = scratch.work / "consoles" / f"{Path(spec.path).stem}-{scratch.version}"
        self.consoles.mkdir(parents=True, exist_ok=True)

    def plan(self) -> list[Boot]:
        """The boots: each guest as it is, with placeholders that say yes, and with calls that may be fatal."""
        boots = [Boot(guest) for guest in self.options.guests]
        if self.suite.placeholders:
            boots += [Boot(each.guest, answer=True) for each in boots if GUESTS[each.guest].answers]
        if Boot("pv-dom0") in boots:
            boots += [Boot("pv-dom0", fatal=number) for number in range(len(self.suite.fatal))]
        for each in boots:
            if each.scenario(self.spec) is None:
                message = f"knows no kind of guest that boots as '{each.guest}' does"
                raise Refused([Problem("no-kind", message, self.spec.path, hint="leave it out by --guests")])
        return boots

    def boot(self, boots: Sequence[Boot], say: Say) -> dict[Boot, Path]:
        """Boot them all; the files of their consoles."""
        domains = [each for each in boots if GUESTS[each.guest].domain]
        initramfs = Path()
        if domains:
            configs = {f"{each.name}.cfg": domain_config(each, self.spec) for each in domains}
            configs |= {f"{each.name}.seconds": f"{GUESTS[each.guest].seconds}\n" for each in domains}
            initramfs = self.scratch.initramfs(self.image, configs)
        nested = [each for each in domains if GUESTS[each.guest].domain == "nested"]
        groups = [group for group in (nested, [each for each in domains if each not in nested]) if group]
        # The machines that take longest go first.
        with ThreadPoolExecutor(max_workers=2) as pool:
            started = [pool.submit(self.domains, group, initramfs, say) for group in groups]
            started += [pool.submit(self.dom0, each, say) for each in boots if each not in domains]
            try:
                for one in started:
                    one.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.scratch.programs.stop()
                raise
        return {each: self.console(each) for each in boots}

    def console(self, each: Boot) -> Path:
        """The file of a boot's console."""
        return self.consoles / f"{each.name}.log"

    def dom0(self, each: Boot, say: Say) -> None:
        """Boot the kernel as dom0."""
        say(f"booting {each.name}")
        guest = GUESTS[each.guest]
        kernel = f"{self.image} {each.arguments(self.spec)} earlyprintk=xen"
        self._machine(self.console(each), 1024, f"{_XEN} dom0_mem=512M", kernel, guest)

    def domains(self, group: Sequence[Boot], initramfs: Path, say: Say) -> None:
        """Boot a dom0 that makes one domain after another, and take their consoles from its own."""
        names = [each.name for each in group]
        say(f"booting {', '.join(names)}")
        whole = self.consoles / f"dom0-of-{names[0]}.log"
        for each in group:
            self.console(each).unlink(missing_ok=True)
        kernel = f"{self.image} console=hvc0 loglevel=4 kunit.enable=0 domains={':'.join(names)},{initramfs}"
        seconds = _SETTLE + sum(GUESTS[each.guest].seconds for each in group)
        self._machine(whole, 2048, f"{_XEN} dom0_mem=768M", kernel, Guest("pv", True, seconds=seconds))
        text = whole.read_text(errors="replace").replace("\r", "")
        for name, shown in re.findall(r"^xenhostgen: console (\S+)\n(.*?)^xenhostgen: end \1$", text, re.M | re.S):
            (self.consoles / f"{name}.log").write_text(shown)

    def _machine(self, console: Path, memory: int, xen: str, modules: str, guest: Guest) -> None:
        command = machine(console, memory, self.options.kvm, guest.machine)
        command += ["-kernel", str(self.scratch.root / "xen"), "-append", xen + guest.xen, "-initrd", modules]
        self.scratch.programs.console(command, console, guest.seconds, _OFF)
