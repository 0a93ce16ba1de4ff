# SPDX-License-Identifier: GPL-2.0-only
"""What ``boot`` says: a matrix of guests and checks, and what each failed check saw on the console."""

import json
from collections.abc import Sequence
from typing import TextIO, TypedDict
from xml.sax.saxutils import quoteattr

from xenhostgen.report.findings import as_json, show
from xenhostgen.report.terminal import styled
from xenhostgen.verify.findings import Verdict

_STYLES = {"ok": "green", "known": "yellow", "FAIL": "red"}


class Checked(TypedDict):
    """One check of one guest; ``status`` is 'ok', 'known' (an expected finding) or 'FAIL'."""

    guest: str
    check: str
    status: str
    findings: Sequence[str]
    excerpt: Sequence[str]
    console: str


def show_matrix(spec_path: str, cells: Sequence[Checked], verdict: Verdict, stream: TextIO) -> None:
    """The findings, then the matrix, for a person."""
    for cell in cells:
        if cell["status"] == "FAIL":
            print(f"{cell['guest']}, {cell['check']}: {cell['console']}", file=stream)
            print("".join(f"    | {line}\n" for line in cell["excerpt"]), end="", file=stream)
    checks, guests = _order(cells, "check"), _order(cells, "guest")
    status = {(cell["guest"], cell["check"]): cell["status"] for cell in cells}
    print("".join([f"{'':10}", *(f"{check:>11}" for check in checks)]), file=stream)
    for guest in guests:
        row = [status.get((guest, check), "-") for check in checks]
        shown = [" " * (11 - len(each)) + styled(each, _STYLES.get(each, "dim"), stream) for each in row]
        print(f"{guest:10}{''.join(shown)}", file=stream)
    show(spec_path, verdict, stream)


def matrix_json(spec_path: str, cells: Sequence[Checked], verdict: Verdict) -> str:
    """Findings and matrix for scripts."""
    return json.dumps({**as_json(spec_path, verdict), "matrix": cells}, indent=2)


def junit(spec_path: str, cells: Sequence[Checked]) -> str:
    """The matrix as JUnit XML: a test suite per guest, a case per check."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for guest in _order(cells, "guest"):
        mine = [cell for cell in cells if cell["guest"] == guest]
        failed = sum(cell["status"] == "FAIL" for cell in mine)
        lines.append(f'  <testsuite name={quoteattr(guest)} tests="{len(mine)}" failures="{failed}">')
        for cell in mine:
            head = f"    <testcase classname={quoteattr(f'{spec_path}.{guest}')} name={quoteattr(cell['check'])}"
            if cell["status"] == "FAIL":
                message, text = "; ".join(cell["findings"]), "\n".join(cell["excerpt"])
                said = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
                said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                lines.append(f"{head}><failure message={quoteattr(message)}>{said}</failure></testcase>")
            else:
                lines.append(f"{head}/>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _order(cells: Sequence[Checked], key: str) -> list[str]:
    return list(dict.fromkeys(str(cell[key]) for cell in cells))  # type: ignore[literal-required]
