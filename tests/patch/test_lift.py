# SPDX-License-Identifier: GPL-2.0-only
"""Import: headers, patches on top, code that no spec can say, odd input."""

import random
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from interfaces import interfaces, patch_between, trees

from tools import Golden, examples, main, sampled
from xenhostgen.api import Refused, Text, load, load_text, render
from xenhostgen.extensions.kernel_tree.carry import carry_path
from xenhostgen.extensions.kernel_tree.placing import placed_in
from xenhostgen.extensions.patches.diff import files_of, read_diff
from xenhostgen.extensions.patches.hunks import PatchFile
from xenhostgen.extensions.patches.lift import lift
from xenhostgen.extensions.patches.messages import read_messages
from xenhostgen.extensions.patches.yaml_writer import write_yaml
from xenhostgen.spec import yaml as spec_yaml
from xenhostgen.spec.source import Problems

ROOT = Path(__file__).parents[2]

CASES = Path(__file__).parent / "lift"
HEADER, SOURCE = "include/xen/xenhost.h", "arch/x86/xen/xenhost.c"


def shipped(name: str, folder: Path) -> dict[str, str]:
    """The new files of a shipped spec, written below a folder."""
    rendering = render(load(ROOT / "specs" / f"{name}.yaml").with_(banner=False))
    for path, text in rendering.whole().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return rendering.whole()


def test_an_empty_new_file_is_kept(tmp_path: Path) -> None:
    empty = "include/xen/empty.h"
    files = {**shipped("rfc-v1", tmp_path / "out"), empty: ""}
    (tmp_path / "git").mkdir()
    patch = patch_between(tmp_path / "git", {"README": "a kernel\n"}, files)
    (tmp_path / "x.patch").write_bytes(patch)
    spec = tmp_path / "lifted.yaml"
    assert main(["import", str(tmp_path / "x.patch"), "-o", str(spec)]) == 0
    assert carry_path(spec).read_text().startswith(f"diff --git a/{empty} b/{empty}\nnew file")


def test_of_many_carried_places_the_first_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user = "drivers/user.c"
    lines = [f"\tstep_{row}();\n" for row in range(100)]
    longer = [line + "\tcall_a_host();\n" * (row % 4 == 0) for row, line in enumerate(lines)]
    files = shipped("rfc-v1", tmp_path / "out")
    (tmp_path / "git").mkdir()
    before, after = ({user: f"{{\n{''.join(body)}}}\n"} for body in (lines, longer))
    patch = patch_between(tmp_path / "git", before, {**files, **after})
    (tmp_path / "x.patch").write_bytes(patch)
    assert main(["import", str(tmp_path / "x.patch"), "-o", str(tmp_path / "lifted.yaml")]) == 0
    out = capsys.readouterr().out
    assert f"{user}: 0 of 25 lines lifted, carried: 3, 8, 13, " in out
    assert ", 98 and 5 more places" in out.replace(", and", " and")


def test_a_refresh_tells_of_a_file_that_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = shipped("rfc-v1", tmp_path / "out")
    spec = str(tmp_path / "lifted.yaml")
    for name, options in (("user.c", ["-o", spec]), ("moved.c", ["--refresh", spec])):
        (tmp_path / name).mkdir()
        before, after = ({f"drivers/{name}": f"int a;\n{rest}"} for rest in ("", "int b;\n"))
        patch = patch_between(tmp_path / name, before, {**files, **after})
        (tmp_path / "x.patch").write_bytes(patch)
        assert main(["import", str(tmp_path / "x.patch"), *options]) == 0
    assert "  drivers/moved.c: was drivers/user.c\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["rfc-v1", "rfc-v1-ops", "xenhost"])
@pytest.mark.parametrize("files", sampled([[HEADER], [HEADER, SOURCE]]), ids=["header", "both"])
def test_shipped_c_files_are_lifted_whole(
    name: str, files: tuple[str, ...], tmp_path: Path
) -> None:
    if not (ROOT / "specs" / f"{name}.yaml").is_file():
        pytest.skip(f"there is no spec {name}")
    shipped(name, tmp_path)
    lifted = lift([tmp_path / file for file in files], "lifted.yaml", "schema.json")
    # Without the guests' files the tables aren't known, nor the adapters that only they name.
    carried = re.findall(r"^\+(?!\+\+).", lifted.carry.decode(), re.MULTILINE)
    assert len(carried) <= (90 if name == "xenhost" else 0)
    assert {share.same for share in lifted.shares if share.blob} == {True}
    assert ("which slot" in lifted.assumed.get("registry", "")) == (len(files) == 1)


