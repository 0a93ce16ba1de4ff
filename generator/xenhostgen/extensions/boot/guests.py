# SPDX-License-Identifier: GPL-2.0-only
"""The kinds of guests that Xen knows, and how each is brought up."""

from collections.abc import Sequence
from dataclasses import dataclass

from xenhostgen.extensions.boot.suite import DATA, Suite
from xenhostgen.reference_model.boot import Scenario, scenarios
from xenhostgen.spec.source import Problem, Refused, refusal

_INITIAL = "SIF_INITDOMAIN"
_XEN = "console=com1 com1=115200,8n1"


@dataclass(frozen=True, slots=True)
class Guest:
    """A kind of guest: how its kernel boots in the spec's words, and if it is the initial domain.

    ``domain`` is what dom0 makes for it, empty if it is dom0 itself. ``xen`` and ``machine`` are
    further arguments of Xen and QEMU. ``overridden``: it boots once more with placeholders that say
    yes.
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
    """One boot of a guest. ``answer``: placeholders say yes. ``fatal``: the suite's row to try."""

    guest: str
    answer: bool = False
    fatal: int | None = None

    @property
    def kind(self) -> Guest:
        """The kind of its guest."""
        return GUESTS[self.guest]

    @property
    def name(self) -> str:
        """A name for files and people."""
        row = f"-row{self.fatal}" if self.fatal is not None else ""
        return f"{self.guest}{'-yes' if self.answer else ''}{row}"

    def arguments(self, suite: Suite) -> str:
        """The kernel's command line: it runs its tests and powers off."""
        prefix = suite.spec.interface
        words = ["console=hvc0", "kunit.enable=1", "kunit_shutdown=poweroff"]
        if self.kind.kind != "hvm":
            words.append("earlyprintk=xen")
        if self.answer:
            words += [f"{name}=1" for name in suite.placeholders]
        if self.fatal is not None:
            words += [f"{prefix}_fatal={self.fatal}", "oops=panic"]
            words.append(f"kunit.filter_glob={prefix}_rules.fatality")
        return " ".join(words)

    def scenario(self, suite: Suite) -> Scenario:
        """The model's boot of such a guest. Raises ``Refused`` if the spec doesn't know it."""
        for scenario in scenarios(suite.spec):
            values = [value for _, value in scenario.inputs]
            flags = any(_INITIAL in put.values for put in scenario.path.inputs)
            initial = self.kind.initial and flags
            answers = {answer for _, answer in scenario.placeholders}
            if (
                scenario.path.kind == self.kind.kind
                and answers <= {self.answer}
                and "NULL" not in values
                and (_INITIAL in values) == initial
            ):
                return scenario
        message = f"knows no kind of guest that boots as '{self.guest}' does"
        hint = "leave it out by --guests"
        raise refusal("no-kind", message, suite.spec.path, hint)

    def domain(self, suite: Suite) -> str:
        """The domain's configuration for xl. A nested Xen is an HVM guest with its own dom0."""
        template = (DATA / "domain.cfg").read_text(encoding="utf-8")
        kind, arguments = self.kind.domain, self.arguments(suite)
        if kind != "nested":
            return template.format(
                name=self.name, type=kind, kernel="/boot/vmlinuz", extra=arguments, memory=128
            )
        xen = f"{_XEN} dom0_mem=256M"
        outer = template.format(
            name=self.name, type="hvm", kernel="/boot/xen", extra=xen, memory=512
        )
        return f'{outer}ramdisk="/boot/vmlinuz {arguments}"\n'


def boots_of(suite: Suite, guests: Sequence[str]) -> list[Boot]:
    """All boots of some guests. Raises ``Refused``: for each that the spec doesn't know."""
    boots = [Boot(guest) for guest in guests]
    if suite.placeholders:
        boots += [Boot(guest, answer=True) for guest in guests if GUESTS[guest].overridden]
    if "pv-dom0" in guests:
        boots += [Boot("pv-dom0", fatal=number) for number in suite.fatal]
    problems: dict[Problem, None] = {}
    for boot in boots:
        try:
            boot.scenario(suite)
        except Refused as refused:
            problems |= dict.fromkeys(refused.problems)
    if problems:
        raise Refused(list(problems))
    return boots


def machine(kvm: bool, memory: int, guest: Guest) -> list[str]:
    """The command of a machine in which Xen boots, but for what it boots and where it writes.

    What QEMU 7.2's emulation lacks or gets wrong under Xen is left out of its processor, whose
    family is one for which a nested Xen touches no register that isn't there.
    """
    emulated = "-accel tcg -cpu qemu64,family=23,model=1,stepping=2,+svm,+npt"
    processor = "-accel kvm -cpu host" if kvm else emulated
    fixed = "-machine q35 -smp 1 -display none -vga none -nodefaults -no-reboot -monitor none"
    half = memory // 2
    xen = f"{_XEN} loglvl=all guest_loglvl=all dom0_max_vcpus=1 dom0_mem={half}M,max:{half}M"
    options = f"{processor} {fixed} -m {memory}".split()
    return ["qemu-system-x86_64", *options, *guest.machine, "-append", xen + guest.xen]
