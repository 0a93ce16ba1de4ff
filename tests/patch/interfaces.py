# SPDX-License-Identifier: GPL-2.0-only
"""Made-up interfaces, and the kernel trees and patches that bring them in."""

import subprocess
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from xenhostgen.api import Interface, Rendering
from xenhostgen.render.files import Fragment
from xenhostgen.spec.model import Assign, Call, Guest, OwnStep, ReturnIf, Step

Data = dict[str, Any]

_IDENTITY = (
    "-c",
    "user.name=Wanda",
    "-c",
    "user.email=wanda@example.org",
    "-c",
    "core.autocrlf=false",
)
WORDS = "port link lane node hub bus gate ring pipe cell bank farm".split()
# What is odd to YAML, to C, to a mail or to a diff.
_ODD = [
    "plain words",
    "it's 50% of #9: {a, [b]} & more",
    'say "hi" \\n, `x`',
    "  two blanks first",
    "\ta tab first\tand inside",
    "naïve «Ünïcode» ☃",
    "- a dash, * a star",
    "* star",
    "--- a/x",
    "From here on",
    "diff --git a/x b/x",
    "@@ -1 +1 @@",
    "yes",
    "null",
    "0x10",
    "key: value",
    "| block",
    "> folded",
    "Return: nothing",
]
_LINE = st.sampled_from(_ODD)
_ONE = st.sampled_from([line for line in _ODD if not line.startswith((" ", "\t"))])
DOCS = st.builds(
    lambda lines: "\n".join(lines) + "\n", st.lists(_LINE | st.just(""), min_size=2, max_size=5)
)
DOCS = DOCS.map(lambda text: text.strip("\n") + "\n" if "\n" in text.strip("\n") else "alone")
_C_TYPES = st.sampled_from(["int", "u64", "struct page *", "const char *", "unsigned long"])
_ARGS = st.sampled_from(
    ["int cpu", "struct page **pages", "const char *name", "unsigned int nr_of_some_thing"]
)
_FIELDS = [
    {"c": "void *private"},
    {"c": "u8 features[16 * 32]"},
    {"c": "int (*probe)(int cpu, void *data)"},
    {"struct": ["struct page *page", "unsigned long pfn"]},
    {"struct": ["int **map", "const struct some_ops *hooks"]},
]
WRAPPERS: dict[str, list[Data]] = {
    "void": [{}, {"wrapper": "none"}, {"wrapper": "guarded"}, {"no_host": "fall_back()"}],
    "value": [
        {},
        {"wrapper": "none"},
        {"no_host": "-EINVAL"},
        {"wrapper": "guarded", "wrapper_returns": "void"},
    ],
}
KERNELS_WRAPPERS: dict[str, list[Data]] = {
    "void": [
        {},
        {"wrapper": "none"},
        {"wrapper": "guarded"},
        {"wrapper": "optional"},
        {"fallback": "fall_back()"},
    ],
    "value": [{}, {"wrapper": "none"}, {"no_host": "NULL"}, {"fallback": "0"}],
}


