# SPDX-License-Identifier: GPL-2.0-only
"""CPU time and memory of ``xenhostgen generate``: cold, unchanged, by number of ops, by shape.

And of ``xenhostgen verify --cc gcc`` by shape, without its compilers and driver, and on the clock.

Each figure is user + system time of the whole child process, the median of interleaved runs. Run it
with ``make bench``, or ``python tests/bench/bench_generate.py [--json FILE] [--runs N] [OPS…]``.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import growth_shapes

sys.path.append(str(Path(__file__).parents[1]))
import verified_shapes

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "specs" / "rfc-v1.yaml"
SIZES = [100, 1_000, 10_000, 100_000]
GUESTS = ("alpha", "beta", "gamma")
# The shapes of the shipped specs' ops, in turn: nearly each documented, some with a fallback.
SHAPES = [
    "doc: Set it up., ",
    "returns: int, args: [int cpu, struct page **pages], doc: Give pages to this host., ",
    "returns: uint32_t, no_host: default_base(), doc: Where its leaves begin., ",
    "returns: int, wrapper: guarded, wrapper_returns: void, ",
]


@dataclass
class Case:
    """A command to measure, what must be done before each run of it, and what came of the runs."""

    name: str
    spec: Path
    prepare: Callable[[], object]
    seconds: list[float] = field(default_factory=list)
    kib: int = 0
    elapsed: float = 0


def synthetic(ops: int) -> Iterator[str]:
    """A spec of so many ops and three guests, each of which sets every op."""
    yield "interface: widget\ntemplates: rfc\ntypedefs: true\n"
    yield "header: {file: include/widget.h, includes: [<linux/types.h>]}\n"
    yield "source: {file: lib/widget.c}\n"
    yield "object: {file: lib/Makefile, place: {after: other.o}}\n"
    yield "types: {values: [{name: none, value: 0}, {name: near}]}\n"
    yield "registry: {slots: [{name: main, pointer: widget_main, accepts: [near]}]}\n"
    yield 'predicates: {file: include/state.h, place: {after: "#endif"}, macros: []}\nguests:\n'
    for guest in GUESTS:
        yield f"  {guest}:\n    file: arch/{guest}.c\n    context: [<linux/init.h>]\n"
        yield "    include: {line: <widget.h>, place: {after: <linux/init.h>}}\n"
        yield f"    tables: {{direct: {guest}_ops}}\n    place: {{after: {guest}_setup}}\n"
        yield f"    boot: {{function: {guest}_init,\n"
        yield "      steps: [{register: {type: near, table: direct}}]}\n"
    yield "kinds: {" + ", ".join(f"{guest}: [{guest}]" for guest in GUESTS) + "}\nops:\n"
    for number in range(ops):
        op = f"op_{number:06}"
        tables = ", ".join(f"{guest}.direct: {guest}_{op}" for guest in GUESTS)
        yield f"  {op}: {{{SHAPES[number % len(SHAPES)]}tables: {{{tables}}}}}\n"


def measure(case: Case, *arguments: str | Path) -> None:
    """Run the command once in a process of its own."""
    case.prepare()
    command = [sys.executable, "-m", "xenhostgen", *map(str, arguments), str(case.spec)]
    started = time.monotonic()
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(command[0], command, dict(os.environ), file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    case.seconds.append(used.ru_utime + used.ru_stime)
    case.elapsed = time.monotonic() - started
    case.kib = max(case.kib, used.ru_maxrss)


def lines_below(folder: Path) -> int:
    """The number of lines of all files below a folder."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Measure everything, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="OPS")
    parser.add_argument(
        "--runs", type=int, default=11, help="interleaved runs of the small cases (default: 11)"
    )
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        figures = measured(Path(work), arguments.sizes, arguments.runs)
        figures["growth"] = growth(Path(work))
        figures["verified"] = verified(Path(work))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measured(work: Path, sizes: list[int], runs: int) -> dict[str, object]:
    """All figures, printed as they are made."""
    out = work / "out"
    cold = Case("cold", SHIPPED, lambda: shutil.rmtree(out, ignore_errors=True))
    unchanged = Case("unchanged", SHIPPED, lambda: None)
    for _ in range(runs):
        measure(cold, "generate", "-o", out)
        measure(unchanged, "generate", "-o", out)
    figures: dict[str, object] = {}
    for case in (cold, unchanged):
        milliseconds = statistics.median(case.seconds) * 1000
        print(f"{case.name:>14}: {milliseconds:6.1f} ms CPU, {case.kib / 1024:5.1f} MiB")
        figures[case.name] = {"cpu_ms": round(milliseconds, 1), "mib": round(case.kib / 1024, 1)}
    points = []
    for ops in sizes:
        spec = work / f"ops{ops}.yaml"
        spec.write_text("".join(synthetic(ops)))
        case = Case(f"{ops} ops", spec, lambda: shutil.rmtree(out, ignore_errors=True))
        for _ in range(max(1, min(runs, 50_000 // ops))):
            measure(case, "generate", "-o", out)
        lines, seconds = lines_below(out / spec.stem), statistics.median(case.seconds)
        points.append((ops, seconds))
        print(
            f"{case.name:>14}: {seconds:7.3f} s CPU, {lines:9,} lines, "
            f"{lines / seconds:9,.0f} lines/s, "
            f"{case.kib / 1024:6.1f} MiB"
        )
        figures[case.name] = {
            "cpu_s": seconds,
            "lines": lines,
            "lines_per_s": round(lines / seconds),
        }
        figures[case.name] |= {"mib": round(case.kib / 1024, 1)}  # type: ignore[operator]
    if len(points) > 1:
        (few, least), (many, most) = points[-2], points[-1]
        exponent = math.log(most / least) / math.log(many / few)
        print(f"growth from {few} to {many} ops: exponent {exponent:.2f}")
        figures["exponent"] = round(exponent, 2)
    return figures


def growth(work: Path) -> list[dict[str, object]]:
    """A row a shape and size, printed as it is measured: half of the largest size, and that."""
    print(f"{'growth':>18}   size       CPU     memory")
    rows: list[dict[str, object]] = []
    for name, (shape, largest) in growth_shapes.SHAPES.items():
        for size in (largest // 2, largest):
            spec = work / "growth.yaml"
            spec.write_text(shape(size))
            case = Case(name, spec, lambda: None)
            measure(case, "generate", "-o", work / "growth")
            seconds, mib = case.seconds[0], case.kib / 1024
            print(f"{name:>18} {size:6} {seconds:7.3f} s {mib:6.1f} MiB")
            rows.append({"shape": name, "size": size, "cpu_s": seconds, "mib": round(mib, 1)})
    return rows


def verified(work: Path) -> list[dict[str, object]]:
    """A row a shape of the largest size that is verified, printed as it is measured."""
    print(f"{'verified':>18}   size       CPU     memory   on the clock")
    rows: list[dict[str, object]] = []
    for name, (shape, size) in verified_shapes.SHAPES.items():
        spec = work / "verified.yaml"
        spec.write_text(shape(size))
        case = Case(name, spec, lambda: None)
        measure(case, "verify", "--cc", "gcc")
        seconds, mib = case.seconds[0], case.kib / 1024
        print(f"{name:>18} {size:6} {seconds:7.3f} s {mib:6.1f} MiB {case.elapsed:9.1f} s")
        rows.append({"shape": name, "size": size, "cpu_s": seconds, "mib": round(mib, 1)})
    return rows


if __name__ == "__main__":
    main()
