# SPDX-License-Identifier: GPL-2.0-only
"""Where in a kernel file a fragment belongs, told by the file's structure and never guessed."""

import re
from difflib import get_close_matches
from itertools import takewhile
from typing import NamedTuple

from tree_sitter import Node

from xenhostgen.csource.makefile import read_makefile
from xenhostgen.extensions.kernel_tree.reduction import bare, silent, text_of
from xenhostgen.extensions.kernel_tree.source import KernelFile
from xenhostgen.render.files import Fragment
from xenhostgen.spec.model import Assign, Boot, Call, KernelStep, Register
from xenhostgen.spec.source import did_you_mean

_ALTERNATIVES = (
    "if another kernel has something else in its place, name that under 'alternatives' in the spec"
)


class Spot(NamedTuple):
    """A place between two lines: the row of the line below it.

    ``upward``: its landmark is that line, not the one above. ``tight``: the fragment's lines join the
    landmark's, as in a list; otherwise blank lines set it apart. ``in_body``: it follows a statement.
    """

    row: int
    upward: bool = False
    tight: bool = False
    in_body: bool = False


def of_place(kernel: KernelFile, fragment: Fragment) -> Spot | None:
    """The spot that a fragment's place means in a file, None once a problem is noted."""
    landmarks = [fragment.place.landmark, *fragment.place.alternatives]
    upward, kind = fragment.place.before is not None, fragment.kind
    if kind not in ("include", "object", "predicates", "raw"):
        if (function := function_of(kernel, landmarks)) is None:
            return None
        return Spot(kernel.above(function), upward=True) if upward else Spot(kernel.below(function))
    lines, prefix = dict(enumerate(kernel.lines)), ""
    if kind == "include":
        outside = {
            node.start_point.row for node, inside in kernel.nodes("preproc_include") if not inside
        }
        # A comment may stand behind it, if it ends there.
        lines = {row: re.sub(r"/\*.*?\*/|//.*(?<!\\)$", "", kernel.lines[row]) for row in outside}
        prefix = "#include "
    elif kind == "object":
        lines, prefix = _always_built(kernel.lines), fragment.text.rsplit(maxsplit=1)[0] + " "
    return _at_line(
        kernel, lines, [prefix + each for each in landmarks], upward, tight=kind != "predicates"
    )


def _always_built(lines: list[str]) -> dict[int, str]:
    """The first lines of a Makefile's statements outside every condition, by row."""
    statements = read_makefile("\n".join(lines))
    rows = [statement.line - 1 for statement in statements if not statement.depth]
    return {row: lines[row] for row in rows}


def _at_line(
    kernel: KernelFile, lines: dict[int, str], landmarks: list[str], upward: bool, tight: bool
) -> Spot | None:
    """The spot at the one line among some that is a landmark, white space aside."""
    wanted = {" ".join(landmark.split()) for landmark in landmarks}
    spelled = {row: " ".join(line.split()) for row, line in lines.items()}
    rows = [row for row, line in spelled.items() if line in wanted]
    if len(rows) == 1:
        return Spot(rows[0] + (not upward), upward, tight)
    expected = " ".join(landmarks[0].split())
    if rows:
        message = f"'{expected}' stands {len(rows)} times; which one does the spec mean?"
        kernel.wrong("landmark-twice", message, rows[1], "give the place a landmark that is unique")
        return None
    everything = {row: " ".join(line.split()) for row, line in enumerate(kernel.lines)} | spelled
    row = next((row for row, line in everything.items() if line in wanted), None)
    stands = "it may not be built where it stands, in a condition or a comment"
    if row is None:
        near = [line for line in everything.values() if expected in line]
        near = near[:1] or get_close_matches(expected, list(spelled.values()), n=1, cutoff=0.5)
        row = next(
            (row for row, line in everything.items() if near == [line]), max(spelled, default=0)
        )
        stands = f"here stands '{kernel.lines[row].strip()}'"
    where = "before" if upward else "after"
    message = f"expected '{expected}', {where} which the fragment goes; {stands}"
    kernel.wrong("landmark-gone", message, row, _ALTERNATIVES)
    return None


def function_of(kernel: KernelFile, names: list[str]) -> Node | None:
    """The one definition of a function, None once a problem is noted."""
    found = [each for name in names for each in kernel.functions.get(name, [])]
    if len(found) == 1 and not found[0][1]:
        return found[0][0]
    if found:
        message = f"{names[0]}() is defined in an #if block, or more than once"
        kernel.wrong(
            "function-unclear",
            message,
            found[-1][0].start_point.row,
            "name a function that is always built",
        )
        return None
    near = get_close_matches(names[0], list(kernel.functions), n=1)
    row = kernel.functions[near[0]][0][0].start_point.row if near else 0
    hint = did_you_mean(
        names[0], list(kernel.functions), "has it been renamed, or moved to another file?"
    )
    kernel.wrong(
        "function-gone", f"expected the function {names[0]}(); it isn't defined here", row, hint
    )
    return None


def of_registrations(kernel: KernelFile, boot: Boot) -> list[tuple[Spot, list[Register]]]:
    """The spots of runs of registering steps, none once a problem is noted: the kernel's steps stand once, in order."""
    function = function_of(kernel, [boot.function])
    body = function and function.child_by_field_name("body")
    if not body:
        return []
    inside = [node for node in body.named_children if node.type != "comment"]
    *_, last = (
        body.children[0],
        *takewhile(lambda node: node.type == "declaration", inside),
    )  # first the opening brace
    spots: list[tuple[Spot, list[Register]]] = []
    found: list[tuple[KernelStep, Node]] = []
    run: list[Register] = []
    for step in boot.steps:
        if isinstance(step, Register):
            if not run:
                in_body = last.type not in ("{", "declaration")
                spots.append((Spot(kernel.below(last), in_body=in_body), run))
            run.append(step)
        else:
            run = []
            if node := _statement(kernel, step, inside, last, f"{boot.function}()"):
                found.append((step, node))
                last = node
    if not kernel.problems.found:
        end = max([last.end_point.row + 1, *(spot.row for spot, _ in spots)])
        _judge_others(kernel, found, [node for node in inside if node.start_point.row < end])
    return [] if kernel.problems.found else spots


def _judge_others(
    kernel: KernelFile, steps: list[tuple[KernelStep, Node]], inside: list[Node]
) -> None:
    """Note statements that aren't the spec's, but decide what its steps come to: they leave early, or undo one."""
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
