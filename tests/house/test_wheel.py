# SPDX-License-Identifier: GPL-2.0-only
"""The wheel holds all it needs: installed elsewhere, run from an empty folder, without extras."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import need, sampled

ROOT = Path(__file__).parents[2]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
DIST = ROOT / "dist"


def built(folder: Path, *options: str, **environment: str) -> dict[str, Path]:
    """What the build makes in a folder, by the ending of its name."""
    build = [sys.executable, "-m", "build", *options, "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True, env=os.environ | environment)
    return {file.suffix: file for file in folder.iterdir()}


@pytest.mark.parametrize(("epoch", "date"), [("", "2031-02-03"), ("86400", "1970-01-02")])
def test_manual_pages_are_dated(epoch: str, date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the last release, unless the build is told another date."""
    where = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert where
    assert where.loader
    hook = importlib.util.module_from_spec(where)
    where.loader.exec_module(hook)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if epoch:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    changelog = "# Changelog\n\n## Unreleased\n\n## 3.1.0 - 2031-02-03\n\n## 3.0.0 - 2030-01-01\n"
    assert hook.page_date(changelog) == date


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    return built(folder, "--wheel", SOURCE_DATE_EPOCH="1700000000")[".whl"]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as a wheel unpacks it."""
    work = tmp_path_factory.mktemp("wheel")
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
    sampled(
        [
            (["generate"], "xenhost.yaml: 7 written"),
            (["verify", "--cc", "gcc", "--brief"], "verified: 7 of 7 expected findings"),
            (["diff", "{site}/xenhostgen/specs/rfc-v1.yaml"], "code tokens equal 7/7"),
            (["rules", "dependency-not-enforced"], "dependency-not-enforced"),
        ]
    ),
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


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [(["mutate"], "tree_sitter_c", "mutation"), (["completion", "bash"], "shtab", "shell")],
    ids=["mutate", "completion"],
)
def test_a_command_without_its_packages_names_the_extra(
    installed: Path, tmp_path: Path, command: list[str], package: str, extra: str
) -> None:
    done = run_core(installed, tmp_path, *command)
    assert done.returncode == 2
    assert f"needs the Python package '{package}'" in done.stderr
    assert f"pip install 'xenhostgen[{extra}]'" in done.stderr


def pages(installed: Path) -> list[Path]:
    """The manual pages that the wheel installs."""
    return sorted((installed / "share/man/man1").iterdir())


def test_each_command_has_a_manual_page(installed: Path) -> None:
    listed = run_core(installed, installed, "--help").stdout
    commands = re.findall(r"^  (\w+)  ", listed.partition("commands:")[2], re.MULTILINE)
    names = {f"xenhostgen-{command}.1" for command in commands} | {"xenhostgen.1"}
    assert {page.name for page in pages(installed)} == names


@pytest.mark.parametrize(
    ("command", "package"),
    [
        (["groff", "-z", "-ww", "-man", "-k", "-Tutf8"], "groff"),
        (["mandoc", "-Tlint", "-Wwarning"], "mandoc"),
    ],
    ids=["groff", "mandoc"],
)
def test_manual_pages_have_no_faults(installed: Path, command: list[str], package: str) -> None:
    need(command[0], package)
    done = subprocess.run(
        [*command, *pages(installed)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_manual_page_has_what_help_says(installed: Path) -> None:
    need("man", "man-db")
    page = installed / "share/man/man1/xenhostgen-verify.1"
    environment = os.environ | {"MANWIDTH": "200", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["man", "-l", page], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stderr == ""
    for text in ("NAME", "xenhostgen-verify - judge the C", "--level {parse,run", "EXAMPLES"):
        assert text in done.stdout
    assert "2023-11-14" in done.stdout, "the date of SOURCE_DATE_EPOCH"


def test_completion_is_installed(installed: Path) -> None:
    for path in (
        "bash-completion/completions/xenhostgen",
        "fish/vendor_completions.d/xenhostgen.fish",
        "zsh/site-functions/_xenhostgen",
    ):
        assert "dependency-not-enforced" in (installed / "share" / path).read_text()


def test_the_changelog_begins_with_this_version(installed: Path) -> None:
    version = run_core(installed, installed, "--version").stdout.split()[1]
    heads = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d|Unreleased", heads[0])


def interpreters() -> Iterator[str]:
    """Those of the supported Pythons that start here; a name on PATH alone may be a shim."""
    for name in PYTHONS:
        if program := shutil.which(name):
            done = subprocess.run([program, "--version"], capture_output=True, check=False)
            if done.returncode == 0:
                yield name


def run_in(venv: Path, folder: Path, *command: str) -> str:
    """What a program of a venv prints in a folder, with nothing else of Python's in reach."""
    environment = {"PATH": f"{venv}/bin:{os.defpath}", "HOME": str(folder)}
    environment |= {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
    done = subprocess.run(
        [venv / "bin" / command[0], *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.dist
@pytest.mark.parametrize("suffix", ["*.whl", "*.tar.gz"])
@pytest.mark.parametrize("python", tuple(interpreters()))
def test_it_works_from_an_empty_venv_in_an_empty_folder(
    python: str, suffix: str, tmp_path: Path
) -> None:
    need("gcc", "gcc")
    (archive,) = DIST.glob(suffix)
    venv, folder = tmp_path / "venv", tmp_path / "work"
    folder.mkdir()
    subprocess.run([python, "-m", "venv", venv], check=True)
    run_in(venv, folder, "pip", "install", "--quiet", str(archive))
    assert run_in(venv, folder, "xenhostgen", "--version") == f"xenhostgen {version_of(archive)}\n"
    (folder / "specs").mkdir()
    run_in(venv, folder, "xenhostgen", "init", "widget", "-o", "specs/widget.yaml")
    assert "5 written" in run_in(venv, folder, "xenhostgen", "generate")
    assert "OK" in run_in(venv, folder, "xenhostgen", "lint")
    judged = run_in(venv, folder, "xenhostgen", "verify", "--cc", "gcc", "--unconfined")
    assert "0 unexpected" in judged
    extras = f"{archive}[patches,mutation,shell]"
    run_in(venv, folder, "pip", "install", "--quiet", extras)
    assert "_xenhostgen" in run_in(venv, folder, "xenhostgen", "completion", "bash")
    assert (venv / "share/man/man1/xenhostgen-mutate.1").is_file()


@pytest.mark.dist
def test_the_same_commit_gives_the_same_bytes(tmp_path: Path) -> None:
    """Elsewhere, at another time of day, with a window of another width."""
    log = ["git", "log", "-1", "--format=%ct"]
    epoch = subprocess.run(log, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    environment = {"SOURCE_DATE_EPOCH": epoch.strip(), "TZ": "Asia/Tokyo", "COLUMNS": "40"}
    again = built(tmp_path / "dist", **environment)
    assert again.keys() == {".whl", ".gz"}
    for file in again.values():
        assert file.read_bytes() == (DIST / file.name).read_bytes(), file.name


def version_of(archive: Path) -> str:
    return archive.name.removesuffix(".tar.gz").split("-")[1]
