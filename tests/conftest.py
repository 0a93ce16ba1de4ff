# SPDX-License-Identifier: GPL-2.0-only
"""Options and fixtures of the whole suite: ``--update`` rewrites the golden files."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tools import Golden
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
        help="run the tests with golden files alone and rewrite these; read git diff then",
    )


def pytest_configure(config: pytest.Config) -> None:
    # Without bubblewrap the C of the tests runs as ours; tests of confinement are skipped.
    if os.environ.get("XENHOSTGEN_REQUIRE_TOOLS") != "1" and obstacle():
        os.environ["XENHOSTGEN_UNCONFINED"] = "1"
    # What a shell starts in its background ignores SIGINT, and so would commands under test.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--update"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]


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
def golden(request: pytest.FixtureRequest) -> Golden:
    """Holds a text against the golden file that has it; ``--update`` rewrites the file."""

    def compare(file: Path, text: str) -> None:
        if request.config.getoption("--update"):
            file.write_text(text, encoding="utf-8")
        expected = file.read_text(encoding="utf-8") if file.exists() else ""
        name, test = file.relative_to(REPO), request.node.nodeid
        command = f".venv/bin/pytest '{test}' --update"
        assert text == expected, f"{name} says otherwise; if this is right, run: {command}"

    return compare
