# SPDX-License-Identifier: GPL-2.0-only
"""Checks as JUnit XML, which CI servers show: a suite a spec or a guest, a case a check."""

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from xenhostgen import __version__
from xenhostgen.report.cases import Case, Report, one_line


def write(report: Report) -> str:
    """An XML document; what is known, or wasn't looked for, is skipped with the reason."""
    root = ET.Element("testsuites", name=one_line(f"xenhostgen {report.command}"))
    for spec, cases in report.suites.items():
        suite = _suite(root, one_line(spec), cases)
        _add_properties(suite, report.properties)
        for case in cases:
            _add_case(suite, case)
    ET.indent(root)
    # ASCII with character references is right whatever the output stream's encoding.
    return str(ET.tostring(root, "us-ascii", xml_declaration=True), "ascii") + "\n"


def _suite(root: ET.Element, name: str, cases: Sequence[Case]) -> ET.Element:
    counts = Counter(case.outcome for case in cases)
    suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(cases)))
    suite.set("errors", str(counts["error"]))
    suite.set("failures", str(counts["failure"]))
    suite.set("skipped", str(counts["skipped"]))
    return suite


def _add_properties(suite: ET.Element, properties: Mapping[str, str]) -> None:
    """Say with what it was checked; the schema wants this before the cases."""
    parent = ET.SubElement(suite, "properties")
    for name, value in {"xenhostgen": __version__, **properties}.items():
        ET.SubElement(parent, "property", name=name, value=one_line(value))


def _add_case(suite: ET.Element, case: Case) -> None:
    element = ET.SubElement(suite, "testcase", classname=suite.get("name", ""), name=case.name)
    if case.outcome == "ok":
        return
    message = case.lines[0] if case.failed else case.reason
    outcome = ET.SubElement(element, case.outcome, message=message)
    outcome.text = "\n".join(case.lines) or None
    if case.failed and case.finding:
        outcome.set("type", case.finding.rule)
