# SPDX-License-Identifier: GPL-2.0-only
"""The page that ``report`` writes, as a strict HTML parser reads it; exit status and refusals."""

import base64
import hashlib
import json
import os
import re
import shutil
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from pages import (
    FAULTY,
    RFC,
    SHIPPED,
    SMALL,
    by_id,
    elements,
    missing_targets,
    parsed,
    text_of,
    written,
)

from tools import main, need

ATTACK = "</script></style><script>alert(1)</script><img src=x onerror=alert(2)>\"' & שלום"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Element:
    """The page of all shipped specs, without running the C; even that is small."""
    file = written(tmp_path_factory.mktemp("page") / "all.html", *SHIPPED)
    assert file.stat().st_size < 1 << 20
    return parsed(file)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Element:
    """The page of the RFC's first patch, its C run."""
    folder = tmp_path_factory.mktemp("judged")
    return parsed(written(folder / "run.html", RFC, "--level", "run"))


def test_every_link_leads_to_a_place_and_every_place_is_one(page: Element, judged: Element) -> None:
    for document in (page, judged):
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert not missing_targets(document)


def test_landmarks_headings_and_names(page: Element) -> None:
    assert len(list(elements(page, "main"))) == len(list(elements(page, "h1"))) == 1
    levels = [int(heading.tag[1]) for heading in elements(page, "h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in elements(page, "table"):
        assert text_of(table[0]), "each table has a caption"
    for region in page.iter():
        if region.get("role") == "region" or region.tag in ("nav", "section"):
            name = region.get("aria-label") or text_of(
                by_id(page, region.get("aria-labelledby", ""))
            )
            assert name


def test_nothing_is_loaded_and_only_our_script_runs(page: Element) -> None:
    (script,), (style,) = elements(page, "script"), elements(page, "style")
    policies = (
        meta.get("content", "") for meta in elements(page, "meta") if meta.get("http-equiv")
    )
    (policy,) = policies
    assert policy.startswith("default-src 'none';")
    for part in (script, style):
        digest = base64.b64encode(hashlib.sha256((part.text or "").encode()).digest()).decode()
        assert f"{part.tag}-src 'sha256-{digest}'" in policy
    for element in page.iter():
        assert not {"src", "style", "action", "srcset"}.intersection(element.keys())
        assert element.get("href", "#").startswith(("#", "data:,"))


def test_a_cell_leads_to_its_line_of_the_spec_and_of_the_c(page: Element) -> None:
    cells = 0
    for cell in elements(page, "td"):
        if cell.get("class") in ("set", "borrowed"):
            spec, c = (link.get("href", "")[1:] for link in elements(cell, "a"))
            function = "".join(cell[0].itertext())
            assert function in text_of(by_id(page, spec))
            assert re.search(rf"\d+ \.\w+ = {function},", text_of(by_id(page, c)))
            cells += 1
    assert cells > 40


def test_boots_show_what_the_slots_hold(page: Element) -> None:
    (number,) = (number for number, path in enumerate(SHIPPED, 1) if path == RFC)
    boots = text_of(section(page, f"s{number}-boots"))
    assert "pvh: promises BROKEN" in boots
    assert "empties the slots, which lie in .bss" in boots
    assert "hvm: promises kept" in boots


def section(page: Element, name: str) -> Element:
    """The section under a heading."""
    (part,) = (part for part in elements(page, "section") if part.get("aria-labelledby") == name)
    return part


def test_findings_have_counterexamples_step_by_step(judged: Element) -> None:
    findings = [text_of(article) for article in elements(judged, "article")]
    (emptied,) = (text for text in findings if text.startswith("required-slot-emptied"))
    assert re.search(
        r"xenhost_register\(xenhost_r1, A\) expected: success, with default=r1:A remote=empty.*"
        r"xenhost_register\(xenhost_r2, A\) expected: success, with default=r1:A remote=r2:A.*"
        r"unregister\(xenhost_r1\) expected: a BUG and no change, because "
        r"a taken slot requires this one"
        r".*in fact: success, with default=empty remote=r2:A",
        emptied,
    )
    (lost,) = (text for text in findings if text.startswith("registry-in-bss"))
    assert "expected: default=r1:xh_hvm_ops remote=empty" in lost


def test_what_was_measured_and_what_was_not(page: Element, judged: Element) -> None:
    measured, unmeasured = (
        text_of(section(document, "s1-measured")) for document in (judged, page)
    )
    assert "gcc" in measured and "address, undefined" in measured
    assert "Not asked for: prove, kernel, boot." in measured
    assert "The C was not run." in unmeasured
    assert "Not measured." in text_of(section(page, "s1-mutants"))


def test_the_patch_beside_the_rendering(page: Element, tmp_path: Path) -> None:
    (number,) = (number for number, path in enumerate(SHIPPED, 1) if path == RFC)
    patch = text_of(section(page, f"s{number}-patch"))
    assert "A compiler sees the same code in the same places." in patch
    assert "arch/x86/xen/xenhost.c equal - differs differs" in patch
    assert "Not compared: the spec names no reference" in text_of(section(page, "s3-patch"))
    changed = tmp_path / "changed.yaml"
    shutil.copytree(RFC.parent / "reference", tmp_path / "reference")
    changed.write_text(RFC.read_text().replace("!xen_pvh_domain()", "!xen_pv_domain()"))
    document = parsed(written(tmp_path / "changed.html", changed))
    assert "Code or place differ." in text_of(section(document, "s1-patch"))
    marks = [text_of(mark) for mark in elements(document, "mark")]
    assert "if" in marks


def test_the_patch_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenhostgen.api.extension_points.hooks", lambda point: iter(()))
    patch = section(parsed(written(tmp_path / "x.html", RFC)), "s1-patch")
    assert "Not compared: " in text_of(patch) and "needs an extension" in text_of(patch)


def test_states_are_drawn_and_listed(page: Element) -> None:
    need("dot", "graphviz")
    states = section(page, "s1-states")
    assert list(elements(states, "svg", "{http://www.w3.org/2000/svg}svg"))
    assert "BUG (rule 3)" in text_of(states)


def test_states_are_listed_without_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dot").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    document = parsed(written(tmp_path / "x.html", SMALL))
    assert "There is no picture" in text_of(section(document, "s1-states"))
    assert not list(elements(document, "svg"))


def test_what_a_spec_says_stays_text(tmp_path: Path) -> None:
    spec = tmp_path / "a\"'<img src=x onerror=alert(3)>.yaml"
    quoted = json.dumps(ATTACK, ensure_ascii=False)
    expected = f"expected_findings: [{{rule: unparsable, reason: {quoted}}}]"
    spec.write_text(f"# {ATTACK}\n{FAULTY.read_text()}{expected}\n")
    mutant = dict.fromkeys(("id", "file", "fate", "rule", "seen_by", "change", "accepted"), ATTACK)
    entry = {"spec": str(spec), "score": 1, "passed": True, "mutants": [{**mutant, "line": 1}]}
    mutants = tmp_path / "mutants.json"
    mutants.write_text(json.dumps({"specs": [entry]}))
    page = parsed(written(tmp_path / "x.html", spec, "--mutants", mutants))
    assert len(list(elements(page, "script"))) == len(list(elements(page, "style"))) == 1
    assert not list(elements(page, "img"))
    assert not [name for element in page.iter() for name in element.attrib if name[:2] == "on"]
    assert text_of(section(page, "s1-mutants")).count(ATTACK) == 6
    assert ATTACK in text_of(section(page, "s1-findings"))
    assert ATTACK in text_of(by_id(page, "s1-spec-1"))
    assert not missing_targets(page)


def test_what_cannot_be_seen_is_shown(tmp_path: Path) -> None:
    spec = tmp_path / "x.yaml"
    spec.write_text(f"# \u202egnihton\n{SMALL.read_text()}")
    page = written(tmp_path / "x.html", spec)
    assert "\u202e" not in page.read_text()
    assert "\N{REPLACEMENT CHARACTER}gnihton" in page.read_text()


def test_line_ends_and_a_byte_order_mark_are_no_characters_of_a_line(tmp_path: Path) -> None:
    spec = tmp_path / "x.yaml"
    spec.write_bytes(("\ufeff" + SMALL.read_text().replace("\n", "\r\n")).encode())
    page = written(tmp_path / "x.html", spec)
    assert "\N{REPLACEMENT CHARACTER}" not in page.read_text()
    assert "# SPDX-License-Identifier" in text_of(by_id(parsed(page), "s1-spec-1"))


def test_mutants_are_shown(tmp_path: Path) -> None:
    mutant = {"id": "a.c:f:negate:1", "file": "include/xen/xenhost.h", "line": 3, "fate": "killed"}
    mutant |= {"rule": "crash", "seen_by": "exploration", "change": "a => b", "accepted": None}
    entry = {"spec": os.path.relpath(RFC), "score": 99.5, "passed": True, "mutants": [mutant]}
    path = tmp_path / "mutants.json"
    path.write_text(json.dumps({"specs": [entry]}))
    page = parsed(written(tmp_path / "x.html", RFC, "--mutants", path))
    shown = text_of(section(page, "s1-mutants"))
    assert "Mutation score 99.5 %: passed" in shown
    assert "a.c:f:negate:1 killed crash exploration a => b" in shown


@pytest.mark.parametrize(
    "text", ["", "[]", '{"specs": [{}]}', '{"specs": [{"spec": 3}]}', "[" * 9999]
)
def test_other_json_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.json").write_text(text)
    written(tmp_path / "x.html", SMALL, "--mutants", tmp_path / "m.json", status=2)
    assert "is not what mutate prints" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_the_exit_status_is_that_of_verify(tmp_path: Path) -> None:
    page = parsed(written(tmp_path / "x.html", FAULTY, status=1))
    assert "faulty.yaml FAILED" in text_of(page)
    (finding,) = elements(page, "article")
    assert finding.get("class") == "unexpected"


def test_of_a_wrong_spec_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.yaml").write_text("interface: 1\n")
    written(tmp_path / "x.html", SMALL, tmp_path / "wrong.yaml", status=2)
    assert "wrong.yaml" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_it_is_printed_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(SMALL), "--level", "parse", "--cc", "gcc"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("name", "words"),
    [("absent", "no such file"), (".", "is a folder"), ("x.json", "is not what mutate prints")],
)
def test_mutants_that_cannot_be_read(
    name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text("[]")
    page = tmp_path / "x.html"
    options = [str(SMALL), "--mutants", str(tmp_path / name), "-o", str(page)]
    assert main(["report", *options]) == 2
    error = capsys.readouterr().err
    assert f": {words} [mutants]" in error
    assert "hint: write it: xenhostgen mutate" in error
    assert not page.exists()
