# SPDX-License-Identifier: GPL-2.0-only
"""Where in a kernel file a fragment belongs: told by the file's structure, never guessed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, takewhile

from tree_sitter import Node

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.kernel_tree.c_tree import bare, silent, text_of
from xenhostgen.extensions.kernel_tree.kernel_file import KernelFile
from xenhostgen.render.files import Fragment
from xenhostgen.spec.model import Assign, Boot, Call, KernelStep, Register
from xenhostgen.spec.source import did_you_mean

_ALTERNATIVES = (
    "if another kernel has something else in its place, name that under 'alternatives' in the spec"
)


@dataclass(slots=True)
class Insertion:
    """Lines that go into a file above the line of ``row``, beside their landmark.

    ``upward``: the landmark is that line, not the one above it. ``tight``: the lines join the
    landmark's, as in a list; otherwise blank lines set them apart. ``in_body``: they follow a
    statement.
    """

    text: str
    row: int
    upward: bool = False
    tight: bool = False
    in_body: bool = False

    @property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.removesuffix("\n").split("\n")

    def row_in(self, file: list[str]) -> int | None:
        """The row at which a file has these lines already, None if it hasn't.

        Blank lines may stand between them and the landmark if they are set apart.
        """
        row, count = self.row, len(self.lines)
        if self.upward:
            while not self.tight and row and not file[row - 1].strip():
                row -= 1
            row = max(0, row - count)
        else:
            while not self.tight and row < len(file) and not file[row].strip():
                row += 1
        return row if file[row : row + count] == self.lines else None


def of_fragment(kernel: KernelFile, fragment: Fragment) -> Insertion | None:
    """The insertion that a fragment's place asks for, None once a problem is noted."""
    place, kind, text = fragment.place, fragment.kind, fragment.text
    landmarks = [place.landmark, *place.alternatives]
    upward = place.before is not None
    if kind not in ("include", "object", "predicates", "raw"):
        function = function_of(kernel, landmarks)
        if function is None:
            return None
        row = kernel.above(function) if upward else kernel.below(function)
        return Insertion(text, row, upward)
    lines = dict(enumerate(kernel.lines))
    if kind == "include":
        lines = _includes(kernel)
        landmarks = [f"#include {header}" for header in landmarks]
    elif kind == "object":
        lines = _always_built(kernel.lines)
        list_name = text.rsplit(maxsplit=1)[0]
        landmarks = [f"{list_name} {name}" for name in landmarks]
    landmark = _landmark_row(kernel, lines, landmarks, "before" if upward else "after")
    if landmark is None:
        return None
    return Insertion(text, landmark + (not upward), upward, tight=kind != "predicates")


def _includes(kernel: KernelFile) -> dict[int, str]:
    """The include lines outside every ``#if``, by row, without a comment that ends on the line."""
    always = [node for node, conditional in kernel.nodes if not conditional]
    rows = [node.start_point.row for node in always if node.type == "preproc_include"]
    return {row: re.sub(r"/\*.*?\*/|//.*(?<!\\)$", "", kernel.lines[row]) for row in rows}


def _always_built(lines: list[str]) -> dict[int, str]:
    """The first lines of a Makefile's statements outside every condition, by row."""
    statements = read_makefile("\n".join(lines))
    rows = [statement.line - 1 for statement in statements if not statement.depth]
    return {row: lines[row] for row in rows}


def _landmark_row(
    kernel: KernelFile, lines: dict[int, str], landmarks: list[str], where: str
) -> int | None:
    """The row of the only line that is a landmark, None once a problem is noted."""
    wanted = {_spaced(landmark) for landmark in landmarks}
    spelled = {row: _spaced(line) for row, line in lines.items()}
    rows = [row for row, line in spelled.items() if line in wanted]
    if len(rows) == 1:
        return rows[0]
    expected = _spaced(landmarks[0])
    if rows:
        message = f"'{expected}' stands {len(rows)} times; which one does the spec mean?"
        kernel.wrong("landmark-twice", message, rows[1], "give the place a landmark that is unique")
        return None
    everything = {row: _spaced(line) for row, line in enumerate(kernel.lines)} | spelled
    row = _first_row(everything, wanted)
    stands = "it may not be built where it stands, in a condition or a comment"
    if row is None:
        near = [line for line in everything.values() if expected in line]
        near = near[:1] or get_close_matches(expected, list(spelled.values()), n=1, cutoff=0.5)
        row = _first_row(everything, near)
        row = max(spelled, default=0) if row is None else row
        stands = f"here stands '{kernel.lines[row].strip()}'"
    message = f"expected '{expected}', {where} which the fragment goes; {stands}"
    kernel.wrong("landmark-gone", message, row, _ALTERNATIVES)
    return None


def _spaced(line: str) -> str:
    """A line with its white space made single blanks."""
    return " ".join(line.split())


def _first_row(lines: dict[int, str], wanted: Iterable[str]) -> int | None:
    """The first row with a line that is wanted."""
    return next((row for row, line in lines.items() if line in wanted), None)


