# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of guests that Xen knows, and how each is brought up."""

from dataclasses import dataclass

from xenhostgen.extensions.boot.suite import DATA, Suite
from xenhostgen.reference_model.boot import Scenario, scenarios
from xenhostgen.spec.source import Problem, Refused

_INITIAL = "SIF_INITDOMAIN"
_XEN = "console=com1 com1=115200,8n1"


@dataclass(frozen=True, slots=True)
class Guest:
    """A kind of guest: how its kernel boots in the spec's words, and whether it is the initial domain.

    ``domain`` is what dom0 makes for it, empty if it is dom0 itself. ``xen`` and ``machine`` are further
    arguments of Xen and QEMU. ``overridden``: it boots once more with placeholders that say yes.
    """

    kind: str
    initial: bool
    domain: str = ""
    xen: str = ""
    machine: tuple[str, ...] = ()
    overridden: bool = False
    seconds: int = 120


GUESTS = {
    "pv-dom0": Guest("pv", True, overridden=True),
    "pvh-dom0": Guest(
        "pvh", True, xen=" dom0=pvh", machine=("-device", "amd-iommu"), overridden=True
    ),
    "pv": Guest("pv", False, "pv"),
    "pvh": Guest("pvh", False, "pvh"),
    "hvm": Guest("hvm", False, "hvm", overridden=True),
    "nested": Guest("pv", True, "nested", seconds=600),
}


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of a guest. ``answer``: placeholders say yes. ``fatal``: the row of the suite to try."""

    guest: str
    answer: bool = False
    fatal: int | None = None

    @property
    def name(self) -> str:
        """A name for files and people."""
        return (
            self.guest
            + "-yes" * self.answer
            + (f"-row{self.fatal}" if self.fatal is not None else "")
        )

    def arguments(self, suite: Suite) -> str:
        """The kernel's command line: it runs its tests and powers off."""
        prefix = suite.spec.interface
        said = ["console=hvc0", "kunit.enable=1", "kunit_shutdown=poweroff"]
        said += ["earlyprintk=xen"] * (GUESTS[self.guest].kind != "hvm")
        said += [f"{name}=1" for name in suite.placeholders] * self.answer
        if self.fatal is not None:
            said += [
                f"{prefix}_fatal={self.fatal}",
                f"kunit.filter_glob={prefix}_rules.fatality",
                "oops=panic",
            ]
        return " ".join(said)

    def scenario(self, suite: Suite) -> Scenario:
        """The model's boot of such a guest. Raises ``Refused`` if the spec doesn't know that kind."""
        guest = GUESTS[self.guest]
        for each in scenarios(suite.spec):
            values = [value for _, value in each.inputs]
            flags = any(_INITIAL in put.values for put in each.path.inputs)
            alike = each.path.kind == guest.kind and all(
                answer == self.answer for _, answer in each.placeholders
            )
            if alike and "NULL" not in values and (_INITIAL in values) == (guest.initial and flags):
                return each
        message = f"knows no kind of guest that boots as '{self.guest}' does"
        raise Refused(
            [Problem("no-kind", message, suite.spec.path, hint="leave it out by --guests")]
        )

    def domain(self, suite: Suite) -> str:
        """The domain's configuration, as xl reads it. A nested Xen is an HVM guest with a dom0 of its own."""
        kind, kernel = GUESTS[self.guest].domain, self.arguments(suite)
        given = {
            "name": self.name,
            "type": kind,
            "kernel": "/boot/vmlinuz",
            "extra": kernel,
            "memory": 128,
        }
        more = ""
        if kind == "nested":
            given |= {
                "type": "hvm",
                "kernel": "/boot/xen",
                "extra": f"{_XEN} dom0_mem=256M",
                "memory": 512,
            }
            more = f'ramdisk="/boot/vmlinuz {kernel}"\n'
        return (DATA / "domain.cfg").read_text(encoding="utf-8").format(**given) + more


def machine(kvm: bool, memory: int, guest: Guest) -> list[str]:
    """The command of a machine in which Xen boots, but for what it boots and where it writes.

    What QEMU 7.2's emulation lacks or gets wrong under Xen is left out of its processor, whose family is
    one for which a nested Xen touches no register that isn't there.
    """
    emulated = "-accel tcg -cpu qemu64,family=23,model=1,stepping=2,+svm,+npt"
    fixed = "-machine q35 -smp 1 -display none -vga none -nodefaults -no-reboot -monitor none"
    chosen = f"{'-accel kvm -cpu host' if kvm else emulated} {fixed} -m {memory}"
    xen = f"{_XEN} loglvl=all guest_loglvl=all dom0_max_vcpus=1 dom0_mem={memory // 2}M,max:{memory // 2}M{guest.xen}"
    return ["qemu-system-x86_64", *chosen.split(), *guest.machine, "-append", xen]
