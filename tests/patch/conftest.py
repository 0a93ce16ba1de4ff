# SPDX-License-Identifier: GPL-2.0-only
"""Tests of importing render with templates of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from xenhostgen.render import files


@pytest.fixture(scope="module")
def pinned_templates() -> Iterator[None]:
    """Render with the templates beside this file.

    Importing is an inverse of these templates, written by hand: a change to those that are shipped
    must not break its tests.
    """
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(files, "template_root", lambda: Path(__file__).with_name("templates"))
        yield
