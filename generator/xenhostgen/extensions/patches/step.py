# SPDX-License-Identifier: GPL-2.0-only
"""One step of a series: from a tree with an earlier spec to the same tree with this one."""

from typing import NamedTuple

from xenhostgen.extensions.kernel_tree.git import GitFailure
from xenhostgen.extensions.kernel_tree.patching import Reader, difference, over, patched
from xenhostgen.extensions.kernel_tree.placing import Placement, placed_in
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import refusal


class Step(NamedTuple):
    """The files that change, with the earlier spec in the tree and with the later one."""

    before: dict[str, bytes | None]
    after: dict[str, bytes | None]


def step(earlier: Interface, was: Placement, later: Interface, tree: Reader, root: str) -> Step:
    """The step between two specs in a tree that has the earlier one, or neither.

    ``was`` is the earlier one's placement there. Raises ``Refused``; ``root`` names the tree in
    messages.
    """
    without = over(was.before, tree)
    first, second = (placed_in(spec, without, root).after for spec in (earlier, later))
    # Of a tree that has the earlier one, what was before is known but for some blank lines. So the
    # change is made of the tree as it is.
    paths = first | second
    old, new = ({path: over(files, without)(path) for path in paths} for files in (first, second))
    has = over(was.after, without)
    try:
        after = patched(difference(old, new), has, "-C1")
    except GitFailure as failure:
        message = f"doesn't take the change from {earlier.path} to {later.path}: {failure.output}"
        hint = "undo edits next to the interface's parts, blank lines that were there among them"
        raise refusal("hunk-no-fit", message, root, hint) from None
    return Step({path: has(path) for path in after}, after)