def test_of_several_template_sets_the_likest_is_lifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = Path(shutil.copytree(ROOT / "templates", tmp_path / "templates"))
    shutil.copytree(sets / "kernel", sets / "another")
    header = sets / "another" / "interface.h.j2"
    header.write_text(header.read_text().replace("static inline", "static __always_inline"))
    for module in ("spec.template_sets", "render.files"):
        monkeypatch.setattr(f"xenhostgen.{module}.template_root", lambda: sets)
    shipped("xenhost", tmp_path)
    text = (tmp_path / HEADER).read_text()
    for templates, word in (("kernel", "inline"), ("another", "__always_inline")):
        (tmp_path / HEADER).write_text(text.replace("static inline", f"static {word}"))
        lifted = lift([tmp_path / HEADER], "lifted.yaml", "schema.json")
        assert lifted.spec.templates == templates


def patch_of(name: str, folder: Path) -> Path:
    """A patch that brings a shipped spec's interface into made-up kernel files."""
    rendering = render(load(ROOT / "specs" / f"{name}.yaml").with_(banner=False))
    after = {
        path: re.sub(r"/\* after (\w+)\(\) \*/", r"static void \1(void)\n{\n\tx = y;\n}", text)
        .replace(
            "\tinit_hvm_pv_info();\n",
            "\tinit_hvm_pv_info();\n\txen_hvm_init_shared_info();\n\tx86.oem.setup = x;\n",
        )
        .replace(
            "#include <linux/errno.h>\n",
            "" if path not in rendering.whole() else "#include <linux/errno.h>\n",
        )
        for path, text in rendering.files.items()
    }
    before = {path: text for path, text in after.items() if path not in rendering.whole()}
    for fragment in rendering.fragments:
        before[fragment.file] = before[fragment.file].replace(fragment.text, "", 1)
    path = folder / "x.patch"
    path.write_bytes(patch_between(folder, before, after))
    return path


@pytest.mark.parametrize("name", ["rfc-v1", "rfc-v1-ops", "xenhost"])
def test_patches_of_shipped_specs_are_lifted_whole(name: str, tmp_path: Path) -> None:
    original = load(ROOT / "specs" / f"{name}.yaml")
    lifted = lift([patch_of(name, tmp_path)], "lifted.yaml", "schema.json")
    assert lifted.carry == b""
    assert render(lifted.spec).whole() == render(original.with_(banner=False)).whole()
    assert bool(lifted.spec.none) == bool(original.none)
    assert len(lifted.spec.ops) == len(original.ops)


