# SPDX-License-Identifier: GPL-2.0-only
"""What ``diff`` says: a table of files, what differs in each, and one line about all of them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from xenhostgen.report.terminal import styled

# The questions about each file, and how the sum of their answers is told.
ASPECTS = {
    "code": "code tokens equal",
    "place": "places equal",
    "comments": "comments equal",
    "bytes": "byte-identical",
}

# The fields of a comparison (patch.compare says what each means) by name, and the names of both
# sides.
Compared = dict[str, Any]


def counts(outcome: Compared) -> dict[str, tuple[int, int]]:
    """For each question in how many files the answer is yes, of how many that it applies to."""
    answers = {aspect: [file[aspect] for file in outcome["files"]] for aspect in ASPECTS}
    return {
        aspect: (known.count(True), len(known) - known.count(None))
        for aspect, known in answers.items()
    }


def verdict(outcome: Compared) -> str:
    """All differences in one sentence."""
    if not outcome["same"]:
        differing = sum(not file["code"] or file["place"] is False for file in outcome["files"])
        return f"Code or place differ in {differing} of {len(outcome['files'])} files."
    if not all(file["comments"] for file in outcome["files"]):
        return "What differs is only comment wording."
    if any(file["bytes"] is False for file in outcome["files"]):
        return "What differs is only white space."
    return "Nothing differs."


def as_json(outcome: Compared) -> str:
    """The outcome as ``--format json`` gives it."""
    summary = {aspect: {"equal": yes, "of": of} for aspect, (yes, of) in counts(outcome).items()}
    return json.dumps({**outcome, "verdict": verdict(outcome), "summary": summary}, indent=2)


def show(outcome: Compared, stream: TextIO) -> None:
    """Print the outcome for a person."""
    for line, style in _lines(outcome):
        print(styled(line, style, stream) if style else line, file=stream)


def _lines(outcome: Compared) -> Iterator[tuple[str, str]]:
    yield f"{outcome['spec']} against {outcome['reference']}", "bold"
    yield from ((f"  {subject}", "") for subject in outcome["patches"] if subject)
    yield from (
        (f"  left out, as it changes a file again: {subject}", "")
        for subject in outcome["left_out"]
    )
    width = max(len(file["path"]) for file in outcome["files"])
    words = {True: "equal", False: "differ", None: "-"}

    def row(name: str, cells: Iterable[str]) -> str:
        return "  ".join(["", f"{name:{width}}", *(f"{cell:8}" for cell in cells)]).rstrip()

    yield row("file", ASPECTS), "dim"
    for file in outcome["files"]:
        yield row(file["path"], (words[file[aspect]] for aspect in ASPECTS)), ""
    for file in outcome["files"]:
        for detail in file["details"]:
            at = f":{detail['line']}:{detail['column']}" if detail["line"] else ""
            style = "" if detail["aspect"] in ("comments", "bytes") else "red"
            yield f"{file['path']}{at}: {detail['message']}", style
    yield verdict(outcome), "green" if outcome["same"] else "red"
    sums = [f"{ASPECTS[aspect]} {yes}/{of}" for aspect, (yes, of) in counts(outcome).items()]
    yield f"{' · '.join(sums)} new files", ""
