# SPDX-License-Identifier: GPL-2.0-only
"""The key ``kernel`` of a lifted spec: what the tree's headers say of each name, or assumptions."""

import re
from collections.abc import Iterator, Sequence, Set
from typing import Any

from xenhostgen.csource.preprocess import SHIM
from xenhostgen.extensions.kernel_tree.c_tree import without_marks
from xenhostgen.extensions.patches.kernel_headers import KernelHeaders
from xenhostgen.extensions.patches.lift_c import Piece, arguments
from xenhostgen.extensions.patches.lift_header import compact, number
from xenhostgen.extensions.patches.probe import Data, Probing
from xenhostgen.spec import expr
from xenhostgen.spec.c_names import KEYWORDS, RESERVED, STORAGE, declared_name
from xenhostgen.spec.rules.conditions import conditions
from xenhostgen.spec.source import Inside, Nearest, is_slip

_NAME = re.compile(r"(?<![-\w])[A-Za-z_]\w+")
_TYPEDEF = re.compile(r"^typedef .*?(\w+);", re.MULTILINE)
_OPERAND = re.compile(r"\((?:[^()]|\([^()]*\))*\)|-?\w+(?:\(\w+\))?")
_TESTS_MAX = 6  # of bits, each of which doubles the boots
_LANGUAGE = KEYWORDS | RESERVED
_KEYS = "constants typedefs enums structs variables macros functions".split()


