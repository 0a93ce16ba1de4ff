# SPDX-License-Identifier: GPL-2.0-only
"""``lint`` says of a rendered file what it lacks, at the place of the spec that needs it."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tools import main, need, sampled


class Case(NamedTuple):
    """Edits of the spec to start from, what is marked there, and words of the message."""

    edits: dict[str, str]
    marked: str
    says: str
    hint: str


HEADER, SOURCE, GUEST = "include/linux/crane.h", "drivers/crane/crane.c", "drivers/crane/bus.c"
OF_HEADER, OF_SOURCE = "'includes' under 'header'", "'includes' under 'source'"
OF_GUEST = "the 'context' of guest 'bus'"
READ = "    doc: read a register"
FACTS = "  variables:"
CASES = {
    "a fallback's errno": Case(
        {READ: f"    fallback: -ESRCH\n{READ}"},
        "-ESRCH",
        f"{HEADER} needs <linux/errno.h>",
        OF_HEADER,
    ),
    "a fallback's constant": Case(
        {
            READ: f"    fallback: CRANE_WIDTH\n{READ}",
            FACTS: f"  constants: {{CRANE_WIDTH: 4}}\n{FACTS}",
        },
        "CRANE_WIDTH",
        f"{HEADER} needs <linux/crane_state.h>",
        OF_HEADER,
    ),
    "a fallback that another file could have": Case(
        {READ: f"    fallback: U8_MAX\n{READ}", "[<linux/bug.h>": "[<linux/limits.h>"},
        "U8_MAX",
        f"{HEADER} needs <linux/limits.h>",
        OF_HEADER,
    ),
    "what the empty slot calls": Case(
        {"body: -ENODEV": "body: crane_bus_read(reg)"},
        "crane_none_read",
        f"{SOURCE} needs <linux/crane_state.h>",
        OF_SOURCE,
    ),
    "an adapter of one guest": Case(
        {"context: [<linux/errno.h>, ": "context: ["},
        "crane_far_read",
        f"{GUEST} needs <linux/errno.h>",
        OF_GUEST,
    ),
    "a boot step's variable": Case(
        {", <linux/crane_state.h>]": "]", "body: crane_bus_read(reg)": "body: '0'"},
        '"!crane_bus_mode"',
        f"{GUEST} needs <linux/crane_state.h>",
        OF_GUEST,
    ),
    "errnos of misuse": Case(
        {"<linux/cache.h>, <linux/errno.h>": "<linux/cache.h>", "body: -ENODEV": "body: '0'"},
        "-EINVAL",
        f"{SOURCE} needs <linux/errno.h>",
        OF_SOURCE,
    ),
    "a word of the templates": Case(
        {"<linux/init.h>, <linux/crane.h>": "<linux/crane.h>"},
        "",
        f"{SOURCE} needs <linux/init.h>",
        OF_SOURCE,
    ),
    "a section": Case(
        {"<linux/cache.h>, ": ""}, "storage", f"{SOURCE} needs <linux/cache.h>", OF_SOURCE
    ),
    "a structure that the kernel alone declares": Case(
        {
            FACTS: f"  structs: {{hook: {{load: int}}}}\n{FACTS}",
            "# What boot code": "fields: [{c: 'int (*up)(struct hook *)'}]\n# What boot code",
        },
        "'int",
        f"'struct hook' is not declared in {HEADER}",
        "'declares' under 'header'",
    ),
}


@pytest.mark.parametrize("name", sampled(CASES, lambda name: CASES[name].hint))
def test_what_a_file_lacks_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("gcc", "gcc")
    case, spec = CASES[name], tmp_path / "crane.yaml"
    assert main(["init", "crane", "-o", str(spec)]) == 0
    text = spec.read_text()
    for before, after in case.edits.items():
        assert before in text
        text = text.replace(before, after, 1)
    spec.write_text(text)
    capsys.readouterr()
    assert main(["lint", str(spec)]) == 2
    first, shown, caret, hint = capsys.readouterr().err.splitlines()
    assert case.says in first
    assert hint.endswith(case.hint)
    assert shown[caret.index("^") :].startswith(case.marked)
