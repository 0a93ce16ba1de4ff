# SPDX-License-Identifier: GPL-2.0-only
"""A spec's rendering against the patch that it re-creates, file by file.

Four questions about each: are the bytes the same, the code tokens, the comments, the place? The
answers come from the patch's facts alone; with the patch at hand, what differs is told from its
text.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import chain
from textwrap import wrap

from xenhostgen.extensions.kernel_tree.git import SHORTEST_ID, blob_id, same_id
from xenhostgen.extensions.patches.code import declared, remarks, words_digest
from xenhostgen.extensions.patches.declarations import Declaration
from xenhostgen.extensions.patches.difference import differences
from xenhostgen.extensions.patches.place import spot
from xenhostgen.extensions.patches.reference import Block, FileFacts, PatchFacts, Piece, pieces
from xenhostgen.render.files import Fragment, Renderer, Rendering
from xenhostgen.spec.source import Problem, Refused, printable

MOST_MESSAGES = 50  # of one file; nobody reads more of a file that is another one altogether


@dataclass(frozen=True, slots=True)
class Detail:
    """One difference.

    ``line`` and ``column`` are those of the rendered file, 0 where it has none.
    """

    aspect: str
    message: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class FileComparison:
    """One file's answers; None where the question has no meaning.

    ``place``: for files that the patch modifies; ``bytes``: for new files whose blob id is known.
    ``only_in``: ``patch`` or ``rendering``, else empty. ``wording``: a diff of the comments, for
    which the patch must be at hand.
    """

    path: str
    change: str
    only_in: str
    code: bool
    place: bool | None
    comments: bool
    bytes: bool | None
    details: tuple[Detail, ...]
    wording: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether a compiler sees the same, in the same place."""
        return self.code and self.place is not False


@dataclass(frozen=True, slots=True)
class Comparison:
    """All files of both sides. ``patches`` and ``left_out`` are subjects of patches."""

    patches: tuple[str, ...]
    left_out: tuple[str, ...]
    files: tuple[FileComparison, ...]

    @property
    def same(self) -> bool:
        """Whether a compiler sees the same, in the same places."""
        return all(file.same for file in self.files)


def compare(
    renderer: Renderer, rendering: Rendering, patches: Sequence[PatchFacts], source: str
) -> Comparison:
    """Hold a rendering against those of the patches that touch its files.

    ``source`` names the patches' file in errors. Raises Refused if none touches any.
    """
    taken, left_out = _chosen(patches, set(rendering.files), source)
    theirs = {file.path: file for patch in taken for file in patch.files}
    compared = []
    for path in sorted(rendering.files.keys() | theirs.keys()):
        if path not in theirs:
            compared.append(_alone(path, "", "rendering", "the patch doesn't touch this file"))
        elif path not in rendering.files:
            change = theirs[path].change
            compared.append(_alone(path, change, "patch", "the spec doesn't render this file"))
        else:
            compared.append(_compared(renderer, rendering, theirs[path]))
    return Comparison(
        tuple(one.subject for one in taken), tuple(one.subject for one in left_out), tuple(compared)
    )


def _chosen(
    patches: Sequence[PatchFacts], paths: set[str], source: str
) -> tuple[list[PatchFacts], list[PatchFacts]]:
    """The patch that touches most of the files, with others that change none of them again."""
    changed = [({file.path for file in patch.files}, patch) for patch in patches]
    taken: list[PatchFacts] = []
    left_out: list[PatchFacts] = []
    seen: set[str] = set()
    for files, patch in sorted(changed, key=lambda each: -len(paths & each[0])):
        if seen & files:
            left_out += [patch] if paths & files else []
        elif paths & files:
            taken.append(patch)
            seen |= files
    if not taken:
        everything = sorted(set[str]().union(*(files for files, _ in changed)))
        some = ", ".join(everything[:3]) + (", …" if len(everything) > 3 else "")
        message = "no patch in it changes a file of this spec"
        raise Refused([Problem("unrelated-patch", message, source, hint=f"it changes {some}")])
    return taken, left_out


def _alone(path: str, change: str, side: str, message: str) -> FileComparison:
    identical = False if change == "new" else None
    return FileComparison(
        path, change, side, False, None, False, identical, (Detail("code", message),)
    )


def _compared(renderer: Renderer, rendering: Rendering, theirs: FileFacts) -> FileComparison:
    """The answers about a file that both sides have."""
    path, text = theirs.path, rendering.files[theirs.path]
    fragments = [fragment for fragment in rendering.fragments if fragment.file == path]
    added = list(_located(text, fragments, path))
    ours = list(chain.from_iterable(found for found, _ in added))
    parts = [fragment.text for fragment in fragments]
    if not fragments:
        ours, parts = declared(path, text), [text]
    said = list(chain.from_iterable(remarks(path, part) for part in parts))
    code = list(_code(ours, theirs))
    if theirs.deletions:
        message = f"the patch removes lines ({theirs.deletions}), the spec removes none"
        code.insert(0, Detail("code", message))
    comments = _comments(said, theirs.comments)
    place = _place(renderer, added, theirs)
    identical = None
    if not fragments and theirs.change == "new" and len(theirs.post) >= SHORTEST_ID:
        identical = same_id(blob_id(text), theirs.post)
    index = theirs.index
    # Of a patch whose white space is lost, only the words are known.
    if identical and (code or comments):
        identical, index = False, theirs.post

    details = [*code[:MOST_MESSAGES], *place, *comments]
    if len(code) > MOST_MESSAGES:
        details.append(Detail("code", f"and {len(code) - MOST_MESSAGES} more differences of code"))
    if identical is False and not (code or comments):
        what = "the banner" if renderer.spec.banner else "white space"
        ids = f"the blob is {blob_id(text)[:12]}, the patch's {theirs.post[:12]}"
        details.append(Detail("bytes", f"{what} differs: {ids}"))
    if index:
        message = f"the patch's index line names the blob {index[:12]}, which its content isn't"
        details.append(Detail("bytes", message))
    placed = not place if fragments or place else None
    wording = tuple(_wording(said, theirs)) if comments else ()
    return FileComparison(
        path, theirs.change, "", not code, placed, not comments, identical, tuple(details), wording
    )


