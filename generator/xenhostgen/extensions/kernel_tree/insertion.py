# SPDX-License-Identifier: GPL-2.0-only
"""Where in a kernel file a fragment belongs: told by the file's structure, never guessed.

Each function raises ``Refused`` where the file isn't as the spec has it; the problem is noted in
the file.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby, takewhile
from typing import NamedTuple

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.kernel_tree.c_tree import Node, bare, silent, text_of, words
from xenhostgen.extensions.kernel_tree.kernel_file import ALTERNATIVES, KernelFile
from xenhostgen.extensions.kernel_tree.own_names import setting, targets
from xenhostgen.render.files import Fragment
from xenhostgen.spec.model import Boot, KernelStep, OwnStep
from xenhostgen.spec.source import Refused

_COMMENT = re.compile(r"/\*.*?(\*/|$)|//.*")


class Insertion(NamedTuple):
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
        row = self.row - self.upward
        while not self.tight and 0 <= row < len(file) and not file[row].strip():
            row += -1 if self.upward else 1
        if self.upward:
            row = max(0, row + 1 - len(self.lines))
        return row if file[row : row + len(self.lines)] == self.lines else None


def of_fragment(kernel: KernelFile, fragment: Fragment) -> Insertion:
    """The insertion that a fragment's place asks for."""
    place, kind, text = fragment.place, fragment.kind, fragment.text
    landmarks: list[str] = [place.landmark, *place.alternatives]
    upward = place.before is not None
    if kind not in ("include", "object", "predicates"):
        function = kernel.function(landmarks)
        row = kernel.above(function) if upward else kernel.below(function)
        return Insertion(text, row, upward)
    lines = dict(enumerate(kernel.lines))
    if kind == "include":
        lines = _includes(kernel)
        landmarks = [f"#include {header}" for header in landmarks]
    elif kind == "object":
        lists = dict.fromkeys(("obj-y", text.split()[0]))
        landmarks = [f"{name} += {landmark}" for landmark in landmarks for name in lists]
        lines = _objects(kernel, landmarks)
    row = kernel.landmark(lines, landmarks, "before" if upward else "after")
    return Insertion(text, row + (not upward), upward, tight=kind != "predicates")


def _objects(kernel: KernelFile, landmarks: Sequence[str]) -> dict[int, str]:
    """The lines of a Makefile outside every condition, by row; a landmark for that in a list."""
    lines: dict[int, str] = {}
    for statement in read_makefile("\n".join(kernel.lines)):
        row = statement.line - 1
        if not statement.depth:
            lines[row] = kernel.lines[row]
            objects = [f"{statement.variable} += {name}" for name in statement.words]
            if statement.operator == "+=" and not lines[row].endswith("\\"):
                lines[row] = next((name for name in objects if name in landmarks), lines[row])
    return lines


def _includes(kernel: KernelFile) -> dict[int, str]:
    """The include lines outside every ``#if``, by row, without a comment that ends on the line."""
    always = [node for node, conditional in kernel.nodes if not conditional]
    rows = [node.start_point.row for node in always if node.type == "preproc_include"]
    return {row: _COMMENT.sub(_unless_closed, kernel.lines[row]) for row in rows}


def _unless_closed(comment: re.Match[str]) -> str:
    """A comment that goes on in the next line; empty for others."""
    text = comment[0]
    return "" if comment[1] or (text.startswith("//") and not text.endswith("\\")) else text


def of_own_steps(
    kernel: KernelFile, boot: Boot, cursor: str, texts: Iterable[str], gap: str
) -> list[Insertion]:
    """Insertions of the runs of our steps, whose ``texts`` come in their order, a ``gap`` between.

    With the declaration of the ``cursor``, if it isn't empty, below the others. The kernel's steps
    must stand there once, in the spec's order.
    """
    body = kernel.function([boot.function]).child_by_field_name("body")
    assert body
    statements = [node for node in body.named_children if node.type != "comment"]
    declarations = takewhile(lambda node: node.type == "declaration", statements)
    known = [node for node in declarations if bare(text_of(node)) != bare(cursor)]
    last = [body.children[0], *known][-1]  # the opening brace, or the last declaration
    insertions: list[Insertion] = []
    steps: dict[int, KernelStep] = {}
    end = last.end_point.row + 1
    if cursor:
        insertions.append(Insertion(cursor, end, tight=bool(known)))
    remaining = iter(texts)
    for is_ours, group in groupby(boot.steps, lambda step: isinstance(step, OwnStep)):
        if is_ours:
            text = gap.join(next(remaining) for _ in group)
            with suppress(Refused):
                end = kernel.below(last)
                in_body = last.type not in ("{", "declaration")
                if cursor and not in_body:
                    text = f"{insertions.pop().text}\n{text}"
                insertions.append(Insertion(text, end, tight=not gap, in_body=in_body))
            continue
        for step in group:
            assert not isinstance(step, OwnStep)
            with suppress(Refused):
                last = _statement(kernel, step, statements, last, f"{boot.function}()")
                steps[id(last)] = step
                end = last.end_point.row + 1
    if not kernel.problems.noted:
        _judge_others(kernel, steps, [node for node in statements if node.start_point.row < end])
    return insertions


def _judge_others(kernel: KernelFile, steps: dict[int, KernelStep], inside: list[Node]) -> None:
    """Note statements that aren't the spec's, but decide what its steps come to.

    They leave early, or undo one.
    """
    setters: dict[str, str] = {}  # by what a step above has set
    for node in inside:
        if step := steps.get(id(node)):
            setters |= dict.fromkeys(targets([step]), step.c)
            continue
        c, row = silent(text_of(node)), node.start_point.row
        if words(c) & {"return", "goto"}:
            message = "this may bypass steps of the spec, and isn't one of them"
            hint = "if that is intended, make it a return_if step"
            kernel.note("step-passed", message, row, hint)
        for target, setter in setters.items():
            if setting([target]).search(c):
                message = f"this sets {target} again, which the spec has as '{setter}' leaves it"
                hint = "name what it is set to last in the spec's boot steps"
                kernel.note("step-undone", message, row, hint)


def _statement(
    kernel: KernelFile, step: KernelStep, inside: list[Node], last: Node, function: str
) -> Node:
    """The statement after ``last`` that is a step of the spec's."""
    matches = [node for node in inside if re.fullmatch(step.pattern, bare(text_of(node)))]
    if len(matches) > 1:
        message = f"'{step.c}' stands {len(matches)} times in {function}"
        message += "; which one does the spec mean?"
        row = matches[1].start_point.row
        kernel.refuse("step-twice", message, row, "give the spec another step")
    after = [node for node in inside if node.start_byte >= last.end_byte]
    if not matches or matches[0] not in after:
        row = [*matches, *after, last][0].start_point.row
        previous, stands = (kernel.lines[at].strip() for at in (last.start_point.row, row))
        message = f"expected '{step.c}' after '{previous}' in {function}; here stands '{stands}'"
        hint = "put the spec's boot steps into the kernel's order" if matches else ALTERNATIVES
        blocks = [node for node in inside if bare(step.c) in bare(text_of(node))[1:]]
        if blocks:
            hint = f"it stands within the statement of line {blocks[0].start_point.row + 1}"
        kernel.refuse("step-gone", message, row, hint)
    return matches[0]
