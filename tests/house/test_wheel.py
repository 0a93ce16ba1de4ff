# SPDX-License-Identifier: GPL-2.0-only
"""The wheel holds all it needs: installed elsewhere, run from an empty folder, without extras."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as a wheel unpacks it."""
    work = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(work / "dist"),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (work / "dist").glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(work / "site"),
        str(wheel),
    ]
    subprocess.run(pip, check=True, capture_output=True)
    return work / "site"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["generate"], "xenhost.yaml: 7 written"),
        (["verify", "--cc", "gcc", "--brief"], "verified: 7 of 7 expected findings"),
        (["diff", "{site}/xenhostgen/specs/rfc-v1.yaml"], "code tokens equal 7/7"),
        (["rules", "dependency-not-enforced"], "dependency-not-enforced"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_installed_elsewhere(
    installed: Path, tmp_path: Path, command: list[str], says: str
) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    words = [word.replace("{site}", str(installed)) for word in command]
    shutil.copytree(next(installed.rglob("specs")), tmp_path / "specs")
    done = subprocess.run(
        [sys.executable, "-m", "xenhostgen", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert says in done.stdout


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    program = "import xenhostgen; print(xenhostgen.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(installed))


# The command, as it runs where the packages of the extensions are not installed.
CORE_ONLY = """
import sys
sys.modules |= dict.fromkeys(("rich", "tree_sitter", "tree_sitter_c", "shtab"))
from xenhostgen.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run_core(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CORE_ONLY, *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["generate"], "xenhost.yaml: 7 written"),
        (["lint"], "rfc-v1.yaml: OK"),
        (["verify", "--level", "parse", "--cc", "gcc"], "verified: "),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_core_needs_no_package_of_an_extension(
    installed: Path, tmp_path: Path, command: list[str], says: str
) -> None:
    shutil.copytree(next(installed.rglob("specs")), tmp_path / "specs")
    done = run_core(installed, tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


def test_a_command_without_its_packages_names_the_extra(installed: Path, tmp_path: Path) -> None:
    done = run_core(installed, tmp_path, "mutate")
    assert done.returncode == 2
    assert "needs the Python package 'tree_sitter_c'" in done.stderr
    assert "pip install 'xenhostgen[mutation]'" in done.stderr
