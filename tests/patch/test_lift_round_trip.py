# SPDX-License-Identifier: GPL-2.0-only
"""Spec → C → git → format-patch → import → C: the same bytes, and nothing carried."""

import copy
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from interfaces import KERNELS_WRAPPERS, WRAPPERS, Data, interfaces, patch_between, trees

from tools import examples
from xenhostgen.api import Interface, load, load_text, render
from xenhostgen.extensions.patches.lift import Lifted, lift
from xenhostgen.extensions.patches.yaml_writer import write_yaml

MISUSE = "type occupied requires ops absent required"

# Each set draws so many.
ROUNDS = examples(3, 50)


def spec_of(data: Data) -> Interface:
    return load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")


def imported(patch: bytes, folder: Path, onto: Interface | None = None) -> Lifted:
    path = folder / "mail.patch"
    path.write_bytes(patch)
    return lift([path], "lifted.yaml", "schema.json", onto)


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_spec_renders_is_lifted_whole(templates: str, choices: st.DataObject) -> None:
    data = choices.draw(interfaces(templates))
    spec = spec_of(data)
    rendering = render(spec)
    with tempfile.TemporaryDirectory() as name:
        patch = patch_between(Path(name), *trees(spec, rendering))
        note(patch.decode())
        lifted = imported(patch, Path(name))
    note(lifted.text)
    assert not lifted.carry
    assert {share.path: share.same for share in lifted.shares if share.blob} == dict.fromkeys(
        rendering.whole(), True
    )
    again = render(load_text(lifted.text, "again.yaml"))
    assert again.whole() == rendering.whole()
    assert {fragment.text for fragment in again.fragments} == {
        fragment.text for fragment in rendering.fragments
    }


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_later_patch_adds_is_lifted_on_top(templates: str, choices: st.DataObject) -> None:
    late = choices.draw(interfaces(templates))
    early = copy.deepcopy(late)
    for name in [name for name in early.get("ops", ()) if choices.draw(st.booleans())]:
        del early["ops"][name]
    for op in early.get("ops", {}).values():
        op["tables"] = {
            name: entry
            for name, entry in op.get("tables", {}).items()
            if name == "none" or choices.draw(st.booleans())
        }
    for guest in (*early["guests"].values(), *late["guests"].values()):
        # Boot code that is there stays as it is; it can't call what comes later.
        guest["boot"]["steps"] = [
            step
            for step in guest["boot"]["steps"]
            if "each" not in step or step["each"]["op"] in early.get("ops", ())
        ]
    early["fields"] = [field for field in early.get("fields", ()) if choices.draw(st.booleans())]
    before, after = spec_of(early), spec_of(late)
    rendering, older = render(after), render(before)
    assume(older.files != rendering.files)
    with tempfile.TemporaryDirectory() as name:
        patch = patch_between(Path(name), trees(before, older)[1], trees(after, rendering)[1])
        note(patch.decode())
        base = Path(name, "base.yaml")
        base.write_text(write_yaml(early, "schema.json", {}))
        lifted = imported(patch, Path(name), load(base))
    note(lifted.text)
    assert not lifted.carry
    assert not lifted.assumed
    again = render(load_text(lifted.text, "again.yaml"))
    assert again.files == rendering.files


def wide(templates: str) -> Data:
    """Four slots, five guests with a table each, fifteen ops in all forms, another prefix."""
    plain = templates == "kernel"
    slots: list[Data] = [
        {"name": name, "pointer": f"lane_{name}", "accepts": [f"t{row}", f"u{row}"]}
        for row, name in enumerate(("north", "east", "south", "west"))
    ]
    for below, slot in pairwise(slots):
        slot["requires"] = below["name"]
    guests: Data = {}
    for row in range(5):
        register = {"type": f"{'tu'[row % 2]}0", "table": "only", "doc": f"Number {row}."}
        guests[f"g{row}"] = {
            "file": f"arch/some/setup_g{row}.c",
            "context": ["<linux/init.h>", "<some/state.h>"],
            "include": {"line": "<some/lane.h>", "place": {"after": "<linux/init.h>"}},
            "tables": {"only": f"g{row}_only_ops"},
            "place": {"after": f"g{row}_prepare"},
            "boot": {"function": f"g{row}_start", "steps": [{"register": register}]},
        }
    ops: Data = {}
    forms = (KERNELS_WRAPPERS if plain else WRAPPERS)["value"]
    for row in range(15):
        tables: Data = {f"g{guest}.only": f"do_{row}_{guest}" for guest in range(row % 6)}
        if plain:
            tables = {name: {"function": f"our_{row}", "body": f"{row}"} for name in tables}
            tables["none"] = {"function": f"no_{row}", "body": "-ENODEV"}
        op: Data = {"returns": "int", "args": ["int cpu", "void *data"][: row % 3]}
        ops[f"op_{row}"] = {**op, **forms[row % len(forms)], "tables": tables, "doc": f"op {row}"}
    types = [f"{kind}{row}" for row in range(4) for kind in "tu"]
    data: Data = {
        "interface": "lane",
        "templates": templates,
        "banner": False,
        "header": {"file": "include/some/lane.h", "includes": ["<linux/types.h>"]},
        "source": {"file": "lib/some/lane.c", "includes": ["<linux/errno.h>", "<some/lane.h>"]},
        "object": {"file": "lib/some/Makefile", "place": {"after": "left.o"}},
        "types": {"values": [{"name": "none", "value": 0}, *({"name": name} for name in types)]},
        "registry": {"slots": slots, "storage": "read_mostly"},
        "predicates": {
            "file": "include/some/state.h",
            "place": {"after": "#endif /* CONFIG_SOME */"},
            "macros": [{"name": "some_nested", "expands": "0", "placeholder": True}],
        },
        "ops": ops,
        "guests": guests,
        "kinds": {name: [name] for name in guests},
    }
    if plain:
        data["header"]["includes"].append("<linux/init.h>")
        errnos = ("EINVAL", "EBUSY", "ENODEV", "EFAULT", "ENOENT", "EPERM")
        misuse = zip(MISUSE.split(), (f"-{errno}" for errno in errnos), strict=True)
        data["registry"]["misuse"] = dict(misuse)
    return data


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
def test_a_wide_interface_is_lifted_whole(templates: str, tmp_path: Path) -> None:
    spec = spec_of(wide(templates))
    rendering = render(spec)
    lifted = imported(patch_between(tmp_path, *trees(spec, rendering)), tmp_path)
    assert lifted.carry == b""
    again = load_text(lifted.text, "again.yaml")
    assert render(again).whole() == rendering.whole()
    assert (len(again.slots), len(again.ops), len(again.guests)) == (4, 15, 5)
    assert [slot.requires for slot in again.slots] == [slot.requires for slot in spec.slots]
