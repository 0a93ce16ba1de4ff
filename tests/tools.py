# SPDX-License-Identifier: GPL-2.0-only
"""Tools that a test can't do without: where one is missing the test is skipped, or fails if so wished."""

import os
import shutil

import pytest


def need(tool: str, package: str) -> None:
    """Skip the test without a tool, naming its Debian package; fail under XENHOSTGEN_REQUIRE_TOOLS=1."""
    if shutil.which(tool):
        return
    message = f"'{tool}' is not installed (Debian: {package})"
    if os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)
