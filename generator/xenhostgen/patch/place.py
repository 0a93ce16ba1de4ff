# SPDX-License-Identifier: GPL-2.0-only
"""Where a spec wants a fragment to stand, and whether that is where a patch adds it."""

from collections.abc import Callable
from dataclasses import dataclass

from xenhostgen.patch.code import code_digest, words_digest
from xenhostgen.patch.reference import Block
from xenhostgen.render.files import Fragment, Renderer
from xenhostgen.spec.model import Register, Step

_FUNCTION_END = code_digest("}")


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of a fragment: in words, and as a test of a patch's block."""

    words: str
    fits: Callable[[Block], bool]


def spot(renderer: Renderer, fragment: Fragment) -> Spot:
    """Where the spec wants a fragment to stand."""
    landmark = fragment.place.landmark
    if fragment.kind == "register":
        return _in_boot(renderer, fragment)
    if fragment.kind in ("tables", "borrowed"):
        return _at_function(landmark, bool(fragment.place.after))
    lines = {
        "include": lambda: renderer.fragment("include", header=landmark),
        "object": lambda: renderer.fragment("object", object=landmark),
    }
    line = lines[fragment.kind]().strip() if fragment.kind in lines else landmark
    wanted = words_digest(line)
    words = " ".join(line.split())
    if fragment.place.after:
        return Spot(f"after '{words}'", lambda block: block.above.line == wanted)
    return Spot(f"before '{words}'", lambda block: block.below.line == wanted)


def _at_function(name: str, after: bool) -> Spot:
    if after:
        return Spot(
            f"after the function {name}()",
            lambda block: block.above.function == name and _FUNCTION_END in block.above.code,
        )
    return Spot(f"before the function {name}()", lambda block: block.below.function == name)


def _in_boot(renderer: Renderer, fragment: Fragment) -> Spot:
    """Between the kernel's steps around it; one is enough, as a spec leaves out those of no matter."""
    boot = renderer.spec.guest(fragment.guest).boot
    at = next(index for index, step in enumerate(boot.steps) if step.at == fragment.at)
    before = _kernels(renderer, boot.steps[:at][::-1])
    after = _kernels(renderer, boot.steps[at + 1 :])
    words = [f"after '{before}'"] if before else []
    words += [f"before '{after}'"] if after else []
    above, below = code_digest(before), code_digest(after)

    def fits(block: Block) -> bool:
        beside = (before and above in block.above.code) or (after and below in block.below.code)
        return block.above.function == boot.function and bool(beside or not words)

    return Spot(", ".join([f"in {boot.function}()", *words]), fits)


def _kernels(renderer: Renderer, steps: tuple[Step, ...]) -> str:
    """The C of the first step that isn't ours, on one line; empty if there is none."""
    step = next((step for step in steps if not isinstance(step, Register)), None)
    if step is None:
        return ""
    template = renderer.environment.from_string("{% import 'skeleton.j2' as skeleton %}{{ skeleton.steps(steps) }}")
    return " ".join(template.render(steps=[(type(step).__name__, step, "")]).split())
