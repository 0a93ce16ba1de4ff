# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101  # the C in texts is indented by tabs
"""Attacks by judged C, harmless ones: each fails when confined, and succeeds when not.

Compilers are after a secret file outside the tree; code that is loaded before ``main`` writes a
file, reads the secret, connects to a port, ends a process, or leaves one. A call fills the memory.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools import need, sampled
from xenhostgen.api import Interface, Verdict
from xenhostgen.sandbox.process import Job, Running, started
from xenhostgen.verify import driver
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options, write_rendering

SPEC = "tests/verify/succ_pair.yaml"
SOURCE, HEADER = "drivers/pair/pair.c", "include/linux/pair.h"
SECRET = "canary_secret x;\n"

# System calls without a library, for code that is loaded before the driver's main().
SYSTEM = """\
static long ask(long number, const void *a, long b, long c)
{
	long result;

	asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return result;
}
static __attribute__((used)) void attack(void)
{
	ATTACK
}
asm(".pushsection .SECTION,\\"ax\\",@progbits\\n\\tcall attack\\n\\t.popsection");
"""
# The driver's own words for a crash carry what was read into a finding.
STEAL = """\
	static char text[64] = "crash x\\tERROR: AddressSanitizer: ";
	long file = ask(2, "{secret}", 0, 0);
	long length = ask(0, (void *)file, (long)(text + 33), 20);
	if (length > 0)
		ask(1, (void *)1, (long)text, 33 + length);
"""
WRITE = """\
	ask(2, "{written}", 0101, 0777);
"""
CONNECT = """\
	static unsigned char address[16] = {{ 2, 0, {port} / 256, {port} % 256, 127, 0, 0, 1 }};
	ask(42, (void *)ask(41, (void *)2, 1, 0), (long)address, 16);
"""
KILL = """\
	ask(62, (void *){victim}, 9, 0);
"""
LEAVE = """\
	if (!ask(57, 0, 0, 0)) {{
		static long wait[2] = {{ 20, 0 }};
		ask(112, 0, 0, 0);
		ask(35, wait, 0, 0);
		ask(60, 0, 0, 0);
	}}