@st.composite
def interfaces(draw: st.DrawFn, templates: str) -> Data:
    """A spec as data."""
    plain = templates == "kernel"
    prefix = draw(st.sampled_from(["widget", "far_port", "x9"]))
    doc = st.just("") | DOCS
    short = _ONE if plain else doc
    names = draw(st.permutations(WORDS))
    count = draw(st.integers(1, 4))
    accepts = [
        [f"t{slot}{index}" for index in range(draw(st.integers(1, 2)))] for slot in range(count)
    ]
    slots: list[Data] = []
    for row in range(count):
        slot: Data = {"name": names[row], "pointer": f"xp_{names[row]}", "accepts": accepts[row]}
        if row and draw(st.booleans()):
            slot |= {"requires": names[draw(st.integers(0, row - 1))]}
            slot |= {} if plain else _with(requires_doc=draw(doc))
        slots.append(slot)
    types = [_with(name="none", value=0, doc=draw(short))]
    types += [
        _with(name=name, doc=draw(short))
        for name in draw(st.permutations([name for names in accepts for name in names]))
    ]
    guests: Data = {}
    tables: list[str] = []
    for name in names[4 : 4 + draw(st.integers(1, 4))]:
        roles = ["near", "far"][: draw(st.integers(1, 2))]
        tables += [f"{name}.{role}" for role in roles]
        guests[name] = _guest(draw, prefix, name, roles=roles, slots=slots, doc=doc)
    used = KERNELS_WRAPPERS if plain else WRAPPERS
    empty_slots = plain and draw(st.booleans())
    ops: Data = {}
    for row in range(draw(st.integers(0, 4))):
        op = f"op_{names[row]}" + "_with_a_long_name" * draw(st.integers(0, 1))
        returns = draw(st.just("void") | _C_TYPES)
        entries = {
            table: draw(st.sampled_from(["NULL", f"do_{op}_{table[:3]}"]))
            for table in tables
            if draw(st.booleans())
        }
        if empty_slots:
            nothing = {"int": "-ENODEV", "void": ""}.get(returns, "0")
            entries["none"] = {"function": f"no_{op}", "body": nothing}
            shares = [table for table in entries if draw(st.booleans())]
            entries |= dict.fromkeys(shares, entries["none"])
        ops[op] = {
            **_with(
                returns=returns,
                args=draw(st.lists(_ARGS, unique=True, max_size=3)),
                host=draw(st.sampled_from(["", "port"])),
            ),
            **draw(st.sampled_from(used["void" if returns == "void" else "value"])),
            **_with(tables=entries, doc=draw(short)),
        }
    for guest in guests.values():
        guest["boot"]["steps"] += draw(_further_steps(ops, doc))
    fields = draw(st.lists(st.sampled_from(_FIELDS), unique_by=str, max_size=3))
    data = _with(
        interface=prefix,
        templates=templates,
        names=draw(
            st.sampled_from([{}, {"unregister": f"__{prefix}_drop", "array": "all_of_them"}])
        ),
        spdx=draw(st.sampled_from(["", "GPL-2.0-only"])),
        header=_with(
            file=f"include/some/{prefix}.h",
            guard=f"__{prefix.upper()}_GUARD",
            doc=draw(doc),
            includes=["<linux/types.h>", "<linux/init.h>"]
            if plain
            else draw(st.sampled_from([[], ["<linux/types.h>"]])),
            declares=draw(st.sampled_from([[], ["struct page"]])),
        ),
        source=_with(
            file=f"lib/some/{prefix}.c",
            includes=["<linux/bug.h>", f"<some/{prefix}.h>"],
            doc="" if plain else draw(doc),
        ),
        object={
            "file": "lib/some/Makefile",
            "place": draw(st.sampled_from([{"after": "left.o"}, {"before": "right.o"}])),
        },
        types=_with(doc=draw(short), values=types),
        fields=fields if plain else [{**field, **_with(doc=draw(doc))} for field in fields],
        ops=ops,
        guests=guests,
        kinds={name: [name] for name in guests},
    )
    array = data.get("names", {}).get("array", f"{prefix}s")
    exports = [array] if plain else [slot["pointer"] for slot in slots]
    data["registry"] = {
        "slots": slots,
        "exports": [_with(symbols=exports, doc="" if plain else draw(doc))],
        "storage": draw(st.sampled_from(["bss", "read_mostly"])),
        **{key: draw(doc) for key in ("doc", "register_doc", "unregister_doc", "iterator_doc")},
    }
    data["predicates"] = {
        "file": "include/some/state.h",
        "place": {"after": "#endif /* CONFIG_SOME */"},
        "macros": [
            {"name": "some_nested", "expands": "0", "placeholder": True},
            {"name": "some_driver", "expands": "some_state != 2"},
        ],
    }
    data["kernel"] = {"variables": {"some_state": "int", "some_flags": "unsigned long"}}
    data["banner"] = False
    layouts = {"initialisers": "plain"} | ({"adapters": "beside"} if plain else {})
    data["layout"] = {key: layouts[key] for key in layouts if draw(st.booleans())}
    if plain:
        data["registry"]["misuse"] = dict(
            zip(
                ["type", "occupied", "requires", "ops", "absent", "required"],
                ["-EINVAL", "-EBUSY", "-ENODEV", "-EFAULT", "-ENOENT", "-EPERM"],
                strict=True,
            )
        )
    else:
        data["typedefs"] = True
    return data


@st.composite
def _further_steps(draw: st.DrawFn, ops: Data, doc: st.SearchStrategy[str]) -> list[Data]:
    """Boot steps below the registrations: ops of each host, and a host that goes."""
    called = [name for name, op in ops.items() if op.get("wrapper") != "none"]
    steps: list[Data] = []
    for name in draw(st.lists(st.sampled_from(called), unique=True)) if called else ():
        args = ["some_flags" for _ in ops[name].get("args", ())]
        steps.append({"each": _with(op=name, args=args, doc=draw(doc))})
    if draw(st.booleans()):
        when = draw(st.sampled_from(["", "some_flags == 9"]))
        steps.append({"unregister": _with(type="t00", when=when, doc=draw(doc))})
    return steps


