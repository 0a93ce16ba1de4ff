# SPDX-License-Identifier: GPL-2.0-only
"""What compilers understood, told the same by gcc and clang."""

import subprocess
from pathlib import Path

import pytest
from compilers import require

from xenhostgen.csource.debug_info import Unit, read_unit

C = """
typedef unsigned int u32;
typedef unsigned short port_id_t;
enum kind { near = -1, far, shifted = 1 << 3 };
struct port;
struct ops {
	int (*open)(struct port *port, const u32 flags);
	void (*close)(struct port *port);
};
struct port {
	enum kind kind;
	const struct ops *ops;
	struct { port_id_t ids[4 * 2]; unsigned int flag : 3; };
};
static int do_open(struct port *port, u32 flags) { return 0; }
const struct ops near_ops = { .open = do_open };
__attribute__((weak)) struct port *const first = 0;
void start(void) { }
const struct ops far_ops __attribute__((section("far"))) = { .close = 0 };
int count __attribute__((section("away"))) = 1;
#define PORTS (1 + 1)
enum kind anchor_enum_kind;
struct port anchor_struct_port;
enum { PORTS_is = (PORTS) } anchor_macro_PORTS;
__typeof__(do_open) *anchor_function_do_open = do_open;
__typeof__(near_ops) *anchor_variable_near_ops = (void *)&near_ops;
__typeof__(first) *anchor_variable_first = (void *)&first;
__typeof__(start) *anchor_function_start = start;
__typeof__(far_ops) *anchor_variable_far_ops = (void *)&far_ops;
__typeof__(count) *anchor_variable_count = (void *)&count;
struct ops anchor_struct_ops;
"""


@pytest.fixture(params=["gcc", "clang"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Unit:
    target = tmp_path / "unit.o"
    command = f"{require(request.param)} -g -gdwarf-4 -w -fno-pie -ffunction-sections "
    command += f"-fdata-sections -x c -c - -o {target}"
    subprocess.run(command.split(), input=C.encode(), check=True)
    return read_unit(target)


def test_descriptions(unit: Unit) -> None:
    described = unit.descriptions
    assert described["enum_kind"][:3] == ("near = -1", "far = 0", "shifted = 8")
    assert described["macro_PORTS"][0] == "PORTS_is = 2"
    kind, ops, inner, size = described["struct_port"]
    assert (kind, size) == ("enum kind kind, at byte 0", "40 bytes")
    assert ops == "struct ops const * ops, at byte 8"
    assert "[8] ids, at byte 0; unsigned int flag, 3 bits at bit " in inner
    assert described["function_do_open"] == ("int (struct port *, unsigned int)",)
    assert described["function_start"] == ("void (void)",)
    assert described["variable_near_ops"] == ("struct ops const", ".open = do_open")
    assert described["variable_far_ops"] == ("struct ops const", "in the section far")
    assert described["variable_count"] == ("int",)
    opens, closes, _ = described["struct_ops"]
    assert opens.startswith("int (*)(struct port *, unsigned int) open, at ")
    assert closes.startswith("void (*)(struct port *) close, at ")
    assert described["variable_first"] == ("struct port * const", "weak")


def test_sections(unit: Unit) -> None:
    assert unit.sections["start"] == ".text.start"
    assert unit.references[unit.sections["near_ops"]] == ("do_open",)