class KernelFacts:
    """Collects facts name by name; ``assumed`` are the names of which the headers say nothing."""

    def __init__(self, data: Data, headers: KernelHeaders, called: Sequence[str]) -> None:
        self.data, self.headers, self.called = data, headers, called
        self.facts: dict[str, Data] = {key: {} for key in _KEYS}
        self.assumed: list[str] = []
        self.values: dict[str, int | None] = {}
        boots = [guest["boot"] for guest in data["guests"].values()]
        self.text = f"{boots} {data['predicates']['macros']}"
        """Whatever asks for a variable or member."""
        types = (SHIM / "linux/types.h").read_text("utf-8")
        self.types = _LANGUAGE | {*_TYPEDEF.findall(types)}

    def collect(self) -> Data:
        """All that boot code, adapters and wrappers ask for."""
        tried: dict[str, None] = {}
        while names := dict.fromkeys(name for name in self.unknown() if name not in tried):
            tried |= names
            for name in names:
                self.ask(name)
        for name, c in self.facts["variables"].items():
            if tag := re.search(r"\bstruct (\w+)", c):
                self.members(name, tag[1])
        known = {*_LANGUAGE, *self.facts["macros"], *tried}
        known |= {macro["name"] for macro in self.data["predicates"]["macros"]}
        for op in self.data.get("ops", {}).values():
            for text in _expressions(op):
                for name in dict.fromkeys(_NAME.findall(text)):
                    if name not in known:
                        self.evaluate(name, text, op)
        self.read_called(known)
        for tag in re.findall(r"\bstruct (\w+)", f"{self.facts['functions']} {self.text}"):
            self.facts["structs"].setdefault(tag, {})
        self.tell_apart()
        return compact(**self.facts)

    def read_called(self, known: Set[str]) -> None:
        """List what carried code calls, if headers declare it and not the shim."""
        shim = " ".join(path.read_text("utf-8") for path in SHIM.rglob("*.h") if self.called)
        for name in self.called:
            if name not in known and not re.search(rf"\b{name}\b", shim):
                self.function(name)

    def tell_apart(self) -> None:
        """List functions of tables that would be taken for others misspelt, as both are right."""
        functions, host = self.facts["functions"], Probing(self.data, {}).spec().c.host
        for op in self.data.get("ops", {}).values():
            for entry in op.get("tables", {}).values():
                if isinstance(entry, str) and any(is_slip(entry, known) for known in functions):
                    args = [f"{host} *{op.get('host', 'xh')}", *op.get("args", ())]
                    functions[entry] = {"returns": op.get("returns", "void"), "args": args}

    def evaluate(self, name: str, text: str, op: Data) -> None:
        """Find out what a name stands for that an op's adapter or wrapper evaluates."""
        if f"{name}(" in text:
            if not self.function(name):
                self.assume_function(name, text, op)
        elif name.isupper() and name not in self.facts["constants"]:
            self.ask(name)

    def unknown(self) -> Iterator[str]:
        """The names in conditions and assignments that no fact explains yet."""
        spec = Probing({**self.data, "kernel": compact(**self.facts)}, {}).spec()
        for _, _, place, hint in conditions(spec):
            if isinstance(place, Inside) and isinstance(hint, Nearest):
                yield from {hint.word} - _LANGUAGE

    def ask(self, name: str) -> None:
        """Find out what a name stands for, a macro's with brackets, or assume it."""
        if name.endswith("()"):
            self.macro(name)
        elif not (self.variable(name) or self.constant(name)):
            self.assume(name)

    def body(self, macro: str) -> str:
        """What stands for a macro, with brackets or without; empty if there is none."""
        piece = self.headers.find(macro.removesuffix("()"), "macro")
        return piece.code.partition(f"define {macro}")[2].strip() if piece else ""

    def macro(self, name: str) -> None:
        """What a macro expands to, or, if no boot condition can ask that, both answers."""
        body: Any = self.body(name)
        try:
            expr.parse(body)
            self.text += body
        except expr.ExpressionError:
            body = {"expands": "0", "placeholder": True}
            self.assumed.append(name)
        self.facts["macros"][name.removesuffix("()")] = body

    def constant(self, name: str) -> bool:
        """An enumerator, or a macro that is a number; False if it is neither."""
        value = self.value(name)
        if value is not None and not self.enum(name):
            self.facts["constants"][name] = value
        return value is not None

    def value(self, name: str) -> int | None:
        """The value of a macro or enumerator; None if it has none."""
        if name not in self.values:
            self.values[name] = None  # of a macro that names itself
            body = self.body(name)
            # What stands beside others changes with them where it has no brackets.
            value = number(body, self.value) if _OPERAND.fullmatch(body) else None
            _, enumerators = self.enumerators(name)
            self.values[name] = enumerators.get(name) if value is None else value
        return self.values[name]

    def enumerators(self, name: str) -> tuple[str, dict[str, int]]:
        """The tag of the enum that has this tag or enumerator, and its values; none if unknown."""
        enum = self.headers.find(name, "enum")
        values: dict[str, int] = {}
        following = 0
        for row in enum.inner if enum else ():
            enumerator, _, c = (part.strip() for part in row.code.rstrip(", ").partition("="))
            value = number(c, lambda name: values.get(name, self.value(name))) if c else following
            if value is None:
                return "", {}
            values[enumerator], following = value, value + 1
        return enum.name if enum else "", values

    def enum(self, name: str) -> bool:
        """An enum by its tag or an enumerator, if these count from 0; False for others."""
        tag, values = self.enumerators(name)
        counted = bool(tag) and [*values.values()] == [*range(len(values))]
        if counted:
            self.facts["enums"][tag] = [*values]
        return counted

    def type_of(self, piece: Piece | None, name: str) -> str:
        """The type that a declaration gives to a name, an integer for enums that have values."""
        c = _type_of(piece, name)
        for tag in re.findall(r"\benum (\w+)", c):
            if not self.enum(tag) and (values := self.enumerators(tag)[1].values()):
                c = c.replace(f"enum {tag}", "int" if min(values) < 0 else "unsigned int")
        return c

    def variable(self, name: str) -> bool:
        """A variable whose type can be said; False if there is none."""
        c = self.type_of(self.headers.find(name, "variable"), name)
        if is_known := self.is_known(c):
            self.facts["variables"][name] = c
        return is_known

    def is_known(self, c: str) -> bool:
        """Whether a C type can be said; what it is made of is noted."""
        names = {*re.findall(r"\w+", c)} - self.types
        for kind, tag in re.findall(r"\b(struct|enum) (\w+)", c):
            names.discard(tag)
            if kind == "struct":
                self.facts["structs"].setdefault(tag, {})
            elif not self.enum(tag):
                return False
        for name in names:
            meaning = _type_of(self.headers.find(name, "typedef"), name)
            if not meaning or {*re.findall(r"\w+", meaning)} - self.types:
                return False
            self.facts["typedefs"][name] = meaning
        return bool(c)

    def members(self, name: str, tag: str) -> None:
        """Note what is asked for of a variable that is a structure, or points to one."""
        struct = self.headers.find(tag, "struct")
        declared = {inner.name: inner for inner in struct.inner} if struct else {}
        for member in re.findall(rf"(?<![\w.>]){name}(?:->|\.)(\w+)", self.text):
            known = self.type_of(declared.get(member), member)
            self.facts["structs"][tag][member] = known if self.is_known(known) else "unsigned long"

    def function(self, name: str) -> bool:
        """A function whose types can be said; False if there is none."""
        piece = self.headers.find(name, "prototype", "function")
        returns = _type_of(piece, name)
        params = piece.head.partition("(")[2].rpartition(")")[0] if piece else ""
        args = list(arguments(params))
        types = [arg.removesuffix(declared_name(arg)) for arg in args]
        is_known = all(map(self.is_known, [returns, *types]))
        if is_known:
            self.facts["functions"][name] = {"returns": returns, **compact(args=args)}
        return is_known

    def inputs(self) -> dict[str, Data]:
        """What each guest's boot code may find behind pointers, and in bits that it tests."""
        variables = self.facts["variables"]
        tests = re.findall(r"(\w+(?:(?:->|\.)\w+)?) & ([A-Z]\w*)", self.text)
        inputs: dict[str, Data] = {}
        for guest, guest_data in self.data["guests"].items():
            text = str(guest_data["boot"])
            values: Data = {}
            for name in (name for name, c in variables.items() if c.endswith("*")):
                if re.search(rf"\b{name}->", text):
                    is_checked = re.search(rf"!{name}\b(?!->)", text) is not None
                    values[name] = ["object", *["NULL"] * is_checked]
            sources: dict[str, str] = {}
            for step in guest_data["boot"].get("steps", ()):
                for target, value in step.get("assign", {}).items():
                    sources[target] = value["value"] if isinstance(value, dict) else value
            for place, constant in [*dict.fromkeys(tests)][:_TESTS_MAX]:
                source = sources.get(place, place)
                match = re.fullmatch(r"(\w+)((?:->|\.)\w+)?", source)
                is_there = match and match[1] in (values if "->" in source else variables)
                if is_there and constant not in values.get(source, ()):
                    values[source] = [*values.get(source, ["0"]), constant]
            inputs |= compact(**{guest: values})
        return inputs

    def assume(self, name: str) -> None:
        """Assume what a name is by its form, and by what is asked of it."""
        self.assumed.append(name)
        access = re.search(rf"(?<![\w.>]){name}(->|\.)", self.text)
        if name.isupper():
            self.facts["constants"][name] = len(self.facts["constants"]) + 1
        elif access:
            self.facts["structs"][f"{name}_facts"] = {}
            pointer = " *" if access[1] == "->" else ""
            self.facts["variables"][name] = f"struct {name}_facts{pointer}"
        else:
            self.facts["variables"][name] = "unsigned long"

    def assume_function(self, name: str, text: str, op: Data) -> None:
        """Assume that a function has the types of the op whose parameters it is called with."""
        params = {declared_name(param): param for param in op.get("args", ())}
        passed = [word for word in text[len(name) + 1 : -1].split(", ") if word]
        if text.startswith(f"{name}(") and params.keys() >= {*passed}:
            self.assumed.append(f"{name}()")
            returns, args = op.get("returns", "void"), [params[word] for word in passed]
            self.facts["functions"][name] = {"returns": returns, **compact(args=args)}


def _type_of(piece: Piece | None, name: str) -> str:
    """The type that a declaration gives to a name; empty if it gives none."""
    code = without_marks(piece.code.encode()).decode() if piece else ""
    c = " ".join(word for word in code.split() if word not in STORAGE)
    match = re.match(rf"(.*?) ?\b{name} *(?:[;=(]|$)", c)
    return match[1] if match else ""


def _expressions(op: Data) -> list[str]:
    """What adapters and the wrapper of an op evaluate."""
    entries = (entry for entry in op.get("tables", {}).values() if isinstance(entry, dict))
    texts = [entry["body"] for entry in entries]
    return [text for text in (*texts, op.get("fallback"), op.get("no_host")) if text]
