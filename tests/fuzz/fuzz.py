# SPDX-License-Identifier: GPL-2.0-only
"""Fuzzes what strangers hand over: specs, patches, headers and trees.

    python tests/fuzz/fuzz.py                    all targets, ten minutes in all
    python tests/fuzz/fuzz.py spec --seconds 60  one of them
    python tests/fuzz/fuzz.py spec --input FILE  run one input again

Each target runs in a process of its own, side by side. An input fails that ends in a traceback, in
another status than 0, 1 and 2, after more than ten seconds (on a busy machine as many more as it
has processes a processor), or beyond one GB. It is kept in
``.cache/fuzz``; moved to ``tests/fuzz/TARGET`` it becomes a case of the tests.

Where atheris is installed (``pip install atheris``) it chooses the inputs by what code they reach,
else they are mutated blindly.
"""

import argparse
import copy
import importlib
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import targets
import yaml
from targets import TARGETS

FAILED = Path(__file__).parents[2] / ".cache" / "fuzz"
SECONDS_MAX = 10
MEMORY_MAX = 1 << 30
LENGTH_MAX = 1 << 16
WORDS = (
    *(
        b"\n",
        b"\t",
        b"\r\n",
        b": ",
        b"- ",
        b"[]",
        b"{}",
        b'"',
        b"'",
        b"#",
        b"|",
        b">",
        b"&a ",
        b"*a",
    ),
    *(b"!!x ", b"---", b"+++ b/x", b"@@ -1 +1 @@", b"diff --git a/x b/x", b"index 0..1", b"From "),
    *(b"new file mode 100644", b"Subject: ", b"Content-Type: multipart/mixed", b"/*", b"*/", b"\\"),
    *(b";", b"(", b")", b"#define ", b"#include ", b"struct ", b"enum ", b"(*", b"NULL", b"0x"),
    *(b"9" * 30, b"-1", b"\xff", b"\x00", b"\xe2\x80\xae"),
)


def mutate(data: bytes, others: list[bytes], choose: random.Random) -> bytes:
    """A few random edits of an input, most of which leave what it is: a spec, a patch, C."""
    for _ in range(choose.choice((1, 1, 2, 4))):
        other = choose.choice(others)
        data = choose.choice((edit_lines, edit_words, edit_yaml))(data, other, choose)
    if choose.random() < 0.8:
        data = recounted(data)
    return data[:LENGTH_MAX]


def edit_lines(data: bytes, other: bytes, choose: random.Random) -> bytes:
    """Lines removed, repeated or taken from another input, or bytes of one changed."""
    lines = data.splitlines(keepends=True) or [b""]
    at = choose.randrange(len(lines))
    match choose.randrange(5):
        case 0:
            del lines[at : at + choose.randint(1, 3)]
        case 1:
            lines.insert(at, choose.choice(lines))
        case 2:
            theirs = other.splitlines(keepends=True) or [b""]
            start = choose.randrange(len(theirs))
            lines[at:at] = theirs[start : start + choose.randint(1, 8)]
        case 3:
            lines[at] = lines[at] * choose.choice((2, 3, 50))
        case _:
            line = lines[at]
            place = choose.randint(0, len(line))
            word = choose.choice((*WORDS, bytes([choose.randrange(256)])))
            lines[at] = line[:place] + word + line[place + choose.choice((0, 0, 1, 5)) :]
    return b"".join(lines)


def edit_words(data: bytes, other: bytes, choose: random.Random) -> bytes:
    """A word replaced by another, where it stands once or everywhere."""
    words = re.findall(rb"\w+", data) or [b"x"]
    old = choose.choice(words)
    new = choose.choice((*words, *re.findall(rb"\w+", other), old + b"2", *WORDS))
    count = choose.choice((0, 1))
    return re.sub(rb"\b%s\b" % re.escape(old), lambda match: new, data, count=count)