"""


@dataclass
class Canaries:
    """What attacks are after, and what shows that they have got it."""

    secret: Path
    written: Path
    listener: socket.socket
    victim: subprocess.Popen[bytes]

    @property
    def words(self) -> dict[str, object]:
        """What stands in braces in an attack."""
        port = self.listener.getsockname()[1]
        return {**vars(self), "port": port, "victim": self.victim.pid}

    def stolen(self, verdict: Verdict) -> bool:
        return any("canary_secret" in f"{finding}" for finding in verdict.unexpected)

    def wrote(self, verdict: Verdict) -> bool:
        return self.written.exists()

    def connected(self, verdict: Verdict) -> bool:
        try:
            self.listener.accept()
        except TimeoutError:
            return False
        return True

    def ended(self, verdict: Verdict) -> bool:
        return self.victim.poll() is not None

    def left(self, verdict: Verdict) -> bool:
        driver = f"{self.secret.parent}/.*/driver"
        return subprocess.run(["pkill", "-9", "-f", driver], check=False).returncode == 0


@pytest.fixture
def canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canaries]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        victim = subprocess.Popen(["sleep", "100"])
        yield Canaries(secret, tmp_path / "written", listener, victim)
        victim.kill()
        victim.wait()


def loaded(section: str, attack: str) -> str:
    return SYSTEM.replace("ATTACK", attack.strip()).replace("SECTION", section)


def start_alone(job: Job, *streams: int) -> AbstractContextManager[Running]:
    _, program = job.command
    return started(job._replace(command=[program]), *streams)


Judge = Callable[[Canaries, Verdict], bool]
# Name: the file, what goes to its top, and what shows success.
ATTACKS: dict[str, tuple[str, str, Judge]] = {
    "include by its path": (SOURCE, '#include "{secret}"', Canaries.stolen),
    "include by the way up": (SOURCE, '#include "../../../secret"', Canaries.stolen),
    "include in brackets": (HEADER, "#include <{secret}>", Canaries.stolen),
    "include by a macro": (
        HEADER,
        "#define QUOTED(x) #x\n#define FILE QUOTED({secret})\n#include FILE",
        Canaries.stolen,
    ),
    "question for a file": (
        SOURCE,
        '#if __has_include("{secret}")\nint canary_secret;\n#endif',
        Canaries.stolen,
    ),
    "assembler's include": (SOURCE, 'asm(".include \\"{secret}\\"");', Canaries.stolen),
    "stolen at load": (SOURCE, loaded("init", STEAL), Canaries.stolen),
    "written at load": (SOURCE, loaded("init", WRITE), Canaries.wrote),
    "connected at load": (SOURCE, loaded("init", CONNECT), Canaries.connected),
    "signalled at load": (SOURCE, loaded("init", KILL), Canaries.ended),
    "left behind at load": (SOURCE, loaded("init", LEAVE), Canaries.left),
}


# Unconfined they show that the attack is one.
BOTH = pytest.mark.parametrize(
    "unconfined",
    [False, pytest.param(True, marks=pytest.mark.thorough)],
    ids=["confined", "unconfined"],
)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls of x86-64")
@BOTH
@pytest.mark.parametrize("name", sampled(ATTACKS, lambda name: ATTACKS[name][2]))
def test_attack(
    name: str,
    *,
    unconfined: bool,
    tmp_path: Path,
    canaries: Canaries,
    load_spec: Callable[[str], Interface],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("gcc", "gcc")
    need("bwrap", "bubblewrap")
    file, text, succeeds = ATTACKS[name]
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    for word, value in canaries.words.items():
        text = text.replace(f"{{{word}}}", str(value))
    text = text.replace("{{", "{").replace("}}", "}")
    (tree / file).write_text(f"{text}\n{(tree / file).read_text()}")
    if unconfined:  # nor under the launcher, which forbids sockets
        monkeypatch.setattr(driver, "started", start_alone)
    begin = time.monotonic()
    verdict = verify(spec, Options(tree, unconfined=unconfined))
    assert time.monotonic() - begin < 60
    assert succeeds(canaries, verdict) == unconfined, verdict.unexpected


BOMB = "#define S0 1+2\n" + "".join(f"#define S{n + 1} S{n}+S{n}\n" for n in range(18))
# Limits that its expansion hits, and the words of the finding. Where it runs unconfined, no sum
# may take minutes.
READING = {
    "time": ({"cpu_seconds": 1}, 17, "takes more than 1 seconds"),
    "memory": ({"memory_bytes": 60 << 20}, 16, "needs more than 60 MiB of memory"),
}


@pytest.mark.parametrize(
    ("name", "unconfined"),
    [("time", False), ("memory", False), pytest.param("memory", True, marks=pytest.mark.thorough)],
    ids=["time", "memory", "unconfined"],
)
def test_reading_is_limited(
    name: str,
    *,
    unconfined: bool,
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("gcc", "gcc")
    need("bwrap", "bubblewrap")
    limits, doublings, words = READING[name]
    monkeypatch.setattr("xenhostgen.sandbox.reader.LIMITS", driver.Limits(**limits))
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    with (tree / SOURCE).open("a") as stream:
        stream.write(f"{BOMB}enum {{ summed = S{doublings} }};\n")
    verdict = verify(spec, Options(tree, level="parse", unconfined=unconfined))
    hits = [finding for finding in verdict.unexpected if words in finding.message]
    assert [finding.subject for finding in hits] == ([] if unconfined else [SOURCE])


FILL = """\
	{ static long size = 400l << 20, number = 9, shared = 0x21; char *memory;
	  register long flags asm("r10") = shared, none asm("r8") = -1, zero asm("r9") = 0;
	  asm volatile("syscall" : "=a"(memory) : "a"(number), "D"(0l), "S"(size), "d"(3l),
		       "r"(flags), "r"(none), "r"(zero) : "rcx", "r11", "memory");
	  for (long at = 0; at < size; at += 4096) *(volatile char *)(memory + at) = 1; }
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls of x86-64")
@BOTH
def test_shared_memory_is_limited(
    *,
    unconfined: bool,
    tmp_path: Path,
    load_spec: Callable[[str], Interface],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("gcc", "gcc")
    need("bwrap", "bubblewrap")
    monkeypatch.setattr(driver, "LIMITS", driver.LIMITS._replace(group_bytes=300 << 20))
    spec = load_spec(SPEC)
    tree = write_rendering(spec, tmp_path / "tree")
    text = (tree / SOURCE).read_text()
    (tree / SOURCE).write_text(text.replace("\txh->type = PAIR_NONE;", FILL))
    verdict = verify(spec, Options(tree, unconfined=unconfined))
    messages = [finding.message for finding in verdict.unexpected]
    limited = any("needs more than 300 MiB of memory" in message for message in messages)
    assert limited != unconfined, messages
