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


def counts(told: Compared) -> dict[str, tuple[int, int]]:
    """For each question in how many files the answer is yes, of how many that it applies to."""
    answers = {aspect: [file[aspect] for file in told["files"]] for aspect in ASPECTS}
    return {
        aspect: (given.count(True), len(given) - given.count(None))
        for aspect, given in answers.items()
    }


def verdict(told: Compared) -> str:
    """All differences in one sentence."""
    if not told["same"]:
        differing = sum(not file["code"] or file["place"] is False for file in told["files"])
        return f"Code or place differ in {differing} of {len(told['files'])} files."
    if not all(file["comments"] for file in told["files"]):
        return "What differs is only comment wording."
    if any(file["bytes"] is False for file in told["files"]):
        return "What differs is only white space."
    return "Nothing differs."


def as_json(told: Compared) -> str:
    """The outcome as ``--format json`` gives it."""
    summary = {aspect: {"equal": yes, "of": of} for aspect, (yes, of) in counts(told).items()}
    return json.dumps({**told, "verdict": verdict(told), "summary": summary}, indent=2)


def show(told: Compared, stream: TextIO) -> None:
    """Print the outcome for a person."""
    for line, style in _lines(told):
        print(styled(line, style, stream) if style else line, file=stream)


def _lines(told: Compared) -> Iterator[tuple[str, str]]:
    yield f"{told['spec']} against {told['reference']}", "bold"
    yield from ((f"  {subject}", "") for subject in told["patches"] if subject)
    yield from (
        (f"  left out, as it changes a file again: {subject}", "") for subject in told["left_out"]
    )
    width = max(len(file["path"]) for file in told["files"])
    yield (
        "  ".join(["", f"{'file':{width}}", *(f"{aspect:8}" for aspect in ASPECTS)]).rstrip(),
        "dim",
    )
    words = {True: "equal", False: "differ", None: "-"}
    for file in told["files"]:
        answers = (words[file[aspect]] for aspect in ASPECTS)
        yield (
            "  ".join(["", f"{file['path']:{width}}", *(f"{word:8}" for word in answers)]).rstrip(),
            "",
        )
    for file in told["files"]:
        for detail in file["details"]:
            at = f":{detail['line']}:{detail['column']}" if detail["line"] else ""
            style = "" if detail["aspect"] in ("comments", "bytes") else "red"
            yield f"{file['path']}{at}: {detail['message']}", style
        yield from ((f"    {line}".rstrip(), "cyan") for line in file["wording"])
    yield verdict(told), "green" if told["same"] else "red"
    (code, codes), (place, places), (comments, all_comments), (same, new) = counts(told).values()
    said = [f"code tokens equal {code}/{codes}", f"places equal {place}/{places}"]
    said += [f"comments equal {comments}/{all_comments}", f"byte-identical {same}/{new} new files"]
    yield " · ".join(said), ""
