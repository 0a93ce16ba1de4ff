# SPDX-License-Identifier: GPL-2.0-only
"""Every rendered line is traced to its template line and its place in the spec."""

import re
import shutil
from itertools import groupby
from pathlib import Path

import pytest

from tools import main
from xenhostgen.api import load_text, render
from xenhostgen.extensions.explain.provenance import Map, provenance

REPO = Path(__file__).parents[2]
SPECS = sorted([*(REPO / "specs").glob("*.yaml"), *(REPO / "tests/spec/cases").glob("succ_*.yaml")])
RFC = REPO / "specs" / "rfc-v1.yaml"


def known(source: str, path: str = "x.yaml") -> Map:
    """The origins of a spec's lines; the marks that they were told by have left no trace."""
    spec = load_text(source, path)
    rendering = provenance(spec, source)
    assert rendering.files == render(spec).files
    return rendering


def printed_by(template_line: str) -> str:
    """A pattern for all that a template's line can print."""
    inline = re.sub(r"\{% (if|for) .*?\{% end\1 %\}", "{{}}", template_line)
    return ".*".join(re.escape(literal) for literal in re.split(r"\{[{%].*?[}%]\}", inline))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_line_has_its_origin(path: Path) -> None:
    source = path.read_bytes().decode("utf-8-sig")
    spec_lines = source.splitlines()
    rendering = known(source, str(path))
    for file, text in rendering.files.items():
        assert len(rendering.origins[file]) == text.count("\n")
        lines = zip(text.splitlines(), rendering.origins[file], strict=True)
        for (template, number), group in groupby(lines, key=lambda line: line[1][:2]):
            together = list(group)
            pattern = printed_by(Path(template).read_text().splitlines()[number - 1])
            printed = "\n".join(line for line, _ in together)
            assert re.fullmatch(pattern, printed, re.DOTALL), (
                f"{file}: {printed!r} of {template}:{number}"
            )
            for line, origin in together:
                assert origin.key, (file, line)
                assert spec_lines[origin.at.line - 1][origin.at.column - 1 :].strip(), (
                    file,
                    line,
                    origin,
                )


@pytest.mark.parametrize(
    ("file", "line", "template", "key", "says"),
    [
        (
            "xenhost/arch/x86/xen/enlighten_pv.c",
            "\t.vcpu_id\t\t= xh_direct_vcpu_id,",
            "kernel/fragments/tables.j2",
            "ops.vcpu_id.tables.pv.direct.function",
            "xh_direct_vcpu_id",
        ),
        (
            "xenhost/arch/x86/xen/xenhost.c",
            "\treturn xen_vcpu_nr(cpu);",
            "kernel/fragments/adapters.j2",
            "ops.vcpu_id.tables.hvm.direct.function",
            "xh_direct_vcpu_id",
        ),
        (
            "rfc-v1/arch/x86/xen/enlighten_pv.c",
            "\t\treturn;",
            "shared/guest.c.j2",
            "guests.pv.boot.steps[0]",
            "!xen_start_info",
        ),
        (
            "rfc-v1/arch/x86/xen/enlighten_pv.c",
            "\txenhost_register(xenhost_r1, &xh_pv_ops);",
            "shared/fragments/step.j2",
            "guests.pv.boot.steps[1].type",
            "r1",
        ),
        (
            "rfc-v1/arch/x86/xen/xenhost.c",
            "\t\t\tBUG_ON(!xh_default);",
            "rfc/registry.c.j2",
            "registry.slots[1].requires",
            "default",
        ),
        (
            "rfc-v1/arch/x86/xen/xenhost.c",
            " * domain of a nested Xen.",
            "rfc/registry.c.j2",
            "registry.doc",
            "domain of a nested Xen.",
        ),
        (
            "rfc-v1/include/xen/xenhost.h",
            "\txenhost_r2,",
            "rfc/interface.h.j2",
            "types.values[2].name",
            "r2",
        ),
        (
            "rfc-v1/include/xen/xenhost.h",
            "enum xenhost_type {",
            "rfc/interface.h.j2",
            "types",
            "doc: |",
        ),
    ],
)
def test_the_nearest_place_is_told(
    file: str, line: str, template: str, key: str, says: str
) -> None:
    spec, _, file = file.partition("/")
    source = (REPO / f"specs/{spec}.yaml").read_text()
    rendering = known(source)
    number = rendering.files[file].split("\n").index(line) + 1
    origin = rendering.origins[file][number - 1]
    assert (origin.template, origin.key) == (str(REPO / "templates" / template), key)
    assert says in source.splitlines()[origin.at.line - 1][origin.at.column - 1 :]


