# SPDX-License-Identifier: GPL-2.0-only
"""What ``diff`` says: a table of files, what differs in each, and one line about all of them."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from xenhostgen.report.terminal import styled

ASPECTS = ("code", "place", "comments", "bytes")

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
    yield (
        "  ".join(["", f"{'file':{width}}", *(f"{aspect:8}" for aspect in ASPECTS)]).rstrip(),
        "dim",
    )
    words = {True: "equal", False: "differ", None: "-"}
    for file in outcome["files"]:
        answers = (words[file[aspect]] for aspect in ASPECTS)
        yield (
            "  ".join(["", f"{file['path']:{width}}", *(f"{word:8}" for word in answers)]).rstrip(),
            "",
        )
    for file in outcome["files"]:
        for detail in file["details"]:
            at = f":{detail['line']}:{detail['column']}" if detail["line"] else ""
            style = "" if detail["aspect"] in ("comments", "bytes") else "red"
            yield f"{file['path']}{at}: {detail['message']}", style
    yield verdict(outcome), "green" if outcome["same"] else "red"
    (code, codes), (place, places), (comments, all_comments), (same, new) = counts(outcome).values()
    parts = [f"code tokens equal {code}/{codes}", f"places equal {place}/{places}"]
    parts += [f"comments equal {comments}/{all_comments}", f"byte-identical {same}/{new} new files"]
    yield " · ".join(parts), ""