def function_of(kernel: KernelFile, names: list[str]) -> Node | None:
    """The only definition of a function, None once a problem is noted."""
    known = kernel.functions
    definitions = list(chain.from_iterable(known.get(name, []) for name in names))
    if not definitions:
        near = get_close_matches(names[0], list(known), n=1)
        row = known[near[0]][0][0].start_point.row if near else 0
        message = f"expected the function {names[0]}(); it isn't defined here"
        otherwise = "has it been renamed, or moved to another file?"
        kernel.wrong("function-gone", message, row, did_you_mean(names[0], list(known), otherwise))
        return None
    node, conditional = definitions[-1]
    if conditional or len(definitions) > 1:
        message = f"{names[0]}() is defined in an #if block, or more than once"
        hint = "name a function that is always built"
        kernel.wrong("function-unclear", message, node.start_point.row, hint)
        return None
    return node


def of_registrations(kernel: KernelFile, boot: Boot, texts: Iterable[str]) -> list[Insertion]:
    """Insertions of the runs of registering steps, whose ``texts`` come in the steps' order.

    The kernel's steps must stand there once, in the spec's order; empty once a problem is noted.
    """
    function = function_of(kernel, [boot.function])
    body = function and function.child_by_field_name("body")
    if not body:
        return []
    statements = [node for node in body.named_children if node.type != "comment"]
    declarations = takewhile(lambda node: node.type == "declaration", statements)
    last = [body.children[0], *declarations][-1]  # the opening brace, or the last declaration
    insertions: list[Insertion] = []
    steps: list[tuple[KernelStep, Node]] = []
    run: Insertion | None = None
    remaining = iter(texts)
    for step in boot.steps:
        if isinstance(step, Register):
            text = next(remaining)
            if run:
                run.text += f"\n{text}"
            else:
                in_body = last.type not in ("{", "declaration")
                run = Insertion(text, kernel.below(last), in_body=in_body)
                insertions.append(run)
            continue
        run = None
        if node := _statement(kernel, step, statements, last, f"{boot.function}()"):
            steps.append((step, node))
            last = node
    if not kernel.problems.found:
        end = max([last.end_point.row + 1, *(insertion.row for insertion in insertions)])
        _judge_others(kernel, steps, [node for node in statements if node.start_point.row < end])
    return [] if kernel.problems.found else insertions


def _judge_others(
    kernel: KernelFile, steps: list[tuple[KernelStep, Node]], inside: list[Node]
) -> None:
    """Note statements that aren't the spec's, but decide what its steps come to.

    They leave early, or undo one.
    """
    done: dict[str, str] = {}  # what a step above has set, and that step
    for node in inside:
        step = next((step for step, other in steps if other == node), None)
        if step:
            sets = (
                (step,) if isinstance(step, Assign) else step.sets if isinstance(step, Call) else ()
            )
            done |= {each.target: step.c for each in sets}
            continue
        c, row = silent(text_of(node)), node.start_point.row
        if re.search(r"\b(?:return|goto)\b", c):
            message = "this may lead past steps of the spec, which doesn't know of it"
            kernel.wrong("step-passed", message, row, "if it should, make a return_if step of it")
        for target, setter in done.items():
            if re.search(rf"(?<![\w.>]){re.escape(target)}\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)", c):
                message = f"this sets {target} again, which the spec has as '{setter}' leaves it"
                kernel.wrong(
                    "step-undone",
                    message,
                    row,
                    "name what it is set to last in the spec's boot steps",
                )


def _statement(
    kernel: KernelFile, step: KernelStep, inside: list[Node], last: Node, function: str
) -> Node | None:
    """The statement after ``last`` that is a step of the spec's, None once a problem is noted."""
    wanted = step.c
    found = [node for node in inside if re.fullmatch(step.pattern, bare(text_of(node)))]
    after = [node for node in inside if node.start_byte >= last.end_byte]
    previous = kernel.lines[last.start_point.row].strip()
    if len(found) == 1 and found[0] in after:
        return found[0]
    if len(found) > 1:
        message = (
            f"'{wanted}' stands {len(found)} times in {function}; which one does the spec mean?"
        )
        kernel.wrong("step-twice", message, found[1].start_point.row, "give the spec another step")
    elif found:
        message = f"'{wanted}' stands before '{previous}' in {function}; the spec has it after that"
        hint = "put the spec's boot steps into the kernel's order"
        kernel.wrong("step-moved", message, found[0].start_point.row, hint)
    else:
        row = after[0].start_point.row if after else last.end_point.row + 1
        stands = kernel.lines[row].strip()
        message = f"expected '{wanted}' after '{previous}' in {function}; here stands '{stands}'"
        block = next((node for node in inside if bare(wanted) in bare(text_of(node))[1:]), None)
        hint = (
            f"it stands within the statement of line {block.start_point.row + 1}"
            if block
            else _ALTERNATIVES
        )
        kernel.wrong("step-gone", message, row, hint)
    return None
