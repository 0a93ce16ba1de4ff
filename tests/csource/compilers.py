# SPDX-License-Identifier: GPL-2.0-only
"""Which compilers are here."""

import os
import shutil

import pytest


def require(tool: str) -> str:
    """``tool`` itself; skips the test without it, or fails it where all tools are required."""
    if shutil.which(tool) is None:
        message = f"{tool} is missing: apt-get install {tool}"
        if os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return tool
