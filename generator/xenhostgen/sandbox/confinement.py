# SPDX-License-Identifier: GPL-2.0-only
"""How bubblewrap shuts a program in: what it sees, and nothing of the network or of others.

Inside there are the system's programs and the paths of a ``View``, by the names that they have
outside, and a scratch folder in memory. docs/confinement.md says what this keeps from foreign C.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

Command = Sequence[str | Path]
_SYSTEM = ("/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ocamlfind.conf")
# Where these are links, they lead into /usr.
_TOP_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_ISOLATION = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
    *("--uid", "65534", "--gid", "65534", "--die-with-parent", "--new-session", "--clearenv"),
    *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
)


class View(NamedTuple):
    """What a confined program sees besides the system's programs and itself."""

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    scratch_bytes: int = 256 << 20
    """The size of its /tmp."""


def is_trusting() -> bool:
    """Whether the user's environment says that foreign C is trusted."""
    return os.environ.get("XENHOSTGEN_UNCONFINED") == "1"


def confinement(
    program: str | Path, folder: Path, view: View, environment: Mapping[str, str]
) -> Command:
    """The options by which bubblewrap runs a program in a folder of a view, else in the topmost."""
    options: list[str | Path] = ["--size", str(view.scratch_bytes), "--tmpfs", "/tmp"]
    readable: list[str | Path] = [*_SYSTEM, *filter(os.path.isdir, _TOP_FOLDERS), *view.readable]
    installed = Path(shutil.which(str(program)) or program).absolute()
    is_shown = any(installed.is_relative_to(path) for path in readable)
    for name in filter(os.path.islink, _TOP_FOLDERS):
        options += ["--symlink", str(Path(name).readlink()), name]
        readable.remove(name)
    for path in readable:
        options += ["--ro-bind-try", path, path]
    if not is_shown:
        options += _installation(installed)
    for path in view.writable:
        options += ["--bind", path, path]
    for name, value in {**environment, "TMPDIR": "/tmp"}.items():
        options += ["--setenv", name, value]
    top = Path("/") if folder == Path() else folder.absolute()
    return [*_ISOLATION, *options, "--chdir", top, "--"]


def _installation(program: Path) -> Command:
    """Options that show a program that isn't one of the system's, and what is installed with it."""
    real, home = program.resolve(), Path.home().resolve()
    options: list[str | Path] = ["--symlink", real, program] if program.is_symlink() else []
    if not real.is_relative_to("/usr"):
        folder = real.parent.parent if real.parent.name == "bin" else real.parent
        if folder == home / ".local" or home.is_relative_to(folder):
            folder = real  # beside it lies what is the user's
        options = ["--ro-bind", folder, folder, *options]
    return options


@cache
def obstacle() -> str:
    """Why no program can be confined on this machine; empty if programs can."""
    if not shutil.which("bwrap"):
        return "'bwrap' is not installed (Debian: bubblewrap)"
    options = confinement("true", Path(), View(), {"PATH": os.defpath})
    command = ["bwrap", *options, "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"bubblewrap fails here: {done.stderr.strip()}" if done.returncode else ""


class Inmate:
    """The first process of a confinement, with which all others in there end."""

    def __init__(self, info: int) -> None:
        """Wait for what bubblewrap writes to ``--info-fd``: before it, a signal leaves strays."""
        with os.fdopen(info, "rb") as stream:
            written = stream.read()
        self.process = json.loads(written)["child-pid"] if written else 0
        self.handle = -1
        if self.process:
            with suppress(ProcessLookupError):  # it has ended already
                self.handle = os.pidfd_open(self.process)

    def end(self) -> None:
        """End all processes in there."""
        if self.handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def forget(self) -> None:
        """Close what is open, once nobody else will ask."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def threads(self, most: int) -> dict[int, int]:
        """How many threads each process in there has; no further ones beyond ``most`` in all."""
        if self.handle < 0:
            return {}
        counts: dict[int, int] = {}
        family = [self.process]
        for member in family:
            counts[member] = 0
            # They come and go.
            with suppress(OSError), os.scandir(f"/proc/{member}/task") as threads:
                for thread in threads:
                    counts[member] += 1
                    family += map(int, Path(thread.path, "children").read_text().split())
            if sum(counts.values()) > most:
                break
        return counts


def memory_bytes(processes: Iterable[int]) -> int:
    """The memory that processes have, shared memory counted for each."""
    pages = 0
    for process in processes:
        with suppress(OSError, IndexError):  # it has ended
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