@pytest.mark.parametrize("onto", sampled([False, True]))
def test_what_is_filled_in_is_enough_to_verify(
    onto: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patch = patch_of("xenhost", tmp_path)
    spec = tmp_path / "lifted.yaml"
    options = ["--onto", str(ROOT / "specs" / "xenhost.yaml")] if onto else []
    assert main(["import", str(patch), "-o", str(spec), *options]) == 0
    main(["verify", str(spec), "--cc", "gcc"])
    printed = "".join(capsys.readouterr())
    assert not re.findall(r"FOUND ([\w-]+):", printed), printed


@pytest.mark.parametrize("name", ["rfc-v1", "xenhost"])
def test_a_header_alone_is_enough_to_compile(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = re.sub("extern const .*\n", "", shipped(name, tmp_path)[HEADER])
    (tmp_path / HEADER).write_text(header)
    assert main(["import", str(tmp_path / HEADER), "-o", str(tmp_path / "x.yaml")]) == 0
    main(["verify", str(tmp_path / "x.yaml"), "--cc", "gcc"])
    assert not re.search("uncompilable|unparsable", capsys.readouterr().out)


def test_types_that_no_spec_can_say(tmp_path: Path) -> None:
    path = tmp_path / "xenhost.h"
    text = shipped("xenhost", tmp_path)[HEADER]
    path.write_text(
        text.replace("XENHOST_LOCAL,", "XENHOST_LOCAL = 1 << 3,").replace(
            "\tXENHOST_NESTED,\n",
            "\tXENHOST_NESTED,\n\tMOST,\n\tXENHOST_LAST = XENHOST_NESTED + 0,\n",
        )
    )
    spec = lift([path], "lifted.yaml", "schema.json").spec
    assert spec.values == {"invalid": 0, "local": 8, "direct": 9, "nested": 10}
    path.write_text(text.replace("XENHOST_INVALID = 0", "NO_XENHOST = 0"))
    with pytest.raises(
        Refused, match=r"xenhost\.h:23:1: 'NO_XENHOST' should begin with 'XENHOST_'"
    ):
        lift([path], "lifted.yaml", "schema.json")
    path.write_text(text.replace("XENHOST_LOCAL,", "XENHOST_LOCAL = sizeof(int),"))
    with pytest.raises(
        Refused, match=r"xenhost\.h:24:1: the value of 'XENHOST_LOCAL' is no number"
    ):
        lift([path], "lifted.yaml", "schema.json")


def test_a_header_with_code_of_its_own_is_mostly_declarative(tmp_path: Path) -> None:
    files = shipped("rfc-v1-ops", tmp_path)
    header = files[HEADER].replace(
        "#endif /* __XENHOST_H */",
        "/* Only here. */\nstatic inline bool xenhost_is_far(xenhost_t *xh)\n"
        "{\n\treturn xh == xh_remote;\n}\n\n#endif",
    )
    (tmp_path / HEADER).write_text(header)
    lifted = lift([tmp_path / HEADER], "lifted.yaml", "schema.json")
    (share,) = (share for share in lifted.shares if share.path == HEADER)
    assert 0 < len(share.carried) < share.lines / 10
    assert share.same


def test_a_later_patch_that_lost_its_tabs_goes_on_top(tmp_path: Path) -> None:
    bases = [ROOT / "specs" / "rfc-v1.yaml", ROOT / "specs" / "rfc-v1-ops.yaml"]
    if not bases[1].is_file():
        pytest.skip("there is no spec rfc-v1-ops")
    early, late = (render(load(path).with_(banner=False)) for path in bases)
    git_patch = patch_between(tmp_path, early.whole(), late.whole())
    squeezed = tmp_path / "mail.patch"
    squeezed.write_bytes(b"\n".join(b" ".join(line.split()) for line in git_patch.split(b"\n")))
    lifted = lift([squeezed], "lifted.yaml", "schema.json", load(bases[0]))
    assert not lifted.carry
    assert render(lifted.spec).whole() == late.whole()


@pytest.mark.parametrize("name", ["rfc-v1-ops", "xenhost"])
def test_a_patch_goes_on_top_of_files_without_a_banner(name: str, tmp_path: Path) -> None:
    path = ROOT / "specs" / f"{name}.yaml"
    early = load(path).with_(banner=False)
    late = early.with_(types=early.types.with_(doc=Text("Other words.")))
    (tmp_path / "x.patch").write_bytes(
        patch_between(tmp_path, render(early).whole(), render(late).whole())
    )
    lifted = lift([tmp_path / "x.patch"], "lifted.yaml", "schema.json", load(path))
    assert (lifted.carry, lifted.assumed) == (b"", {})
    assert {share.same for share in lifted.shares if share.blob} == {True}
    assert render(lifted.spec).whole() == render(late).whole()


def test_the_banner_of_generated_files_is_neither_lifted_nor_carried() -> None:
    for spec in ("rfc-v1", "xenhost"):
        out = ROOT / "out" / spec
        lifted = lift([out / HEADER, out / SOURCE], "lifted.yaml", "schema.json")
        assert "Generated" not in lifted.text
        assert b"Generated" not in lifted.carry
        assert {share.same for share in lifted.shares if share.blob} == {True}


def test_a_later_patch_for_another_header_is_refused(tmp_path: Path) -> None:
    patch = tmp_path / "later.patch"
    patch.write_text(
        f"--- a/{HEADER}\n+++ b/{HEADER}\n@@ -3,2 +3,3 @@\n \tnobody;\n+\tsomebody;\n \twas_here;\n"
    )
    with pytest.raises(Refused, match=rf"doesn't fit the patch before: patch failed: {HEADER}:3"):
        lift([patch], "lifted.yaml", "schema.json", load(ROOT / "specs" / "rfc-v1.yaml"))


@pytest.mark.parametrize(
    "case",
    sampled(
        sorted(CASES.glob("*.[pmhc]*")), lambda case: case.with_suffix(".expected").read_text()
    ),
    ids=lambda path: path.stem,
)
def test_case(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], golden: Golden
) -> None:
    spec = tmp_path / "lifted.yaml"
    status = main(["import", str(case), "-o", str(spec)])
    printed = "".join(capsys.readouterr()).replace(str(case), case.name)
    printed = printed.replace(f"{tmp_path}/", "")
    if spec.exists():
        printed += (
            carry_path(spec).read_bytes().decode(errors="replace")
            if carry_path(spec).exists()
            else ""
        )
        main(["lint", str(spec)])
        printed += capsys.readouterr().err.replace(f"{tmp_path}/", "")
    golden(case.with_suffix(".expected"), printed)
    assert (status, spec.exists()) == ((2, False) if case.name.startswith("err_") else (0, True))


def test_words_of_the_language_are_no_variables_of_the_kernel(tmp_path: Path) -> None:
    patch = tmp_path / "true.patch"
    text = (CASES / "succ_plain.patch").read_text()
    patch.write_text(text.replace("\tsome_flags = some_state;", "\tsome_flags = true;"))
    assert "true" not in str(lift([patch], "lifted.yaml", "schema.json").spec.kernel)


def test_a_spec_that_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "mine.yaml"
    spec.write_text("precious\n")
    command = ["import", str(CASES / "succ_plain.patch"), "-o", str(spec)]
    assert main(command) == 2
    assert "--force" in capsys.readouterr().err
    assert spec.read_text() == "precious\n"
    assert main([*command, "--force"]) == 0
    assert spec.read_text().startswith("# yaml-language-server: $schema=")
    assert {path.name for path in tmp_path.iterdir()} == {"mine.yaml", "mine.carry.patch"}


def test_a_spec_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(CASES / "succ_plain.patch"), "-o", "-"]) == 2
    assert capsys.readouterr().err.startswith("-o: a spec needs a name")


