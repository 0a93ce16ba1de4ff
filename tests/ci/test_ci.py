# SPDX-License-Identifier: GPL-2.0-only
"""What CI servers and kernel trees include: valid by their schemas, and run as they run it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema.validators import validator_for

from tools import main, need

REPO = Path(__file__).parents[2]
ACTION = yaml.safe_load((REPO / "action.yml").read_text())
TEMPLATE = yaml.safe_load((REPO / "docs/ci/gitlab.yml").read_text())
MATCHERS = json.loads((REPO / "docs/ci/github-matcher.json").read_text())["problemMatcher"]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def schema(name: str) -> dict[str, Any]:
    """A published schema, from the package check-jsonschema; none of its code runs."""
    files = metadata.files("check-jsonschema") or ()
    (file,) = (file for file in files if file.match(f"builtin_schemas/vendor/{name}.json"))
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def check(document: Any, name: str) -> None:
    validator = validator_for(schema(name))
    validator(schema(name)).validate(document)


def test_the_action_is_what_github_takes() -> None:
    check(ACTION, "github-actions")
    broken = json.loads(json.dumps(ACTION))
    del broken["runs"]["steps"][1]["shell"]
    with pytest.raises(jsonschema.ValidationError):
        check(broken, "github-actions")


def test_the_template_is_what_gitlab_takes() -> None:
    job = TEMPLATE[".xenhostgen"]
    check({"verify": job}, "gitlab-ci")  # the schema says nothing of jobs that are hidden
    with pytest.raises(jsonschema.ValidationError):
        check({"verify": job | {"artifacts": {"when": "sometimes"}}}, "gitlab-ci")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository as docs/ci.md describes it, as the current folder: a spec and its C."""
    need("gcc", "gcc")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    assert main(["init", "widget", "-o", "specs/widget.yaml"]) == 0
    assert main(["generate"]) == 0
    return tmp_path


def run_action(folder: Path, **inputs: str) -> tuple[list[tuple[str, int]], dict[str, str], str]:
    """Run the action's own steps; their exit statuses, the action's outputs, and the log."""
    values = {name: str(entry["default"]) for name, entry in ACTION["inputs"].items()} | inputs
    outputs, log, statuses = folder / "outputs", "", []
    outputs.touch()
    for step in ACTION["runs"]["steps"]:
        if step.get("id") not in ("lint", "generate", "verify"):
            continue
        fixed = {"PATH": PATH, "RUNNER_TEMP": str(folder / "temp"), "GITHUB_OUTPUT": str(outputs)}
        environment = {name: evaluated(text, values) for name, text in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=folder,
            env=os.environ | fixed | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        statuses.append((step["id"], done.returncode))
        log += done.stdout + done.stderr
    written = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return statuses, written, log


def evaluated(text: str, inputs: dict[str, str]) -> str:
    """What the two kinds of expressions in the action's environments come to."""
    if match := re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", text):
        return inputs[match[1]]
    match = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) == '(.*)' && '(.*)' \|\| '(.*)' \}\}", text)
    assert match, text
    return match[3] if inputs[match[1]] == match[2] else match[4]


def test_the_action_passes_and_reports(repository: Path) -> None:
    statuses, outputs, log = run_action(repository, unconfined="true", level="parse")
    assert statuses == [("lint", 0), ("generate", 0), ("verify", 0)], log
    assert outputs.keys() == set(ACTION["outputs"])
    assert json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"] == []
    assert 'value="parse"' in Path(outputs["junit"]).read_text()


def test_the_action_goes_on_and_reports_where_a_spec_is_wrong(repository: Path) -> None:
    (repository / "specs/second.yaml").write_text("interface: [\n")
    statuses, outputs, log = run_action(repository, unconfined="true", level="parse")
    assert statuses == [("lint", 2), ("generate", 2), ("verify", 2)]
    assert "::error file=specs/second.yaml,line=2,col=1,title=yaml-syntax::" in log
    assert 'name="yaml-syntax"' in Path(outputs["junit"]).read_text()


def test_the_commands_of_the_template_run(repository: Path) -> None:
    job = TEMPLATE[".xenhostgen"]
    variables = job["variables"] | {"XENHOSTGEN_LEVEL": "parse", "PATH": PATH}
    script = "\n".join(["set -e", *job["script"]])
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=repository,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for artifact in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (repository / artifact).is_file()