def _place(
    renderer: Renderer, added: Sequence[tuple[list[Declaration], Fragment]], theirs: FileFacts
) -> list[Detail]:
    """Where spec and patch have what they add, if not in the same places."""
    if bool(added) == (theirs.change == "new"):
        does = "adds to a file of the kernel" if added else "brings the whole file"
        return [Detail("place", f"the spec {does}, which for the patch is a {theirs.change} one")]
    place: list[Detail] = []
    for found, fragment in added:
        place += _misplaced(renderer, fragment, found, theirs.blocks)
    return place


def _located(
    text: str, fragments: Sequence[Fragment], path: str
) -> Iterator[tuple[list[Declaration], Fragment]]:
    """Each fragment's declarations, with the lines of the rendered skeleton around it."""
    position = 0
    for fragment in fragments:
        position = max(text.find(fragment.text, position), position)
        yield declared(path, fragment.text, text.count("\n", 0, position) + 1), fragment


def _misplaced(
    renderer: Renderer, fragment: Fragment, found: Sequence[Declaration], blocks: Sequence[Block]
) -> Iterator[Detail]:
    """Where spec and patch have a fragment, if not in one place.

    The patch has it in the blocks with most of its declarations.
    """
    wanted = set(pieces(found))
    labels = {piece.label for piece in wanted}
    scores = [
        (len(wanted & {*block.code}), len(labels & {piece.label for piece in block.code}))
        for block in blocks
    ]
    best = max(scores, default=(0, 0))
    near = [
        block for score, block in zip(scores, blocks, strict=True) if score == best and any(best)
    ]
    place = spot(renderer, fragment)
    if found and not any(place.fits(block) for block in near):
        where = near[0].shown or "elsewhere" if near else "nowhere"
        goes = f"{printable(found[0].label, '?')} goes {place.words}"
        start = found[0].tokens[0]
        at = f"{renderer.spec.path}:{fragment.at.line}:{fragment.at.column}"
        yield Detail("place", f"{goes} ({at}); the patch has it {where}", start.line, start.column)


def _code(ours: Sequence[Declaration], theirs: FileFacts) -> Iterator[Detail]:
    """How the code differs: from the patch's text if it is at hand, or else from its digests."""
    if list(pieces(ours)) == theirs.code:
        return
    if theirs.code and not theirs.declarations:
        yield from _by_digest(ours, theirs.code)
        return
    for told in differences(ours, theirs.declarations):
        start = told.at or told.about.tokens[0]
        if told.message.startswith("missing: "):
            yield Detail(
                "code", printable(f"{told.message} (line {start.line} after the patch)", "?")
            )
        else:
            yield Detail("code", printable(told.message, "?"), start.line, start.column)


def _by_digest(ours: Sequence[Declaration], theirs: Sequence[Piece]) -> Iterator[Detail]:
    mine = pieces(ours)
    starts = {
        piece: one.tokens[0] for piece, one in zip(reversed(mine), reversed(ours), strict=True)
    }
    extra, missing = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
    our_labels, their_labels = {one.label for one in extra}, {one.label for one in missing}
    yield from (
        Detail("code", f"missing: {one.label}") for one in missing if one.label not in our_labels
    )
    told = [
        (f"{one.label}: other code" if one.label in their_labels else f"extra: {one.label}", one)
        for one in extra
    ]
    both = zip(
        (one for one in mine if one not in extra),
        (one for one in theirs if one not in missing),
        strict=False,
    )
    if moved := next(((one, other) for one, other in both if one != other), None):
        told.append((f"order: {moved[0].label} before {moved[1].label}", moved[0]))
    yield from (
        Detail("code", message, starts[one].line, starts[one].column) for message, one in told
    )


def _comments(said: Sequence[str], theirs: Sequence[str]) -> list[Detail]:
    ours = list(map(words_digest, said))
    if ours == list(theirs):
        return []
    other = (Counter(theirs) - Counter(ours)).total()
    told = [f"{other} of {len(theirs)} comments worded differently"] if other else []
    told += (
        [f"{len(ours)} comments where the patch has {len(theirs)}"]
        if len(ours) != len(theirs)
        else []
    )
    return [Detail("comments", ", ".join(told) or "comments in another order")]


def _wording(said: Sequence[str], theirs: FileFacts) -> Iterator[str]:
    if theirs.remarks or not theirs.comments:
        old, new = (
            [line for words in each for line in [*wrap(words, 76), ""]]
            for each in (theirs.remarks, said)
        )
        for line in unified_diff(old, new, n=0, lineterm=""):
            if len(line) > 1 and not line.startswith(("--- ", "+++ ", "@@ ")):
                yield printable(line, "?")
