# SPDX-License-Identifier: GPL-2.0-only
"""Options and fixtures of the whole suite: ``--update`` rewrites the files of expected output."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from xenhostgen.api import Interface, load
from xenhostgen.sandbox.confinement import obstacle

REPO = Path(__file__).parents[1]

# A run of CI is reproducible; new examples are looked for where somebody can act on them.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") or os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") == "1":
    settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite the .expected files; look at their diff before committing it",
    )


def pytest_configure(config: pytest.Config) -> None:
    # By way of the environment, so that the workers of pytest-xdist see it too.
    if config.getoption("--update"):
        os.environ["XENHOSTGEN_UPDATE"] = "1"
    # Without bubblewrap the C of the tests runs as ours; tests of confinement are skipped.
    if os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") != "1" and obstacle():
        os.environ["XENHOSTGEN_UNCONFINED"] = "1"
    # What a shell starts in its background ignores SIGINT, and so would commands under test.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def load_spec() -> Callable[[str], Interface]:
    """Specs by their path in the repository, each loaded once."""
    loaded: dict[str, Interface] = {}

    def get(path: str) -> Interface:
        if path not in loaded:
            loaded[path] = load(REPO / path)
        return loaded[path]

    return get


@pytest.fixture
def update() -> bool:
    """Whether expected output is to be rewritten."""
    return os.environ.get("XENHOSTGEN_UPDATE") == "1"
