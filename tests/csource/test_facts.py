# SPDX-License-Identifier: GPL-2.0-only
"""C read back: `sources/succ_*.c` gives facts, `sources/err_*.c` the error that it expects."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from compilers import require

from xenhostgen.csource.facts import Facts, read_facts, snippet_facts
from xenhostgen.csource.preprocess import LIMITS, preprocess, read_output
from xenhostgen.sandbox.process import BuildError, Limits

SOURCES = Path(__file__).parent / "sources"
INCLUDE = SOURCES / "include"


@pytest.fixture(params=["gcc", "clang"])
def cc(request: pytest.FixtureRequest) -> str:
    return require(request.param)


def facts(text: str, folder: Path) -> Facts:
    path = folder / "made.c"
    path.write_text(text)
    return read(path)


def read(path: Path, cc: str = "gcc", limits: Limits = LIMITS) -> Facts:
    output = preprocess(path, [INCLUDE], cc=cc, limits=limits)
    return read_facts(read_output(output, str(path)))


def told(declared: Facts) -> list[str]:
    shown = [" ".join([fact.kind, fact.name, *fact.words]) for fact in declared]
    return [text for text in shown if not text.startswith(("include", "enumerator"))]


def test_header(cc: str) -> None:
    declared = read(SOURCES / "succ_header.c", cc)
    assert told(declared) == [
        "macro for_each_line",
        "macro LINES",
        "enum kind",
        "struct line_t",
        "variable first extern",
        "variable lines extern",
    ]
    macros = [fact for fact in declared if fact.kind == "macro"]
    assert [fact.at.line for fact in macros] == [29, 31]
    loop = "for ( ( line ) = lines ; ( line ) < lines + LINES ; ( line ) ++ )"
    assert [fact.text for fact in macros] == [f"(line) {loop}", "2"]
    names = "near far shifted next size unknown octal quotient letter chosen huge"
    assert [fact.name for fact in declared if fact.kind == "enumerator"] == names.split()


def test_source(cc: str) -> None:
    declared = read(SOURCES / "succ_port.c", cc)
    # What an include defines isn't the file's own.
    assert told(declared) == [
        "variable ports",
        "export ports",
        "variable port_first",
        "export port_first",
        "variable started",
        "variable opened static",
        "function near_open static",
        "variable near_ops const",
        "function port_register",
        "export port_register",
        "prototype port_start",
        "function port_start",
    ]
    exports = [fact for fact in declared if fact.kind == "export"]
    assert [fact.at.line for fact in exports] == [13, 16, 53]
    assert [fact.text for fact in exports] == [
        "EXPORT_SYMBOL_GPL",
        "EXPORT_SYMBOL",
        "EXPORT_SYMBOL_GPL",
    ]
    assert [fact.name for fact in declared if fact.kind == "include"][-1] == "<acme/port.h>"
    _, register, _ = (fact for fact in declared if fact.kind == "function")
    assert str(register.at) == f"{SOURCES / 'succ_port.c'}:31:5"


def test_ranges_of_gnu_c(tmp_path: Path) -> None:
    text = "int ports[] = { [0 ... (1 + 1)] = 1 };\n"
    text += "int f(int n, ...) { switch (n) { case 1 ... 2: } }\n"
    assert [fact.name for fact in facts(text, tmp_path)] == ["ports", "f"]


@pytest.mark.parametrize("case", sorted(SOURCES.glob("err_*.c")), ids=lambda p: p.stem)
def test_error(case: Path) -> None:
    expected = re.search(r"/\* expect: (.*?) \*/", case.read_text("utf-8"))
    assert expected is not None
    started = time.monotonic()
    with pytest.raises(BuildError) as caught:
        read(case, limits=Limits(seconds=1, output_bytes=1 << 20))
    complaints = caught.value.complaints()
    assert all(complaint.at.file in ("", str(case)) for complaint in complaints)
    text = "\n".join(f"{complaint.at}: {complaint.text}" for complaint in complaints)
    assert any(message in text for message in expected[1].split(" or "))
    assert time.monotonic() - started < 5


def test_missing_files_and_compilers(tmp_path: Path) -> None:
    for path, message in [
        (tmp_path / "no.c", "no such file"),
        (Path("/dev/zero"), "not a regular"),
    ]:
        with pytest.raises(BuildError, match=message):
            preprocess(path)
    (tmp_path / "wide.c").write_text("int a;\n", "utf-16")
    with pytest.raises(BuildError, match="is UTF-16"):
        preprocess(tmp_path / "wide.c")
    (tmp_path / "a.c").touch()
    with pytest.raises(BuildError, match="'no-such-cc' is not installed"):
        preprocess(tmp_path / "a.c", cc="no-such-cc")
    assert read(tmp_path / "a.c") == ()


def test_bodies_may_be_any_c(tmp_path: Path) -> None:
    """A compiler judges them; what stands behind them keeps its place."""
    body = (
        'asm volatile("}" : : "r" (a ?: b)); __auto_type c = ({ 1; }); if (c) { } char d = \'}\';'
    )
    declared = facts(
        f"int f(int a, int b) {{ {body} }} int g(void) {{\n{body}\n}} int h;", tmp_path
    )
    assert [fact.name for fact in declared] == ["f", "g", "h"]
    assert (declared[2].at.line, declared[2].at.column) == (3, 7)


def test_other_files_declare_types_and_parts(tmp_path: Path) -> None:
    """Of what they declare as a whole only the names of types are kept."""
    (tmp_path / "types.h").write_text("int before[] = { (1) };\ntypedef struct { int a; } a_t;\n")
    (tmp_path / "begin.h").write_text("enum begun {\n")
    (tmp_path / "end.h").write_text("};\n#include <linux/types.h>\nint g(void) { asm }\n")
    text = '#include "types.h"\n#include "begin.h"\nINSIDE\n#include "end.h"\na_t both(u32 b);\n'
    declared = facts(text, tmp_path)
    assert [(fact.name, fact.at.line) for fact in declared if fact.kind != "include"] == [
        ("both", 5)
    ]


def test_deep_nesting(tmp_path: Path) -> None:
    value = "(" * 5000 + "1" + ")" * 5000
    with pytest.raises(BuildError, match="nested too deeply"):
        facts(f"int n = {value};", tmp_path)


@pytest.mark.parametrize(
    "part", ['"' + "static " * 3000, '"' + '\\"' * 3000, "{ a" * 9000, "{{a}" * 9000]
)
def test_what_nothing_ends_takes_no_time(part: str) -> None:
    begin = time.process_time()
    with suppress(BuildError):
        snippet_facts(f"int f(void) {{ static {part}}}")
    assert time.process_time() - begin < 4


def test_line_numbers_survive_includes_and_macros(tmp_path: Path) -> None:
    text = "#include <linux/types.h>\n\n#define A \\\n 1\n\n\n"
    text += "int first = A;\n\n/* a\n */ int second;\n"
    declared = facts(text, tmp_path)
    assert [(fact.name, fact.at.line) for fact in declared if fact.kind == "variable"] == [
        ("first", 7),
        ("second", 10),
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("int x = 1;\n/* two */ int a b;", "c:2:7: error: not C that can be parsed: before: b"),
        ("int x[] = {\nreturn", "c:2:1: error: not C that can be parsed: invalid expression"),
    ],
)
def test_bad_snippets(code: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        snippet_facts(code)
    assert str(caught.value).startswith(message)