@pytest.mark.parametrize("missing", ["-o", "--onto", "PATCH"])
def test_files_that_cannot_be_had(
    missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {
        "PATCH": str(CASES / "succ_plain.patch"),
        "-o": str(tmp_path / "new.yaml"),
        "--onto": "",
    }
    paths[missing] = str(tmp_path / "nowhere" / "file.h")
    onto = ["--onto", paths["--onto"]] if paths["--onto"] else []
    assert main(["import", paths["PATCH"], "-o", paths["-o"], *onto]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_interface_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "both.h"
    header = shipped("rfc-v1", tmp_path)[HEADER]
    path.write_text(
        header
        + header.replace("xenhost", "other").replace("XENHOST", "OTHER").replace("xh_", "oh_")
    )
    assert lift([path], "lifted.yaml", "schema.json", prefix="other").spec.interface == "other"
    with pytest.raises(Refused, match=r"no interface in it.*third_type"):
        lift([path], "lifted.yaml", "schema.json", prefix="third")


@pytest.mark.thorough
def test_much_code_is_lifted_in_time_and_too_much_refused(tmp_path: Path) -> None:
    path = tmp_path / "much.h"
    text = shipped("rfc-v1", tmp_path)[HEADER]
    ops = "".join(f"\tint (*op_{row})(xenhost_t *xh, int cpu);\n" for row in range(1000))
    path.write_text(text.replace("struct xenhost_ops {\n}", f"struct xenhost_ops {{\n{ops}}}"))
    lifted = lift([path], "lifted.yaml", "schema.json")
    assert (len(lifted.spec.ops), lifted.carry) == (1000, b"")
    path.write_text(text + "int a;\n" * (1 << 20))
    with pytest.raises(Refused, match="more than 4 MiB"):
        lift([path], "lifted.yaml", "schema.json")


_ODD = [
    "",
    "\tint odd;",
    "#define ODD(x) ((x) + 1)",
    "/* one line */",
    "}",
    "{",
    "\t */",
    "/*",
    "#if 0",
    "\f",
    "'",
    '"open',
]
_ODD += [
    "static inline int odd(void) { return 1; }",
    "struct odd;",
    "\todd();",
    "int a, b; /* behind */",
    "case 1:",
    "\r",
]
_ODD += [
    "enum odd_type { odd_a };",
    "trailing  ",
    "\r",
    '"open',
    "EXPORT_SYMBOL_GPL(odd);",
    "é \u2028 x",
]


def _mutated(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(chance.randint(1, 9)):
        row, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[row : row + 1]
            case 1:
                lines[row], lines[other] = lines[other], lines[row]
            case 2:
                lines[row] = lines[row].replace("xh", "yh").replace("type", "kind")
            case _:
                lines.insert(row, chance.choice(_ODD))
        lines = lines or [""]
    return "\n".join(lines)


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=examples(2, 24), deadline=None, suppress_health_check=list(HealthCheck))
def test_no_line_of_edited_code_is_lost(
    templates: str, tmp_path_factory: pytest.TempPathFactory, choices: st.DataObject
) -> None:
    spec = load_text(
        write_yaml(choices.draw(interfaces(templates)), "schema.json", {}), "made-up.yaml"
    )
    rendering = render(spec)
    before, after = trees(spec, rendering)
    chance = choices.draw(st.randoms(use_true_random=False))
    after = {
        path: _mutated(text, chance) if chance.random() < 0.6 else text
        for path, text in after.items()
    }
    folder = tmp_path_factory.mktemp("tree")
    path = folder / "mail.patch"
    path.write_bytes(patch_between(folder, before, after))
    try:
        lifted = lift([path], "lifted.yaml", "schema.json")
    except Refused as refusal:
        assert re.search(r"\[(no-interface|not-liftable|bad-diff|no-patch)\]", str(refusal))
        return
    assert {share.same for share in lifted.shares if share.blob} <= {True}
    changed = {file.path: file for file in files_of(read_messages([path])[0])}
    carried = {file.path: file for file in read_diff(lifted.carry, "carry")}
    rendered = render(lifted.spec)
    spec = lifted.spec
    guesses = {"object": spec.object.file, "predicates": spec.predicates.file}
    guessed = {guesses[key] for key in guesses.keys() & lifted.assumed.keys()}
    for file in changed.keys() - rendering.whole().keys() - guessed:
        texts = [fragment.text for fragment in rendered.fragments if fragment.file == file]
        ours = Counter(line for text in texts for line in text.split("\n"))
        lines = ours + _lines(carried, file, "added") - _lines(carried, file, "removed")
        theirs = _lines(changed, file, "added")
        assert {line: count for line, count in lines.items() if line.strip()} == {
            line: count
            for line, count in (theirs - _lines(changed, file, "removed")).items()
            if line.strip()
        }


def _lines(files: dict[str, PatchFile], path: str, kind: str) -> Counter[str]:
    hunks = files[path].hunks if path in files else ()
    return Counter(line.text for hunk in hunks for line in hunk.lines if line.kind == kind)


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=examples(2, 24), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_byte_of_an_edited_tree_comes_back(
    templates: str, tmp_path_factory: pytest.TempPathFactory, choices: st.DataObject
) -> None:
    spec = load_text(
        write_yaml(choices.draw(interfaces(templates)), "schema.json", {}), "made-up.yaml"
    )
    before, after = trees(spec, render(spec))
    chance = choices.draw(st.randoms(use_true_random=False))
    before["drivers/other.c"] = "int other;\n" * 9
    after["drivers/other.c"] = "int other;\n" * 7
    after = {
        path: _mutated(text, chance) if chance.random() < 0.6 else text
        for path, text in after.items()
    }
    folder = tmp_path_factory.mktemp("tree")
    (folder / "mail.patch").write_bytes(patch_between(folder, before, after))
    tree = {path: text.encode() for path, text in before.items()}
    output = folder / "lifted.yaml"
    try:
        lifted = lift(
            [folder / "mail.patch"], str(output), "schema.json", tree=(tree.get, "the tree")
        )
    except Refused as refusal:
        assert re.search(r"\[(no-interface|not-liftable|bad-diff|no-patch)\]", str(refusal))
        return
    carry_path(output).write_bytes(lifted.carry)
    recreated = tree | placed_in(lifted.spec, tree.get, "the tree").after
    assert {path: text.decode() for path, text in recreated.items() if text} == {
        path: text for path, text in after.items() if text
    }


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_TEXT |= st.text(alphabet=" \ta-:#{}[],\n'\"&*!|>%@`?~é\x07\u2028\xa0", max_size=12)
_TEXT |= st.lists(st.sampled_from(["", "a", " a", "\ta b", "a: "]), max_size=5).map("\n".join)
_TEXT |= st.sampled_from(
    "null ~ True yes Off 0 -17 012 0x1f 1e3 1_0 1:30 2001-01-01 -.inf << =".split()
)
_TREE = st.recursive(
    _TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4)
)


def _plain(node: object) -> object:
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return str(node).lower() if isinstance(node, bool) else str(node)


@given(st.dictionaries(_TEXT, _TREE, min_size=1, max_size=4))
@example({"a": "b\n\n", "c": "d"})
@settings(deadline=None)
def test_whatever_is_written_as_yaml_is_read_back(data: dict[str, object]) -> None:
    text = write_yaml(data, "schema.json", {"": "Some\nwords", "types": "more"})
    problems = Problems("made-up.yaml", text)
    assert _plain(spec_yaml.parse(text, problems)) == data, problems.noted
    assert _plain(yaml.safe_load(text)) == data  # as editors read it
