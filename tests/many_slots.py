# SPDX-License-Identifier: GPL-2.0-only
"""Version 2 of the interface with more slots than two."""

import re
from pathlib import Path

from xenhostgen.spec.load import load_text
from xenhostgen.spec.model import Interface

SPEC = Path(__file__).parents[1] / "specs" / "xenhost.yaml"


def eight_slots() -> Interface:
    """Eight slots of two types each, every other one requiring the one before."""
    text = SPEC.read_text()
    types = "".join(
        f"    - {{name: t{n}, doc: one}}\n    - {{name: u{n}, doc: other}}\n" for n in range(8)
    )
    slots = ""
    for n in range(8):
        requires = f", requires: s{n - 1}" if n % 2 else ""
        slots += f"    - {{name: s{n}, pointer: slot_{n}, accepts: [t{n}, u{n}]{requires}}}\n"
    text = re.sub(r"(  values:\n    - [^\n]*\n)(?:    - .*\n)+", rf"\g<1>{types}", text, count=1)
    text = re.sub(r"  slots:\n(?:    - .*\n)+", f"  slots:\n{slots}", text, count=1)
    text = re.sub(r"\btype: direct\b", "type: t0", text)
    return load_text(re.sub(r"\btype: nested\b", "type: t1", text), str(SPEC))
