# SPDX-License-Identifier: GPL-2.0-only
"""What a path from a spec or a patch may be."""

import pytest

from xenhostgen.spec.paths import fault


@pytest.mark.parametrize("path", ["include/linux/x.h", "x.h", "a..b/c-d+e.h", ".github/x", "ä"])
def test_path_straight_down_is_fine(path: str) -> None:
    assert fault(path) is None


@pytest.mark.parametrize(
    "path",
    ["", "/x", "~/x", "C:x", "a\\b", "../x", "a/../b", "a//b", "./x", "a/", "a/.GIT/x", "a\n"],
)
def test_path_that_leads_elsewhere_is_refused(path: str) -> None:
    assert fault(path)
