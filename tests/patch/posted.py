# SPDX-License-Identifier: GPL-2.0-only
"""Patches made with git from our own rendering, whole or broken in one spot."""

import re
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from xenhostgen.api import Rendering, load
from xenhostgen.extensions.patches.fingerprint import PatchPrint, fingerprint
from xenhostgen.extensions.patches.messages import read_messages
from xenhostgen.render.files import Renderer

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "specs" / "rfc-v1.yaml"
HEADER, SOURCE = "include/xen/xenhost.h", "arch/x86/xen/xenhost.c"
PV, PVH, HVM = (f"arch/x86/xen/enlighten_{guest}.c" for guest in ("pv", "pvh", "hvm"))

Tree = dict[str, str]


@cache
def renderer() -> Renderer:
    # Without the banner, as a kernel patch has none.
    return Renderer(load(SPEC).with_(banner=False))


@cache
def rendering() -> Rendering:
    return renderer().everything()


def without_fragments(path: str, text: str) -> str:
    for fragment in rendering().fragments:
        if fragment.file == path:
            assert fragment.text in text
            text = text.replace(fragment.text, "", 1)
    return text


def kernel() -> tuple[Tree, Tree]:
    """A tree of the skeletons, before and after, with the functions beside which tables stand."""
    after = {}
    for path, rendered in rendering().files.items():
        text = re.sub(r"/\* before \w+\(\) \*/\n", "", rendered)
        after[path] = re.sub(
            r"/\* after (\w+)\(\) \*/", r"static void __init \1(void)\n{\n\trtc = 1;\n}\n", text
        )
    modified = [path for path in after if path not in rendering().whole()]
    return {path: without_fragments(path, after[path]) for path in modified}, after


def git(folder: Path, *arguments: str) -> bytes:
    identity = (
        "-c",
        "user.name=Wanda",
        "-c",
        "user.email=wanda@example.org",
        "-c",
        "core.autocrlf=false",
    )
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True
    ).stdout


def commit(folder: Path, tree: Tree, subject: str) -> None:
    for name, content in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", subject)


def posted(
    folder: Path, *trees: Tree, form: tuple[str, ...] = ("format-patch", "--stdout", "--root")
) -> bytes:
    """What git says of the change from each tree to the next."""
    git(folder, "init", "-q")
    for number, tree in enumerate(trees):
        commit(folder, tree, f"widget: change {number}")
    return git(folder, *form, f"HEAD~{len(trees) - 1}..HEAD")


def facts(data: bytes) -> list[PatchPrint]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.patch")
        path.write_bytes(data)
        return [fingerprint(message) for message in read_messages([path])]


def swapped(text: str, first: str, other: str) -> str:
    assert first in text and other in text
    return text.replace(first, "\0").replace(other, first).replace("\0", other)


