# SPDX-License-Identifier: GPL-2.0-only
"""Checks as JUnit XML, which CI servers show: a suite a spec or a guest, a case a check."""

from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from xenhostgen.report.cases import Case, one_line


def as_junit(title: str, suites: Mapping[str, Sequence[Case]]) -> str:
    """An XML document; what is known, or wasn't looked for, is skipped with the reason."""
    root = ET.Element("testsuites", name=title)
    for spec, cases in suites.items():
        name, counts = one_line(spec), Counter(case.outcome for case in cases)
        suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(cases)))
        suite.set("errors", str(counts["error"]))
        suite.set("failures", str(counts["failure"]))
        suite.set("skipped", str(counts["skipped"]))
        for case in cases:
            element = ET.SubElement(suite, "testcase", classname=name, name=case.name)
            if case.outcome != "ok":
                message = case.lines[0] if case.failed else case.reason
                outcome = ET.SubElement(element, case.outcome, message=message)
                outcome.text = "\n".join(case.lines) or None
                if case.failed and case.finding:
                    outcome.set("type", case.finding.rule)
    ET.indent(root)
    # ASCII with character references is right whatever the output stream's encoding.
    return str(ET.tostring(root, "us-ascii", xml_declaration=True), "ascii")
