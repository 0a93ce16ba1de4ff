# SPDX-License-Identifier: GPL-2.0-only
"""C read back: `sources/succ_*.c` gives facts, `sources/err_*.c` the error that it expects."""

import re
import time
from pathlib import Path

import pytest
from compilers import require

from xenhostgen.csource.canonical import canonical_expression, canonical_statements, canonical_type
from xenhostgen.csource.facts import Entry, Export, Facts, Parameter, read_facts
from xenhostgen.csource.preprocess import Limits, SourceError, preprocess

SOURCES = Path(__file__).parent / "sources"
INCLUDE = SOURCES / "include"


@pytest.fixture(params=["gcc", "clang"])
def cc(request: pytest.FixtureRequest) -> str:
    return require(request.param)


def facts(text: str, folder: Path) -> Facts:
    path = folder / "made.c"
    path.write_text(text)
    return read_facts(path, [INCLUDE])


def test_header(cc: str) -> None:
    found = read_facts(SOURCES / "succ_header.c", [INCLUDE], cc=cc)
    assert [(e.name, e.value) for e in found.enums[0].enumerators] == [
        ("near", -1),
        ("far", 0),
        ("shifted", 8),
        ("next", 9),
        ("size", None),
        ("unknown", None),
        ("octal", 8),
        ("quotient", -3),
        ("letter", 65),
        ("chosen", 8),
        ("huge", None),
    ]
    (line,) = (s for s in found.structs if s.members is None)
    assert (line.kind, line.name) == ("struct", "line_ops")
    (typedef,) = found.typedefs
    assert typedef.name == "line_t" and typedef.members is not None
    assert [(m.name, m.type) for m in typedef.members] == [
        ("kind", "enum kind"),
        ("ops", "struct line_ops *"),
        ("", "struct"),
        ("open", "int (*)(void *port, int flags)"),
    ]
    inner = typedef.members[2].members
    assert inner is not None
    assert [(m.name, m.type) for m in inner] == [("bytes", "u8 [4 * 2]"), ("flag", "unsigned int : 3")]
    assert [(v.name, v.type, v.storage) for v in found.variables] == [
        ("first", "line_t *", "extern"),
        ("lines", "line_t [2]", "extern"),
    ]
    (macro, plain) = found.macros
    assert (macro.name, macro.parameters, macro.at.line) == ("for_each_line", ("line",), 29)
    assert macro.body == "for ( ( line ) = lines ; ( line ) < lines + LINES ; ( line ) ++ )"
    assert (plain.name, plain.parameters, plain.body, plain.at.line) == ("LINES", None, "2", 31)


def test_source(cc: str) -> None:
    found = read_facts(SOURCES / "succ_port.c", [INCLUDE], cc=cc)
    path = str(SOURCES / "succ_port.c")
    assert [i.text for i in found.includes][-1] == "<acme/port.h>"
    assert not found.enums, "what an include defines isn't the file's own"
    assert [(e.symbol, e.kind, e.at.line) for e in found.exports] == [
        ("ports", "EXPORT_SYMBOL_GPL", 13),
        ("port_first", "EXPORT_SYMBOL", 16),
        ("port_register", "EXPORT_SYMBOL_GPL", 53),
    ]
    assert isinstance(found.exports[0], Export)
    near = next(v for v in found.variables if v.name == "near_ops")
    assert near.const and near.type == "const struct port_ops" and near.entries is not None
    assert [(e.designator, e.value) for e in near.entries] == [(".open", "near_open"), (".close", "NULL")]
    assert isinstance(near.entries[0], Entry) and near.entries[0].at.line == 27
    near_open, register, start = found.functions
    assert near_open.specifiers == ("static",)
    assert register.parameters == (Parameter("type", "enum port_type"), Parameter("ops", "const struct port_ops *"))
    assert str(register.at) == f"{path}:31:5"
    assert "BUG_ON(port->type == type);" in register.statements[3]
    assert "fallthrough;" in register.statements[5]
    assert start.statements == canonical_statements(
        "if (likely(! READ_ONCE (started))) /* not yet */\n return ;\n opened=1;"
    )
    assert near_open.statements == canonical_statements("return port ? flags + (int) ARRAY_SIZE(ports) : -EINVAL;")
    assert [p.name for p in found.prototypes] == ["port_start"]


@pytest.mark.parametrize("case", sorted(SOURCES.glob("err_*.c")), ids=lambda p: p.stem)
def test_error(case: Path) -> None:
    expected = re.search(r"/\* expect: (.*?) \*/", case.read_text("utf-8"))
    assert expected is not None
    started = time.monotonic()
    with pytest.raises(SourceError) as caught:
        read_facts(case, [INCLUDE], limits=Limits(seconds=1, output_bytes=1 << 20))
    assert all(str(case) == diagnostic.at.file for diagnostic in caught.value.diagnostics)
    assert any(message in str(caught.value) for message in expected[1].split(" or "))
    assert time.monotonic() - started < 5


def test_missing_files_and_compilers(tmp_path: Path) -> None:
    for path, message in [(tmp_path / "no.c", "no such file"), (Path("/dev/zero"), "not a regular")]:
        with pytest.raises(SourceError, match=message):
            preprocess(path)
    (tmp_path / "a.c").touch()
    with pytest.raises(SourceError, match="compiler 'no-such-cc' not found"):
        preprocess(tmp_path / "a.c", cc="no-such-cc")
    assert preprocess(tmp_path / "a.c").macros == ()


@pytest.mark.parametrize("deep", ["(" * 5000 + "1" + ")" * 5000, "1 + " * 5000 + "1"])
def test_deep_nesting(deep: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nested too deeply"):
        facts(f"int x = {deep};", tmp_path)


def test_line_numbers_survive_includes_and_macros(tmp_path: Path) -> None:
    text = "#include <linux/types.h>\n\n#define A \\\n 1\n\n\n"
    text += "int first = A;\n\n/* a\n */ int second;\n"
    found = facts(text, tmp_path)
    assert [(v.name, v.at.line) for v in found.variables] == [("first", 7), ("second", 10)]


def test_canonical_spelling() -> None:
    assert canonical_expression("(a+b)*c == & d [0]") == "((a + b) * c) == (&d[0])"
    assert canonical_type("port_t  *(*)[3]", ["port_t"]) == "port_t *(*)[3]"
    assert canonical_type("struct  port*") == "struct port *"
    assert canonical_statements('port_t *p; f("a  b");', ["port_t"]) == ("port_t *p;", 'f("a  b");')


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("}; int g(void) {", "<snippet>:1: more than one piece of C"),
        ("x = 1;\n/* two\nlines */ a b c;", "<snippet>:3:"),
        ("return", "<snippet>:2:1: not C that can be parsed"),
    ],
)
def test_bad_snippets(code: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        canonical_statements(code)
    assert str(caught.value).startswith(message)