def _guest(
    draw: st.DrawFn,
    prefix: str,
    name: str,
    *,
    roles: list[str],
    slots: list[Data],
    doc: st.SearchStrategy[str],
) -> Data:
    steps: list[Data] = []
    if draw(st.booleans()):
        steps.append({"return_if": draw(st.sampled_from(["!some_state", "some_nested()"]))})
    taken: list[str] = []
    for role in roles:
        free = [
            slot
            for slot in slots
            if slot["name"] not in taken and slot.get("requires") in (None, *taken)
        ]
        slot = draw(st.sampled_from(free)) if free else slots[0]
        conditions = [f"some_flags == {len(steps)}", f"some_nested() && some_flags != {len(steps)}"]
        condition = draw(
            st.sampled_from([*conditions, *["", "!some_nested()"] * (len(roles) == 1)])
        )
        taken.append(slot["name"])
        steps.append(
            {
                "register": _with(
                    type=draw(st.sampled_from(slot["accepts"])),
                    table=role,
                    when=condition,
                    doc=draw(doc),
                )
            }
        )
        if draw(st.booleans()):
            steps.append(
                draw(
                    st.sampled_from(
                        [{"assign": {"some_flags": "some_state"}}, {"call": f"{name}_go_on"}]
                    )
                )
            )
    place = draw(st.sampled_from([{"after": "<linux/init.h>"}, {"before": "<some/state.h>"}]))
    return {
        "file": f"arch/some/setup_{name}.c",
        "context": ["<linux/init.h>", "<some/state.h>"],
        "include": {"line": f"<some/{prefix}.h>", "place": place},
        "tables": {role: f"{name}_{role}_ops" for role in roles},
        "place": {"after": f"{name}_prepare"},
        "boot": {"function": f"{name}_start", "steps": steps},
    }


def _with(**values: Any) -> Data:
    return {
        key: value for key, value in values.items() if value not in ("", [], {}) or value is False
    }


def trees(spec: Interface, rendering: Rendering) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a kernel before and after the interface comes in."""
    by_file: dict[str, list[Fragment]] = {}
    for fragment in rendering.fragments:
        by_file.setdefault(fragment.file, []).append(fragment)
    before = {
        spec.object.file: "obj-y\t\t\t\t+= left.o\nobj-y\t\t\t\t+= right.o\n",
        spec.predicates.file: "#ifdef CONFIG_SOME\nextern int some_state;\n"
        "#endif /* CONFIG_SOME */\n\nstruct page;\n",
    }
    after = {}
    place, text = spec.object.place, by_file[spec.object.file][0].text
    mark = before[spec.object.file].index("obj-y\t\t\t\t+= right.o")
    after[spec.object.file] = (
        before[spec.object.file][:mark] + text + before[spec.object.file][mark:]
    )
    assert place.landmark in ("left.o", "right.o")
    text = by_file[spec.predicates.file][0].text
    after[spec.predicates.file] = before[spec.predicates.file].replace(
        "\nstruct", f"\n{text}\nstruct"
    )
    for guest in spec.guests:
        texts = [fragment for fragment in by_file[guest.file] if fragment.guest == guest.name]
        before[guest.file] = _guest_file(guest, [])
        after[guest.file] = _guest_file(guest, texts)
    return before, after | rendering.whole()


def _guest_file(guest: Guest, fragments: list[Fragment]) -> str:
    texts: dict[str, list[str]] = {}
    for fragment in fragments:
        texts.setdefault(fragment.kind, []).append(fragment.text)
    lines = [f"#include {header}\n" for header in guest.context]
    lines[1:1] = texts.get("include", [])
    lines += [
        "\n",
        f"static void {guest.name}_prepare(void)\n",
        "{\n",
        "\tset_up_some();\n",
        "}\n",
        "\n",
    ]
    lines += [f"{text}\n" for text in texts.get("tables", [])]
    lines += [
        f"/* Called by the {guest.name}. */\n",
        f"{guest.boot.head}\n",
        "{\n",
        "\tu64 some;\n",
        *texts.get("cursor", []),
        "\n",
    ]
    own = iter(texts.get("step", []))
    for step in guest.boot.steps:
        lines += (
            next(own, "") + "\n" * bool(fragments)
            if isinstance(step, OwnStep)
            else _step(step) + "\n"
        )
    return "".join([*lines, "\tfinish_some(&some);\n", "}\n"])


def _step(step: Step) -> str:
    match step:
        case ReturnIf(condition=condition):
            return f"\tif ({condition})\n\t\treturn;\n"
        case Assign(target=target, value=value):
            return f"\t{target} = {value};\n"
        case Call(function=function):
            return f"\t{function}();\n"
    raise AssertionError(step)


def git(folder: Path, *arguments: str) -> bytes:
    """What a git command prints."""
    return subprocess.run(
        ["git", *_IDENTITY, *arguments], cwd=folder, check=True, capture_output=True
    ).stdout


def patch_between(folder: Path, before: dict[str, str], after: dict[str, str]) -> bytes:
    """The mail that ``git format-patch`` writes for a change of a tree."""
    git(folder, "init", "-q")
    for tree in (before, after):
        for name, text in tree.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "some: bring it in\n\nFor the sake of it.")
    return git(folder, "format-patch", "-1", "--stdout")
