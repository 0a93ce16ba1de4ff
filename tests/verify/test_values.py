# SPDX-License-Identifier: GPL-2.0-only
"""Values that ops pass are told apart part by part: structures, truth values, qualified ones."""

from pathlib import Path

import pytest

from tools import need
from xenhostgen.api import load
from xenhostgen.verify.run import verify
from xenhostgen.verify.subject import Options, write_rendering

OPS = """
  structs:
    two: {a: bool, b: bool}
    eight: {m0: int, m1: int, m2: int, m3: int, m4: int, m5: int, m6: int, m7: int}
fields: [{struct: [int depth, int width]}]
ops:
"""
# The op's arguments and result, its body, and what is wrong in its place.
CASES = {
    "pick": ("struct two two", "bool", "two.a && !two.b", "two.b && !two.a"),
    "first": ("struct two two", "bool", "two.a", "two.b"),
    "both": ("bool a, bool b, bool c", "bool", "a && b", "a && c"),
    "less": ("int left, struct eight all", "int", "left - all.m7", "all.m7 - left"),
    "held": ("struct two const two, int volatile left", "int", "two.a ? left : 0", "left"),
    "copy": ("struct pair from", "struct pair", "from", "*xh"),
    "itself": ("int depth", "struct pair", "*xh", "xh == the_left ? *xh : *the_left"),
}


def row(name: str) -> str:
    args, returns, body, _ = CASES[name]
    none = f"none: {{function: pair_none_{name}, body: 'pair_panics()'}}"
    own = f"only.own: {{function: only_{name}, body: '{body}'}}"
    listed = ", ".join(args.split(", "))
    return f"  {name}: {{args: [{listed}], returns: {returns}, tables: {{{none}, {own}}}}}\n"


def test_each_part_counts(tmp_path: Path) -> None:
    need("gcc", "gcc")
    text = (Path(__file__).parent / "succ_pair.yaml").read_text() + OPS
    text = text.replace("<linux/types.h>]", "<linux/types.h>, <linux/pair_parts.h>]", 1)
    for name in CASES:
        text += row(name).replace("pair_panics()", "*xh" if "pair" in CASES[name][1] else "0")
    path = tmp_path / "pair.yaml"
    path.write_text(text)
    spec = load(path)
    tree = write_rendering(spec, tmp_path / "tree")
    options = Options(tree, ("gcc",))
    assert not verify(spec, options).unexpected
    file = tree / "drivers/pair/only.c"
    c = file.read_text()
    for _, _, body, wrong in CASES.values():
        assert f"return {body};" in c
        c = c.replace(f"return {body};", f"return {wrong};", 1)
    file.write_text(c)
    wrong_ops = {finding.subject for finding in verify(spec, options).unexpected}
    assert wrong_ops >= {f"pair_{name}" for name in CASES if name != "itself"}


@pytest.mark.parametrize("is_wrong", [False, True])
def test_a_static_helper_of_another_file_is_another_function(
    tmp_path: Path, is_wrong: bool
) -> None:
    need("gcc", "gcc")
    spec = load(Path(__file__).parent / "succ_gate.yaml")
    tree = write_rendering(spec, tmp_path)
    helper = "static noinline int {}own_helper(void)\n{{\n\treturn 1;\n}}\n\n"
    init, plain = helper.format("__init "), helper.format("")
    rope, nail = (tree / f"arch/b/{name}.c" for name in ("rope", "nail"))
    if not nail.exists():
        nail = next(file for file in tree.rglob("nail.c"))
    text, use = rope.read_text(), "\treturn unit && "
    above, below = (init if is_wrong else plain), (plain if is_wrong else init)
    first = text.rindex("\n\n", 0, text.index(use)) + 2
    text = text.replace(use, "\treturn own_helper() && unit && ")
    rope.write_text(text[:first] + above + text[first:])
    other = nail.read_text()
    first = other.rindex("\n\n", 0, other.index("{\n")) + 2
    nail.write_text(other[:first] + below + other[first:])
    verdict = verify(spec, Options(tree, ("gcc",), "parse"))
    rules = {finding.rule for finding in verdict.unexpected if "own_helper" in finding.message}
    assert rules == ({"declaration-differs"} if is_wrong else set())
