# SPDX-License-Identifier: GPL-2.0-only
"""Checks as JUnit XML, which every CI server shows: a suite a spec or a guest, a case a check."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from xenhostgen.report.cases import Case, printable


def as_junit(title: str, suites: Mapping[str, Sequence[Case]]) -> str:
    """What fails is a failure, or an error; what is known, or wasn't looked for, is skipped with the reason."""
    root = ET.Element("testsuites", name=title)
    for name, cases in suites.items():
        suite = ET.SubElement(root, "testsuite", name=printable(name), tests=str(len(cases)))
        suite.set("errors", str(sum(case.error for case in cases)))
        suite.set("failures", str(sum(case.failed and not case.error for case in cases)))
        suite.set("skipped", str(sum(bool(case.why) for case in cases)))
        for case in cases:
            shown = ET.SubElement(suite, "testcase", classname=printable(name), name=case.name)
            text = "\n".join(case.told)
            if case.failed:
                kind = "error" if case.error else "failure"
                ET.SubElement(
                    shown, kind, type=printable(case.rule), message=case.told[0]
                ).text = text
            elif case.why:
                ET.SubElement(shown, "skipped", message="known: " * case.known + case.why).text = (
                    text or None
                )
    ET.indent(root)
    # ASCII with character references is right whatever the encoding of the stream that it is printed to.
    return str(ET.tostring(root, "us-ascii", xml_declaration=True), "ascii")
