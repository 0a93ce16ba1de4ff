# SPDX-License-Identifier: GPL-2.0-only
"""Where a spec wants a fragment to stand, and whether that is where a patch adds it."""

from collections.abc import Callable
from typing import NamedTuple

from xenhostgen.extensions.patches.code import code_digest, words_digest
from xenhostgen.extensions.patches.reference import Block
from xenhostgen.render.files import Fragment, Renderer
from xenhostgen.spec.model import Register, Step


class Spot(NamedTuple):
    """The place of a fragment: in words, and as a test of a patch's block."""

    words: str
    fits: Callable[[Block], bool]


def spot(renderer: Renderer, fragment: Fragment) -> Spot:
    """Where the spec wants a fragment to stand."""
    landmark, after = fragment.place.landmark, bool(fragment.place.after)
    side = "after" if after else "before"
    if fragment.kind == "register":
        return _in_boot(renderer, fragment)
    if fragment.kind in ("tables", "borrowed"):

        def beside(block: Block) -> bool:
            ended = block.above.function == landmark and code_digest("}") in block.above.code
            return ended if after else block.below.function == landmark

        return Spot(f"{side} the function {landmark}()", beside)
    if fragment.kind == "include":
        landmark = renderer.fragment("include", header=landmark)
    elif fragment.kind == "object":
        landmark = renderer.fragment("object", object=landmark)
    wanted = words_digest(landmark)
    words = f"{side} '{' '.join(landmark.split())}'"
    return Spot(words, lambda block: (block.above if after else block.below).line == wanted)


def _in_boot(renderer: Renderer, fragment: Fragment) -> Spot:
    """Between the kernel's steps around it.

    One is enough, as a spec leaves out those of no matter.
    """
    boot = renderer.spec.guest(fragment.guest).boot
    at = next(index for index, step in enumerate(boot.steps) if step.at == fragment.at)
    before = _kernels(boot.steps[:at][::-1])
    after = _kernels(boot.steps[at + 1 :])
    words = (
        [f"in {boot.function}()"]
        + [f"after '{before}'"] * bool(before)
        + [f"before '{after}'"] * bool(after)
    )

    def fits(block: Block) -> bool:
        above = before and code_digest(before) in block.above.code
        below = after and code_digest(after) in block.below.code
        return block.above.function == boot.function and bool(
            above or below or not (before or after)
        )

    return Spot(", ".join(words), fits)


def _kernels(steps: tuple[Step, ...]) -> str:
    """The C of the first step that isn't ours; empty if there is none."""
    return next((step.c for step in steps if not isinstance(step, Register)), "")
