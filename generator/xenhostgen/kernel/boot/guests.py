# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of guests that Xen knows, and how each is brought up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xenhostgen.contract.boot import Scenario, scenarios
from xenhostgen.spec.model import Interface

INITIAL_DOMAIN = "SIF_INITDOMAIN"

# What software emulation of QEMU 7.2 lacks or gets wrong under Xen is left out of the processor, and
# its family is one for which a nested Xen touches no register that isn't emulated.
_EMULATED = ("-accel", "tcg", "-cpu", "qemu64,family=23,model=1,stepping=2,+svm,+npt")
_VIRTUAL = ("-accel", "kvm", "-cpu", "host")


@dataclass(frozen=True, slots=True)
class Guest:
    """A kind of guest: the spec's name for how its kernel boots, whether it is the initial domain.

    ``domain`` is the type of the domain that dom0 makes for it, empty if it is dom0 itself.
    ``xen`` and ``machine`` are arguments of Xen's and QEMU's; ``answers`` whether the
    placeholders' override is tried there, too.
    """

    kind: str
    initial: bool
    domain: str = ""
    xen: str = ""
    machine: tuple[str, ...] = ()
    answers: bool = False
    seconds: int = 90


GUESTS = {
    "pv-dom0": Guest("pv", True, answers=True),
    "pvh-dom0": Guest("pvh", True, xen=" dom0=pvh", machine=("-device", "amd-iommu"), answers=True),
    "pv": Guest("pv", False, "pv"),
    "pvh": Guest("pvh", False, "pvh"),
    "hvm": Guest("hvm", False, "hvm", answers=True),
    "nested": Guest("pv", True, "nested", seconds=240),
}


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of a guest. ``answer``: the placeholders say yes. ``fatal``: the call to make, by its number."""

    guest: str
    answer: bool = False
    fatal: int | None = None

    @property
    def name(self) -> str:
        """A name for files and people."""
        return self.guest + "+yes" * self.answer + (f"+fatal{self.fatal}" if self.fatal is not None else "")

    def arguments(self, spec: Interface) -> str:
        """The kernel's command line: it runs its tests and powers off."""
        said = ["console=hvc0", "kunit.enable=1", "kunit_shutdown=poweroff"]
        if self.answer:
            said += [f"{macro.name}=1" for macro in spec.predicates.macros if macro.placeholder]
        if self.fatal is not None:
            said += [f"{spec.interface}_fatal={self.fatal}", f"kunit.filter_glob={spec.interface}_rules.fatality"]
            said += ["oops=panic", "panic=-1"]
        return " ".join(said)

    def scenario(self, spec: Interface) -> Scenario | None:
        """The model's boot of such a guest; None if the spec doesn't know that kind."""
        guest = GUESTS[self.guest]
        for each in scenarios(spec):
            values = [value for _, value in each.inputs]
            flags = any(INITIAL_DOMAIN in put.values for put in each.path.inputs)
            alike = each.path.kind == guest.kind and all(answer == self.answer for _, answer in each.placeholders)
            if alike and "NULL" not in values and (INITIAL_DOMAIN in values) == (guest.initial and flags):
                return each
        return None


def machine(console: Path, memory: int, kvm: bool, more: Sequence[str]) -> list[str]:
    """QEMU's command, but for what it boots."""
    fixed = "-machine q35 -smp 1 -display none -vga none -nodefaults -no-reboot -monitor none".split()
    chosen = _VIRTUAL if kvm else _EMULATED
    return ["qemu-system-x86_64", *fixed, *chosen, "-m", str(memory), "-serial", f"file:{console}", *more]


def domain_config(boot: Boot, spec: Interface) -> str:
    """The configuration of a domain, as xl reads it."""
    domain = GUESTS[boot.guest].domain
    said = {"name": boot.name, "type": "hvm" if domain == "nested" else domain, "vcpus": 1, "memory": 128}
    said |= {f"on_{event}": "destroy" for event in ("poweroff", "reboot", "crash")}
    if domain == "nested":
        said |= {"memory": 512, "kernel": "/boot/xen", "extra": "console=com1 com1=115200,8n1 dom0_mem=256M"}
        said |= {"ramdisk": f"/boot/vmlinuz {boot.arguments(spec)} loglevel=6"}
    else:
        early = "" if domain == "hvm" else " earlyprintk=xen"
        said |= {"kernel": "/boot/vmlinuz", "extra": boot.arguments(spec) + early}
    if said["type"] == "hvm":
        serial = f"file:/var/log/xen/console/guest-{boot.name}.log" if domain == "nested" else "none"
        said |= {"vga": "none", "vnc": 0, "sdl": 0, "usb": 0, "xen_platform_pci": 1, "serial": serial}
    return "".join(
        f'{key}="{value}"\n' if isinstance(value, str) else f"{key}={value}\n" for key, value in said.items()
    )