def edit_yaml(data: bytes, other: bytes, choose: random.Random) -> bytes:
    """A node of a spec removed, repeated, or replaced by one of its key or by any."""
    try:
        top, theirs = (yaml.load(text, yaml.CSafeLoader) for text in (data, other))
    except (yaml.YAMLError, ValueError, RecursionError):
        return data
    places = list(_places(top))
    if not isinstance(top, dict) or not places:
        return data
    container, key = choose.choice(places)
    replacements = [*places, *_places(theirs)]
    match choose.randrange(4):
        case 0:
            del container[key]
        case 1 if isinstance(container, list):
            container.insert(choose.randint(0, len(container)), copy.deepcopy(container[key]))
        case 2:
            any_place = choose.choice(replacements)
            container[key] = copy.deepcopy(any_place[0][any_place[1]])
        case _:
            alike = [place[0][key] for place in replacements if place[1] == key]
            container[key] = copy.deepcopy(choose.choice(alike))
    return yaml.dump(top, sort_keys=False, allow_unicode=True).encode(errors="replace")


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each container below a node with each of its keys."""
    if isinstance(node, (dict, list)):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from _places(node[key])


def recounted(data: bytes) -> bytes:
    """A patch whose hunks say how many lines they have, and that names no ids of its files."""

    def heading(match: re.Match[bytes]) -> bytes:
        old, new, rest, body = match.groups()
        signs = [line[:1] for line in body.splitlines()]
        before, after = (sum(sign in kinds for sign in signs) for kinds in ((b" -"), (b" +")))
        return b"@@ -%s,%d +%s,%d @@%s\n%s" % (old, before, new, after, rest, body)

    hunk = rb"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)\n((?:[ +\\-](?!- \n).*\n?)*)"
    data = re.sub(rb"^index .*\n(?=--- )", b"", data, flags=re.M)
    return re.sub(hunk, heading, data, flags=re.M)


@dataclass
class Tally:
    """What the inputs of a target came to."""

    runs: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    slowest: float = 0
    peak_bytes: int = 0

    def __str__(self) -> str:
        statuses = ", ".join(
            f"{count} x {status}" for status, count in sorted(self.statuses.items())
        )
        peak = f"peak {self.peak_bytes >> 20} MiB"
        return f"{self.runs} inputs, exit statuses {statuses}, slowest {self.slowest:.1f} s, {peak}"


def survives(target: Callable[[bytes], None], data: bytes, tally: Tally | None = None) -> str:
    """Why an input fails, run in a child process within limits; empty if it doesn't."""
    tally = tally or Tally()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setpgid(0, 0)
        # The soft limit alone: compilers get limits of their own.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (own + MEMORY_MAX, hard))
        try:
            target(data)
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode()[:4000])
            os._exit(1)
        os.write(writer, " ".join(map(str, targets.STATUSES)).encode())
        os._exit(0)
    os.close(writer)
    begin = time.monotonic()
    # An input is as slow on a busy machine as on a slow one.
    busy = max(1, os.getloadavg()[0] / len(os.sched_getaffinity(0)))
    ended, status, usage = os.wait4(child, os.WNOHANG)
    while not ended and time.monotonic() < begin + SECONDS_MAX * busy:
        time.sleep(0.002)
        ended, status, usage = os.wait4(child, os.WNOHANG)
    if not ended:
        os.killpg(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
    tally.runs += 1
    tally.slowest = max(tally.slowest, time.monotonic() - begin)
    tally.peak_bytes = max(tally.peak_bytes, usage.ru_maxrss << 10)
    if not ended:
        reason = f"takes more than {SECONDS_MAX} seconds"
    elif status:
        reason = os.read(reader, 4000).decode(errors="replace") or f"ends with status {status}"
    else:
        reason = ""
        tally.statuses.update(os.read(reader, 4000).decode().split())
    if usage.ru_maxrss << 10 > MEMORY_MAX:
        reason = reason or f"needs more than {MEMORY_MAX >> 20} MiB"
    os.close(reader)
    return reason


def corpus_of(name: str) -> list[Path]:
    """The files that a target's inputs are made from, and those that once failed."""
    files = [*TARGETS[name][1], *sorted(Path(__file__).with_name(name).glob("*"))]
    return [file for file in files if file.is_file()]


def fuzz(name: str, seconds: float, seed: int) -> int:
    """Fuzz one target; how many inputs failed, which are kept and told with their reasons."""
    target, _ = TARGETS[name]
    choose = random.Random(seed)
    corpus = [file.read_bytes()[:LENGTH_MAX] for file in corpus_of(name)]
    deadline = time.monotonic() + seconds
    reasons: set[str] = set()
    tally = Tally()
    while time.monotonic() < deadline:
        data = mutate(choose.choice(corpus), corpus, choose)
        reason = survives(target, data, tally)
        # The last line of a message tells one fault from another.
        kind = reason.strip().rpartition("\n")[2]
        if reason and kind not in reasons:
            reasons.add(kind)
            FAILED.mkdir(parents=True, exist_ok=True)
            file = FAILED / f"{name}-{sha256(data).hexdigest()[:12]}"
            file.write_bytes(data)
            print(f"{name}: {file}: {reason}", flush=True)
    print(f"{name}: {tally}; {len(reasons)} ways to fail, seed {seed}", flush=True)
    return len(reasons)


def fuzz_by_coverage(name: str, seconds: float, seed: int) -> int:
    """Fuzz one target by atheris, again behind each failure; how many there were."""
    FAILED.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    failures = 0
    with tempfile.TemporaryDirectory() as corpus:
        for number, file in enumerate(corpus_of(name)):
            Path(corpus, str(number)).write_bytes(file.read_bytes()[:LENGTH_MAX])
        while (left := int(deadline - time.monotonic())) > 0:
            limits = [f"-timeout={SECONDS_MAX}", f"-rss_limit_mb={MEMORY_MAX >> 20}"]
            options = [*limits, f"-max_total_time={left}", f"-seed={seed + failures}"]
            options += [
                f"-max_len={LENGTH_MAX}",
                f"-artifact_prefix={FAILED}/{name}-",
                "-print_final_stats=1",
                corpus,
            ]
            command = [sys.executable, __file__, name, "--by-coverage", *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            failures += 1
            print(f"{name}: {done.stderr[-3000:]}", flush=True)
        lines = [line for line in done.stderr.splitlines() if line.startswith("stat::")]
    print(f"{name}: {' '.join(lines)} {failures} failures, seed {seed}", flush=True)
    return failures


def run_atheris(name: str, options: list[str]) -> None:
    """Hand a target to atheris, which ends the process."""
    import atheris

    # The package alone: everything that is loaded would take more than a minute.
    for module in [module for module in sys.modules if module.split(".")[0] == "xenhostgen"]:
        del sys.modules[module]
    with atheris.instrument_imports(include=["xenhostgen"]):
        importlib.reload(targets)
    target, _ = targets.TARGETS[name]
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


def main() -> int:
    """Fuzz the chosen targets; 1 if an input fails."""
    if sys.argv[2:3] == ["--by-coverage"]:
        run_atheris(sys.argv[1], sys.argv[3:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=600, help="in all (default: 600)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % (1 << 32))
    parser.add_argument("--input", type=Path, help="run this input alone")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    if arguments.input:
        reason = survives(TARGETS[names[0]][0], arguments.input.read_bytes())
        print(reason or "fine")
        return int(bool(reason))
    if len(names) == 1:
        by_coverage = find_spec("atheris") is not None
        work = fuzz_by_coverage if by_coverage else fuzz
        return int(work(names[0], arguments.seconds, arguments.seed) > 0)
    workers = len(os.sched_getaffinity(0))
    share = arguments.seconds * min(workers, len(names)) / len(names)
    waiting = [
        [sys.executable, __file__, name, f"--seconds={share}", f"--seed={arguments.seed}"]
        for name in names
    ]
    running: list[subprocess.Popen[bytes]] = []
    failed = False
    while waiting or running:
        while waiting and len(running) < workers:
            running.append(subprocess.Popen(waiting.pop(0)))
        failed = bool(running.pop(0).wait()) or failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
