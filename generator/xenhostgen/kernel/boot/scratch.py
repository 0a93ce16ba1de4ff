# SPDX-License-Identifier: GPL-2.0-only
"""The work folder: packages, Xen unpacked and not installed, a kernel with the interface, dom0's initramfs."""

import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from xenhostgen.kernel import build
from xenhostgen.kernel.boot.process import Programs
from xenhostgen.kernel.boot.suite import DATA, Suite
from xenhostgen.kernel.place import content, kernel_version, placed
from xenhostgen.render.files import render
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import Problem, Refused

XEN = "4.17"
_TOOLS = {name: name for name in ("make", "gcc", "flex", "bison", "bc", "perl", "cpio")} | {
    "xz": "xz-utils",
    "qemu-system-x86_64": "qemu-system-x86",
    "/bin/busybox": "busybox-static",
    "/usr/include/gelf.h": "libelf-dev",
    "/usr/share/seabios/bios-256k.bin": "seabios",
}
_LIBRARIES = "call1 devicemodel1 evtchn1 foreignmemory1 gnttab1 hypfs1 misc4.17 store4 toolcore1 toollog1"
_PACKAGES = [f"xen-hypervisor-{XEN}-amd64", f"xen-utils-{XEN}", "xenstore-utils", "qemu-system-xen", "libyajl2"]
# A third of the source, which no build for this machine reads.
_LEFT_OUT = ("*/drivers/gpu/drm/amd/include/*", "*/Documentation/devicetree/*", "*/tools/perf/*")

Say = Callable[[str], None]


def check_tools() -> None:
    """Raise ``Refused`` with every Debian package that is missing."""
    lacking = {tool: name for tool, name in _TOOLS.items() if not (shutil.which(tool) or Path(tool).exists())}
    hint = f"apt-get install --no-install-recommends {' '.join(lacking.values())}"
    if lacking:
        raise Refused(
            Problem("no-tool", f"is not installed (Debian: {name})", tool, hint=hint) for tool, name in lacking.items()
        )


class Scratch:
    """A work folder for one kernel: a version of Debian's, or a tree. What an earlier run has done stays done."""

    def __init__(self, work: Path, kernel: str, programs: Programs, say: Say) -> None:
        self.work, self.programs, self.say = work.absolute(), programs, say
        self.packaged = re.fullmatch(r"\d+\.\d+", kernel) is not None
        self.version = kernel if self.packaged else kernel_version(Path(kernel))
        self.source = self.work / f"linux-{kernel}" if self.packaged else Path(kernel).absolute()
        self.root = self.work / "root"
        for folder in ("packages", "logs"):
            (self.work / folder).mkdir(parents=True, exist_ok=True)

    def run(self, name: str, seconds: float, *command: str | Path, cwd: Path | None = None) -> None:
        """Run a program, with a log of its own in the work folder."""
        self.programs.run(command, self.work / "logs" / f"{name}.log", seconds, cwd)

    def fetch(self) -> None:
        """Unpack the kernel's source and Xen."""
        made = self.work / "unpacking"
        if not self.source.exists():
            (package,) = self._packages([f"linux-source-{self.version}"])
            self.say(f"unpacking Linux {self.version}")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            archive = f"dpkg-deb --fsys-tarfile {package} | tar -xO ./usr/src/linux-source-{self.version}.tar.xz"
            left_out = " ".join(f"--exclude='{pattern}'" for pattern in _LEFT_OUT)
            unpack = f"{archive} | xz -dcT0 | tar -x --strip-components=1 -C ../unpacking {left_out}"
            self.run("source", 300, "sh", "-c", unpack, cwd=self.work / "packages")
            made.rename(self.source)
        if not self.root.exists():
            packages = self._packages([*_PACKAGES, *(f"libxen{name}" for name in _LIBRARIES.split())])
            self.say(f"unpacking Xen {XEN}")
            shutil.rmtree(made, ignore_errors=True)
            for package in packages:
                self.run("xen", 60, "dpkg-deb", "-x", package, made, cwd=self.work / "packages")
            (made / "xen").write_bytes(gzip.decompress((made / f"boot/xen-{XEN}-amd64.gz").read_bytes()))
            made.rename(self.root)

    def _packages(self, names: Iterable[str]) -> list[str]:
        """The files of Debian packages, downloaded where they aren't there yet."""
        folder, wanted = self.work / "packages", list(names)
        lacking = [name for name in wanted if not any(folder.glob(f"{name}_*.deb"))]
        if lacking:
            self.say(f"downloading {', '.join(lacking)}")
            self.run("packages", 600, "apt-get", "download", "-qq", *lacking, cwd=folder)
        return [next(folder.glob(f"{name}_*.deb")).name for name in wanted]

    def compile(self, spec: Interface, suite: Suite, extra: Mapping[str, str]) -> Path:
        """Build a kernel with the interface and its tests; the folder of the objects.

        ``extra``: other texts of some files. Raises ``Refused`` with what the build says.
        """
        wanted = {path: file.after for path, file in placed(spec, render(spec), self.source).files.items()}
        for name, text in suite.sources().items():
            path = f"{suite.folder}/{name.removeprefix('+')}"
            old = wanted.get(path) or content(self.source / path) or b""
            wanted[path] = (old if name.startswith("+") else b"") + text.encode()
        wanted |= {path: text.encode() for path, text in extra.items()}
        folders = {str(Path(path).parent) for path in wanted}
        tree = build.Scratch(self.source, self.work / f"kernel-{self.version}", folders)
        tree.fill(wanted)
        make = ("make", "-s", "-C", tree.source, f"O={tree.objects}", f"-j{os.cpu_count()}")
        names = [f"CONFIG_{spec.interface.upper()}_KUNIT_{name}=y\n" for name in ("TEST", "OVERRIDE")]
        config = (DATA / "kernel.config").read_text() + "".join(names)
        done, new = tree.work / "done.config", tree.work / "new.config"
        if not done.exists() or done.read_text() != config:
            self.say("configuring the kernel")
            new.write_text(config)
            self.run("config", 300, *make, f"KCONFIG_ALLCONFIG={new}", "allnoconfig")
            lost = set(re.findall("^CONFIG.*", config, re.M)) - set((tree.objects / ".config").read_text().split("\n"))
            if lost:
                raise Refused([Problem("config", f"this kernel has no {', '.join(sorted(lost))}", str(self.source))])
            new.rename(done)
        self.say("building the kernel")
        self.run("build", 3600, *make, "bzImage")
        return tree.objects

    def initramfs(self, image: Path, configs: Mapping[str, str]) -> Path:
        """Dom0's initramfs: the domains' kernel and configurations, and the tools, which are packed once."""
        tools, made, folder = self.work / "tools.cpio.gz", self.work / "initramfs", self.work / "domains"
        if not tools.exists():
            self.say("packing dom0's initramfs")
            self.run("tools", 120, "sh", DATA / "pack-tools", self.root, f"xen-{XEN}", self.work / "tools", tools)
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "boot").mkdir(parents=True)
        (folder / "etc/xen").mkdir(parents=True)
        for name, text in configs.items():
            (folder / "etc/xen" / name).write_text(text)
        shutil.copy(DATA / "dom0-init", folder / "init")
        (folder / "init").chmod(0o755)
        shutil.copy(image, folder / "boot/vmlinuz")
        join = 'find . | cpio -oH newc --quiet >"$0"; cat "$1" >>"$0"'
        self.run("initramfs", 60, "sh", "-c", join, made, tools, cwd=folder)
        return made
