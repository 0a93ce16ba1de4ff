# SPDX-License-Identifier: GPL-2.0-only
"""How authors write an interface otherwise than the templates do: lifted or carried, byte for byte.

A case in ``shapes/`` edits files that a spec renders into the toy tree, and says how many lines may
be carried for it, and what the new spec has at some of its keys.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from xenhostgen.api import load_text
from xenhostgen.extensions.kernel_tree.carry import carry_path
from xenhostgen.extensions.kernel_tree.placing import placed_alone, placed_in
from xenhostgen.extensions.patches.lift import Lifted, Target, lifted_from
from xenhostgen.extensions.patches.lift_input import of_tree
from xenhostgen.extensions.patches.yaml_writer import write_yaml

TOY = Path(__file__).parents[1] / "kernel"
TREE = {
    str(path.relative_to(TOY / "tree")): path.read_bytes()
    for path in (TOY / "tree").rglob("*")
    if path.is_file()
}
CASES = sorted(Path(__file__).with_name("shapes").glob("*.yaml"))

Data = dict[str, Any]
Files = dict[str, bytes | None]


def interface(templates: str) -> Data:
    """The toy interface with an op of each form; a column 'none' where the set knows it."""
    data: Data = yaml.load((TOY / "gate.yaml").read_text(), yaml.CSafeLoader)
    plain = templates == "kernel"
    data |= {"templates": templates, "typedefs": not plain}
    data["header"] |= {"guard": "_TOY_GATE_H", "doc": "What a gate is."}
    data["fields"] = [{"c": "void *data", "doc": "Whose it is."}]
    tables: Data = {"small.direct": "toy_clock_id", "small.nested": "toy_clock_id"}
    data["ops"] = {
        "clock_id": {"returns": "int", "args": ["int cpu"], "tables": tables, "doc": "Which."},
        "stop": {"tables": {"small.direct": "toy_stop"}, "doc": "For good."},
    }
    if plain:
        data["types"]["doc"] = "Where it leads."  # without docs the C has some of its own
        for row in data["types"]["values"]:
            row["doc"] = f"It leads {row['name']}."
        data["kernel"]["functions"] = {"toy_clock_id": {"returns": "int", "args": ["int cpu"]}}
        data["guests"]["big"].pop("place")
        kinds = ("type", "occupied", "requires", "ops", "absent", "required")
        data["registry"]["misuse"] = dict.fromkeys(kinds, "-EINVAL") | {"occupied": "-EBUSY"}
        tables["small.direct"] = {"function": "small_clock_id", "body": "toy_clock_id(cpu)"}
        tables["none"] = {"function": "gate_no_clock_id", "body": "-ENODEV"}
        tables["small.nested"] = tables["none"]
        empty = {"function": "gate_no_stop", "body": ""}
        data["ops"]["stop"]["tables"] |= {"none": empty, "small.nested": empty}
    return data


def imported(data: Data, edits: list[Data]) -> tuple[Lifted, Files]:
    """What is lifted of the edited tree, and that tree."""
    spec = load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")
    after: Files = dict(placed_alone(spec, TREE.get, "tree").after)
    for edit in edits:
        text = (after.get(edit["file"], TREE.get(edit["file"])) or b"").decode()
        assert edit["old"] in text, (edit["old"], text)
        after[edit["file"]] = text.replace(edit["old"], edit["new"]).encode()
    files = of_tree(TREE.get, after)
    return lifted_from(files, Target("lifted.yaml", "schema.json", "the test")), after


def assert_recreated(
    lifted: Lifted, after: Files, folder: Path, tree: dict[str, bytes] = TREE
) -> None:
    """The spec as it was written, its carry patch beside it, gives the tree again."""
    path = folder / "lifted.yaml"
    path.write_text(lifted.text)
    carry_path(path).write_bytes(lifted.carry)
    again = placed_in(load_text(lifted.text, str(path)), tree.get, "tree").after
    assert {**tree, **again} == {**tree, **after}


def test_a_place_that_the_tree_has_twice_is_moved_by_the_carry_patch(tmp_path: Path) -> None:
    state, macro = "include/toy/state.h", b"#define toy_is_nested()\t0\n"
    tree = {**TREE, state: TREE[state].replace(b"struct", b"int twice;\nint twice;\n\nstruct")}
    spec = load_text(write_yaml(interface("rfc"), "schema.json", {}), "made-up.yaml")
    after: Files = dict(placed_alone(spec, tree.get, "tree").after)
    text = (after[state] or b"").replace(macro, b"")
    after[state] = text.replace(b"twice;\n\n", b"twice;\n\n" + macro + b"\n")
    lifted = lifted_from(of_tree(tree.get, after), Target("lifted.yaml", "schema.json", "the test"))
    assert [macro.name for macro in lifted.spec.predicates.macros] == ["toy_is_nested"]
    assert state.encode() in lifted.carry
    assert_recreated(lifted, after, tmp_path, tree)


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
def test_what_a_spec_renders_is_lifted_whole(templates: str, tmp_path: Path) -> None:
    data = interface(templates)
    lifted, after = imported(data, [])
    assert lifted.carry == b""
    assert_recreated(lifted, after, tmp_path)
    again = yaml.load(lifted.text, yaml.CSafeLoader)
    for key in ("types", "fields", "header"):
        assert again[key] == data[key]
    for op, row in data["ops"].items():
        # Roles are named by the tables' symbols, of which one is hardly more than the guest's.
        named = {column.replace("main", "direct") for column in again["ops"][op]["tables"]}
        assert named == row["tables"].keys()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_shape(case: Path, tmp_path: Path) -> None:
    shape = yaml.load(case.read_text(), yaml.CSafeLoader)
    lifted, after = imported(interface(shape["templates"]), shape["edits"])
    assert_recreated(lifted, after, tmp_path)
    carried = sum(len(share.carried) for share in lifted.shares)
    assert carried == shape["carried"], lifted.carry.decode()
    again = yaml.load(lifted.text, yaml.CSafeLoader)
    for place, value in shape.get("lifted", {}).items():
        node = again
        for key in place.split("/"):
            node = node[int(key)] if isinstance(node, list) else node.get(key)
        assert node == value


def test_local_variables_are_no_steps_unless_later_ones_use_them() -> None:
    small = "arch/toy/small.c"
    text = TREE[small].replace(b"\tint i;\n", b"\tint i, j;\n\tint rc;\n")
    text = text.replace(b"\ttoy_mode = MODE", b"\ti = 2;\n\tj = 2;\n\trc = j;\n\ttoy_mode = MODE")
    tree = {**TREE, small: text.replace(b"if (!info)", b"if (!info || rc)")}
    data = interface("kernel")
    data["guests"]["small"]["boot"]["steps"][0] = {"return_if": "!info || rc"}
    data["kernel"]["variables"]["rc"] = "int"
    spec = load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")
    after: Files = dict(placed_alone(spec, tree.get, "tree").after)
    lifted = lifted_from(of_tree(tree.get, after), Target("lifted.yaml", "schema.json", "the test"))
    steps = yaml.load(lifted.text, yaml.CSafeLoader)["guests"]["small"]["boot"]["steps"]
    targets = [target for step in steps for target in step.get("assign", ())]
    assert targets == ["j", "rc", "toy_mode"]
    assert not lifted.carry


def test_an_object_whose_neighbours_are_under_options_is_assumed_elsewhere(tmp_path: Path) -> None:
    makefile = "arch/toy/Makefile"
    text = b"obj-y\t+= a.o\n\nobj-$(CONFIG_TOY_BIG)\t+= big.o\n"
    tree = {**TREE, makefile: text}
    data = interface("kernel")
    data["object"] = {"file": makefile, "place": {"after": "a.o"}}
    spec = load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")
    after: Files = dict(placed_alone(spec, tree.get, "tree").after)
    after[makefile] = text + b"obj-$(CONFIG_GATE)\t+= gate.o\n"
    lifted = lifted_from(of_tree(tree.get, after), Target("lifted.yaml", "schema.json", "the test"))
    assert "neighbour" in lifted.assumed["object"]
    assert_recreated(lifted, after, tmp_path, tree)
    spec = load_text(lifted.text, "lifted.yaml")
    assert (spec.object.place.after, spec.object.config) == ("a.o", "CONFIG_GATE")
