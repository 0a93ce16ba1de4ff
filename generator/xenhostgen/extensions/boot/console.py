# SPDX-License-Identifier: GPL-2.0-only
"""A machine's serial console, seen from outside."""

import os
import re
import time
from pathlib import Path
from typing import Self

SILENT_SECONDS = 90  # a machine whose console shows nothing for so long stands still
WAKE_SECONDS = 5
_XON = b"\x11"  # no terminal echoes it


class Console:
    """What a machine shows, and whether it gets on.

    Use it in a ``with`` block around the machine's run. QEMU's emulation loses an interrupt once in
    a while, most likely since ``do_vmexit()`` changes the pending ones without the lock under which
    timers do. Seen with 7.2: Xen sleeps, interrupts on, the timer's vector in the IRR. The next
    interrupt of any kind brings both, so a silent machine gets a byte to read.
    """

    def __init__(self, log: Path, end: bytes) -> None:
        self.log, self.end = log, end

    def __enter__(self) -> Self:
        self.log.write_bytes(b"")
        self.stdin, self.keys = os.pipe()
        self.size, self.since = 0, time.monotonic()
        self.woken = self.since
        return self

    def __exit__(self, *failure: object) -> None:
        os.close(self.keys)
        os.close(self.stdin)

    @property
    def options(self) -> tuple[str, ...]:
        """QEMU's, which connect the machine's first serial line; it reads ``stdin``."""
        log = str(self.log).replace(",", ",,")
        return (
            "-chardev",
            f"stdio,id=console,signal=off,logfile={log}",
            "-serial",
            "chardev:console",
        )

    def done(self) -> bool:
        """Whether it shows its last words."""
        return re.search(self.end, self.log.read_bytes()) is not None

    def silent(self) -> bool:
        """Whether it has shown nothing for too long."""
        return time.monotonic() - self.since > SILENT_SECONDS

    def over(self) -> bool:
        """Whether nothing more will come; asked every now and then, since it wakes what sleeps."""
        now, size = time.monotonic(), self.log.stat().st_size
        if size != self.size:
            self.size, self.since, self.woken = size, now, now
        elif now - self.woken > WAKE_SECONDS:
            os.write(self.keys, _XON)
            self.woken = now
        return self.silent() or self.done()