@pytest.fixture
def work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """A folder with a spec and its out/, in which commands run."""
    (tmp_path / "specs").mkdir()
    shutil.copy(RFC, tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    assert main(["generate"]) == 0
    capsys.readouterr()
    return tmp_path


@pytest.mark.parametrize(
    "place",
    [
        ["out/rfc-v1/arch/x86/xen/xenhost.c:39"],
        ["./out/rfc-v1/arch/x86/xen/xenhost.c:39:7:"],
        ["arch/x86/xen/xenhost.c:39", "specs/rfc-v1.yaml"],
    ],
)
def test_explained(work: Path, place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *place]) == 0
    file, line, template, text, spec, source, caret = capsys.readouterr().out.splitlines()
    assert file == f"{place[0].removeprefix('./').partition(':')[0]}:39:"
    assert line == "    \t\t\txh_default->ops = ops;"
    assert (template, text) == (
        f"{REPO}/templates/rfc/registry.c.j2:46:",
        "    \t\t\t{{ slot.pointer }}->ops = ops;",
    )
    assert spec == "specs/rfc-v1.yaml:61:16: registry.slots[0].pointer"
    assert source[caret.index("^") :] == "xh_default"


@pytest.mark.parametrize(
    ("place", "message", "hint"),
    [
        (["xenhost.c"], "xenhost.c: which line?", "write FILE:LINE"),
        (
            ["out/rfc-v1/arch/x86/xen/xenhost.c:76"],
            "xenhost.c:76:1: there is no line 76",
            "the last one is 75",
        ),
        (["out/rfc-v1/arch/x86/xen/xenhost.c:0"], "there is no line 0", "the last one is 75"),
        (["out/rfc-v1/lib/none.c:1"], "none.c: no such file", "xenhostgen generate"),
        (["specs/rfc-v1.yaml:1"], "is in no folder named like a spec", "xenhostgen generate"),
        (
            ["out/rfc-v1/extra.c:1"],
            "is not among the files that specs/rfc-v1.yaml renders to",
            "arch/x86/xen/Makefile",
        ),
        (["lib/none.c:1", "specs/rfc-v1.yaml"], "is not among the files", "arch/x86/xen/Makefile"),
        (
            ["out/rfc-v1/include/xen/xen.h:1"],
            "xen.h:48:1: is not what specs/rfc-v1.yaml renders to",
            "generate",
        ),
        (
            ["xenhost.c:1", "specs/none.yaml"],
            "specs/none.yaml: no such file",
            "give the path of a spec",
        ),
    ],
)
def test_refused(
    work: Path, place: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "out/rfc-v1/extra.c").write_text("int extra;\n")
    stale = work / "out/rfc-v1/include/xen/xen.h"
    stale.write_text(stale.read_text().removesuffix("#endif\n"))
    assert main(["explain", *place]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert message in err
    assert hint in err.partition("hint: ")[2]


def test_a_spec_may_lie_in_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "barge", "-o", "barge.yaml"]) == 0
    assert main(["generate", "barge.yaml"]) == 0
    capsys.readouterr()
    assert main(["explain", "out/barge/drivers/barge/barge.c:12"]) == 0
    assert "barge.yaml:" in capsys.readouterr().out


def test_a_path_is_no_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "barge", "-o", "barge.yaml"]) == 0
    assert main(["generate", "barge.yaml"]) == 0
    assert main(["explain", "drivers/x**y/barge.c:12"]) == 2
    assert "internal error" not in capsys.readouterr().err
