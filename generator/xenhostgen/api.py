# SPDX-License-Identifier: GPL-2.0-only
"""The public face: what programs and tests use instead of the rooms behind it."""

from xenhostgen.spec.load import load, load_text
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import At, Problem, Refused, SpecError

__all__ = ["At", "Interface", "Problem", "Refused", "SpecError", "load", "load_text"]
