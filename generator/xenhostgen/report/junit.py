# SPDX-License-Identifier: GPL-2.0-only
"""Verdicts as JUnit XML, which every CI server shows: a suite a spec, a case a check."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from xenhostgen.report.cases import Judged, cases, printable


def as_junit(judged: Sequence[Judged]) -> str:
    """An unexpected or missing finding is a failure; an expected one is skipped with the spec's reason."""
    root = ET.Element("testsuites", name="xenhostgen verify")
    for each in judged:
        made, spec = cases(each), printable(each.spec)
        suite = ET.SubElement(root, "testsuite", name=spec, tests=str(len(made)), errors="0")
        suite.set("failures", str(sum(case.failed for case in made)))
        suite.set("skipped", str(sum(bool(case.why) for case in made)))
        for case in made:
            shown = ET.SubElement(suite, "testcase", classname=spec, name=case.name)
            told = list(case.told(each.spec))
            if case.failed:
                ET.SubElement(shown, "failure", type=printable(case.rule), message=told[0]).text = "\n".join(told)
            elif case.why:
                why = "known: " * bool(case.expected) + case.why
                ET.SubElement(shown, "skipped", message=why).text = "\n".join(told) or None
    ET.indent(root)
    # ASCII with character references is right whatever the encoding of the stream that it is printed to.
    return str(ET.tostring(root, "us-ascii", xml_declaration=True), "ascii")
