# SPDX-License-Identifier: GPL-2.0-only
"""What a spec has to know of the kernel is read from the tree's headers, and assumed without."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_shapes import TREE, Files, interface

from xenhostgen.api import load_text
from xenhostgen.extensions.kernel_tree.patching import content, difference
from xenhostgen.extensions.kernel_tree.placing import placed_alone
from xenhostgen.extensions.patches.kernel_headers import KernelHeaders
from xenhostgen.extensions.patches.lift import Lifted, Target, lift, lifted_from
from xenhostgen.extensions.patches.lift_input import of_tree
from xenhostgen.extensions.patches.yaml_writer import write_yaml

STATE = "include/toy/state.h"
HEADERS = {
    STATE: TREE[STATE].replace(
        b"extern int toy_mode;\n", b'#include "boot.h"\nextern enum toy_modes toy_mode;\n'
    ),
    "include/toy/boot.h": b"""\
#include <asm/toy.h>

enum toy_modes { MODE_NONE = TOY_FIRST, MODE_SMALL, MODE_ODD = MODE_NONE << 1 };
enum toy_kinds { TOY_PLAIN, TOY_LARGE };

struct boot_info { int size; toy_flags_t flags; };
extern const struct boot_info *toy_info __attribute__((section(".data")));
extern __must_check int toy_clock_id(unsigned int cpu);
""",
    "arch/toy/include/asm/toy.h": b"""\
typedef __u32 toy_flags_t;
#define TOY_FIRST (TOY_SECOND | 4UL)
#define TOY_SECOND (1 + TOY_NONE)
#define TOY_NONE -1
#define toy_is_late() (toy_kind == TOY_LARGE)
static enum toy_kinds toy_kind;
""",
}


def imported(headers: Files, folder: Path, with_tree: bool) -> tuple[Lifted, dict[str, Any]]:
    data = interface("kernel")
    steps = data["guests"]["small"]["boot"]["steps"]
    for step in steps[-2:]:
        step["register"]["when"] = "toy_is_late() && (toy_info->flags & TOY_FIRST)"
    data["kernel"]["constants"]["TOY_FIRST"] = 4
    data["kernel"]["macros"] = {"toy_is_late": {"expands": "0", "placeholder": True}}
    data["kernel"]["structs"]["boot_info"] = {"flags": "int"}
    base = {**TREE, **headers}
    spec = load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")
    after = placed_alone(spec, base.get, "tree").after
    if with_tree:
        target = Target("lifted.yaml", "schema.json", "the test")
        lifted = lifted_from(of_tree(base.get, after), target)
    else:
        patch = folder / "x.patch"
        patch.write_bytes(difference({path: base.get(path) for path in after}, after))
        lifted = lift([patch], "lifted.yaml", "schema.json")
    assert not lifted.carry
    return lifted, yaml.load(lifted.text, yaml.CSafeLoader)


def test_the_headers_of_the_tree_tell(tmp_path: Path) -> None:
    lifted, data = imported(HEADERS, tmp_path, with_tree=True)
    assert data["kernel"] == {
        "constants": {"TOY_FIRST": 4, "MODE_SMALL": 5},
        "typedefs": {"toy_flags_t": "__u32"},
        "enums": {"toy_kinds": ["TOY_PLAIN", "TOY_LARGE"]},
        "structs": {"boot_info": {"flags": "toy_flags_t"}},
        "variables": {
            "toy_info": "const struct boot_info *",
            "toy_kind": "enum toy_kinds",
            "toy_mode": "unsigned int",
            "big_ready": "bool",
        },
        "macros": {"toy_is_late": "(toy_kind == TOY_LARGE)"},
        "functions": {"toy_clock_id": {"returns": "int", "args": ["unsigned int cpu"]}},
    }
    assert "kernel" not in lifted.assumed
    inputs = {"toy_info": ["object"], "toy_info->flags": [0, "TOY_FIRST"]}
    assert data["kinds"]["small"] == {"runs": ["small"], "inputs": inputs}
    assert {kind for kind, runs in data["kinds"].items() if "inputs" in runs} == {"small"}


def test_what_carried_code_calls_is_read_from_headers_too() -> None:
    calls = b"void toy_reset(int hard);\nvoid *memset(void *at, int c, unsigned int count);\n"
    base = {**TREE, STATE: TREE[STATE].replace(b"struct toy", calls + b"\nstruct toy")}
    text = write_yaml(interface("kernel"), "schema.json", {})
    after: Files = dict(placed_alone(load_text(text, "made-up.yaml"), base.get, "tree").after)
    header = "include/toy/gate.h"
    helper = (
        b"static inline void gate_again(void *at)\n{\n\tmemset(at, 0, 4);\n\ttoy_reset(1);\n}\n\n"
    )
    after[header] = (after[header] or b"").replace(b"#endif", helper + b"#endif")
    lifted = lifted_from(of_tree(base.get, after), Target("x.yaml", "schema.json", "the test"))
    assert helper in lifted.carry.replace(b"\n+", b"\n")
    functions = yaml.safe_load(lifted.text)["kernel"]["functions"]
    assert functions["toy_reset"] == {"returns": "void", "args": ["int hard"]}
    assert "memset" not in functions


def test_a_header_that_can_not_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "include/toy/folder.h").mkdir(parents=True)
    near = '#include "folder.h"\n#include "../../../x.h"\n#include <toy/far.h>\n'
    (tmp_path / "include/toy/near.h").write_text(near)
    (tmp_path / "include/toy/far.h").write_text("#define FAR 7\n")
    (tmp_path.parent / "x.h").write_text("#define FAR 8\n")
    (tmp_path / "a.c").write_text("#include <toy/near.h>\n")
    macro = KernelHeaders(partial(content, tmp_path), ["a.c"]).find("FAR", "macro")
    assert macro is not None
    assert macro.code == "#define FAR 7"


@pytest.mark.parametrize("with_tree", [False, True])
def test_what_no_header_tells_is_assumed(with_tree: bool, tmp_path: Path) -> None:
    lifted, data = imported({}, tmp_path, with_tree)
    kernel = data["kernel"]
    assert kernel["macros"]["toy_is_late"] == {"expands": 0, "placeholder": True}
    assert kernel["variables"]["toy_info"] == "struct toy_info_facts *"
    assert kernel["functions"]["toy_clock_id"] == {"returns": "int", "args": ["int cpu"]}
    assert "toy_is_late()" in lifted.assumed["kernel"]
    assert (kernel["variables"]["toy_mode"] == "int") == with_tree
