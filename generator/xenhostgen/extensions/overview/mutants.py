# SPDX-License-Identifier: GPL-2.0-only
"""What ``mutate --format json`` has printed, read back for the page."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from xenhostgen.sandbox.files import UnreadableFile, read_given
from xenhostgen.spec.source import refusal


class Mutant(NamedTuple):
    """One wrong version of the C and its fate; ``accepted`` is the reason for a survivor."""

    id: str
    file: str
    line: str
    fate: str
    rule: str
    seen_by: str
    change: str
    accepted: str


class Mutants(NamedTuple):
    """The mutants of one spec, and its score in percent."""

    score: str
    passed: bool
    mutants: tuple[Mutant, ...]


def read_mutants(path: Path) -> dict[str, Mutants]:
    """The mutants by the paths of their specs. Raises ``Refused`` for a file of another form."""
    try:
        specs = json.loads(read_given(path) or b"")["specs"]
        return {str(Path(spec["spec"]).absolute()): _mutants(spec) for spec in specs}
    except UnreadableFile as error:
        message = str(error)
    except (ValueError, TypeError, KeyError, RecursionError):
        message = "is not what mutate prints" if path.exists() else "no such file"
    hint = "write it: xenhostgen mutate SPEC --format json > FILE"
    raise refusal("mutants", message, path, hint)


def _mutants(spec: dict[str, Any]) -> Mutants:
    rows = ([str(row[name] or "") for name in Mutant._fields] for row in spec["mutants"])
    mutants = tuple(Mutant(*row) for row in rows)
    return Mutants(f"{spec['score']:.1f}", bool(spec["passed"]), mutants)