BREAKS: dict[str, tuple[str, Callable[[str], str], str, str]] = {
    "enumerators swapped": (
        HEADER,
        lambda text: re.sub(
            r"\txenhost_r1,(.*?)\txenhost_r2,",
            r"\txenhost_r2,\1\txenhost_r1,",
            text,
            flags=re.DOTALL,
        ),
        "code",
        "missing 'xenhost_r2 ,'",
    ),
    "enumerator's value": (
        HEADER,
        lambda text: text.replace("xenhost_invalid = 0", "xenhost_invalid = 1"),
        "code",
        "'xenhost_invalid = 0 ,' instead of 'xenhost_invalid = 1 ,'",
    ),
    "export dropped": (
        SOURCE,
        lambda text: text.replace("EXPORT_SYMBOL_GPL(xenhosts);\n", ""),
        "code",
        "extra 'EXPORT_SYMBOL_GPL ( xenhosts ) ;'",
    ),
    "export added": (
        SOURCE,
        lambda text: text + "EXPORT_SYMBOL_GPL(xenhost_register);\n",
        "code",
        "missing 'EXPORT_SYMBOL_GPL ( xenhost_register ) ;'",
    ),
    "includes reordered": (
        SOURCE,
        lambda text: swapped(text, "<linux/types.h>", "<linux/bug.h>"),
        "code",
        "extra '# include <linux/bug.h>'",
    ),
    "registration moved": (
        PV,
        lambda text: re.sub(
            r"(\txenhost_register\(xenhost_r1.*?)(\txen_domain_type = \w+;\n)",
            r"\2\1",
            text,
            flags=re.DOTALL,
        ),
        "place",
        "goes in xen_start_kernel() after 'if (!xen_start_info) return;' (",
    ),
    "registration in another function": (
        HVM,
        lambda text: text.replace("xen_hvm_guest_init", "another"),
        "place",
        "the patch has it in another(), after 'return;'",
    ),
    "tables after another function": (
        HVM,
        lambda text: text.replace("xen_hvm_init_mem_mapping", "another"),
        "place",
        "goes after xen_hvm_init_mem_mapping() (",
    ),
    "include moved": (
        PV,
        lambda text: text.replace("#include <xen/xenhost.h>\n", "").replace(
            "#include <xen/events.h>\n", "#include <xen/xenhost.h>\n#include <xen/events.h>\n"
        ),
        "place",
        "'# include <xen/xenhost.h>' goes after '#include <xen/events.h>' (",
    ),
    "declaration after the function's heading": (
        PVH,
        lambda text: re.sub(
            r"(extern xenhost_ops_t [^;]*;\n)(.*?\{\n)", r"\2\1", text, flags=re.DOTALL
        ),
        "place",
        "goes before xen_pvh_init()",
    ),
    "declaration above a prototype": (
        PVH,
        lambda text: re.sub(
            r"(extern xenhost_ops_t [^;]*;\n)", r"\1void xen_pvh_init(void);\n", text
        ),
        "place",
        "goes before xen_pvh_init()",
    ),
    "tables within the function": (
        HVM,
        lambda text: re.sub(
            r"\}\n\n(xenhost_ops_t xh_hvm_ops.*?nested_ops = \{\n\};\n)",
            r"\1}\n",
            text,
            flags=re.DOTALL,
        ),
        "place",
        "goes after xen_hvm_init_mem_mapping()",
    ),
    "predicate changed": (
        "include/xen/xen.h",
        lambda text: text.replace("#define xen_nested()\t0", "#define xen_nested()\t1"),
        "code",
        "'# define xen_nested ( ) 0' instead of '# define xen_nested ( ) 1'",
    ),
    "predicates moved": (
        "include/xen/xen.h",
        lambda text: re.sub(
            r"(#define xen_driver.*?\n#define xen_nested.*?\n)(.*)", r"\2\1", text, flags=re.DOTALL
        ),
        "place",
        "goes after '#endif /* CONFIG_XEN_DOM0 */'",
    ),
    "other object": (
        "arch/x86/xen/Makefile",
        lambda text: text.replace("+= xenhost.o", ":= xenhost.o"),
        "code",
        "'obj-y += xenhost.o' instead of 'obj-y := xenhost.o'",
    ),
    "object above its neighbour": (
        "arch/x86/xen/Makefile",
        lambda text: swapped(text, "suspend.o", "xenhost.o"),
        "place",
        "'obj-y += xenhost.o' goes after 'obj-y += suspend.o'",
    ),
    "a line removed": (
        PV,
        lambda text: text.replace("\trtc = 1;\n", ""),
        "code",
        "the patch removes lines (1)",
    ),
    "a comment": (
        SOURCE,
        lambda text: text.replace("A remote host comes second", "A remote host is second"),
        "comments",
        "1 of 5 comments worded differently",
    ),
    "white space": (
        SOURCE,
        lambda text: text.replace("\tdefault:", "    default:"),
        "bytes",
        "white space differs",
    ),
}