def matches(owner: str, text: str) -> list[dict[str, str]]:
    """The fields that a matcher takes from a log."""
    (matcher,) = (entry for entry in MATCHERS if entry["owner"] == owner)
    (pattern,) = matcher["pattern"]
    groups = {name: group for name, group in pattern.items() if name != "regexp"}
    lines = (re.search(pattern["regexp"], line) for line in text.splitlines())
    return [{name: line[group] for name, group in groups.items()} for line in lines if line]


def test_a_matcher_reads_what_lint_prints(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = repository / "specs/widget.yaml"
    text = spec.read_text().replace("requires: ", "requires: x", 1)
    spec.write_text(text + "[unknown-key]: 1\n")
    capsys.readouterr()
    assert main(["lint"]) == 2
    printed = capsys.readouterr().err
    assert printed
    marks = matches("xenhostgen-spec", printed)
    assert len(marks) == sum(line.startswith("specs/") for line in printed.splitlines()) > 0
    for fields in marks:
        assert fields["file"] == "specs/widget.yaml"
        assert int(fields["line"]) > 0
        assert int(fields["column"]) > 0
        assert f"[{fields['code']}]" in printed
    assert not matches("xenhostgen-c", printed)


def test_a_matcher_reads_what_verify_prints(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = shutil.copytree(repository / "out/widget", repository / "tree")
    header = next(tree.rglob("widget.h"))
    header.write_text(header.read_text().replace("#endif", "extern int stray;\n#endif"))
    capsys.readouterr()
    command = ["verify", "--tree", "tree", "--level", "parse", "--cc", "gcc", "--unconfined"]
    assert main(command) == 1
    printed = capsys.readouterr().out
    (fields,) = matches("xenhostgen-c", printed)
    assert fields["file"] == str(header.relative_to(repository))
    row = header.read_text().splitlines().index("extern int stray;") + 1
    assert (fields["line"], fields["code"]) == (str(row), "declaration-unknown")
    assert "stray" in fields["message"]
    assert not matches("xenhostgen-spec", printed)


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "Q=@", *words],
        cwd=tree,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A toy kernel tree that holds a spec and whose Makefile includes the rules."""
    need("make", "make")
    kernel = REPO / "tests/kernel"
    folder = shutil.copytree(kernel / "tree", tmp_path / "tree")
    for name in ("gate.yaml", "gate.carry.patch"):
        shutil.copy(kernel / name, folder)
    spec = folder / "gate.yaml"  # lint wants the headers that its C stands on
    types = "<linux/types.h>, <toy/gate.h>]"
    spec.write_text(spec.read_text().replace("<toy/gate.h>]", types))
    rules = shlex.quote(str(REPO / "docs/ci/xenhostgen.mk"))
    with (folder / "Makefile").open("a") as makefile:
        makefile.write("prepare:\nxenhostgen-spec := gate.yaml\nxenhostgen-interface := gate\n")
        makefile.write(f"include {rules}\n")
    return folder


def test_make_brings_a_tree_up_to_date(tree: Path) -> None:
    first = make(tree, "prepare")
    assert "applied to 7 files" in first.stdout, first.stderr
    assert "Nothing to be done" in make(tree, "prepare").stdout

    spec, record = tree / "gate.yaml", tree / ".xenhostgen-gate.patch"
    spec.write_text(spec.read_text().replace("near", "nigh"))
    os.utime(spec, (record.stat().st_mtime + 1,) * 2)
    assert make(tree, "xenhostgen-check").returncode != 0
    assert "gate_near" in (tree / "include/toy/gate.h").read_text()
    assert "applied to 7 files" in make(tree, "prepare").stdout
    assert "gate_nigh" in (tree / "include/toy/gate.h").read_text()
    assert make(tree, "xenhostgen-check").returncode == 0


def test_make_takes_nothing_out_where_the_spec_is_wrong(tree: Path) -> None:
    record, spec = tree / ".xenhostgen-gate.patch", tree / "gate.yaml"
    record.write_text("what was applied")
    os.utime(record, (0, 0))
    spec.write_text(spec.read_text() + "unknown: 1\n")
    done = make(tree, "prepare")
    assert done.returncode != 0
    assert "[unknown-key]" in done.stderr
    assert "edited" not in done.stderr
    assert record.read_text() == "what was applied"
