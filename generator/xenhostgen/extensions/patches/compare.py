# SPDX-License-Identifier: GPL-2.0-only
"""A spec's rendering against the patch that it re-creates, file by file.

Four questions about each: are the bytes the same, the code tokens, the comments, the place? The
answers come from the patch's fingerprint alone; with the patch at hand, what differs is quoted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xenhostgen.csource.tokens import Token
from xenhostgen.extensions.kernel_tree.git import SHORTEST_ID, blob_id, same_id
from xenhostgen.extensions.patches.fingerprint import (
    FilePrint,
    PatchPrint,
    chunk_digest,
    chunks,
    digest,
    place_digest,
    remarks,
    shown,
)
from xenhostgen.extensions.patches.hunks import matcher_of
from xenhostgen.render.files import Fragment, Renderer, Rendering
from xenhostgen.spec.model import OwnStep, Step
from xenhostgen.spec.source import printable, refusal

MOST_MESSAGES = 50  # of one file; nobody reads more of a file that is another one altogether
_EXCERPT = 60  # characters of code that a message quotes from each side


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
    ``only_in``: ``patch`` or ``rendering``, else empty.
    """

    path: str
    change: str
    only_in: str
    code: bool
    place: bool | None
    comments: bool
    bytes: bool | None
    details: tuple[Detail, ...]

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
    renderer: Renderer, rendering: Rendering, patches: Sequence[PatchPrint], source: str
) -> Comparison:
    """Hold a rendering against those of the patches that touch its files, each file once.

    ``source`` names the patches' file in errors. Raises Refused if none touches any.
    """
    theirs: dict[str, FilePrint] = {}
    texts: dict[str, str] = {}
    subjects: dict[bool, list[str]] = {True: [], False: []}
    for patch in patches:
        files = {file.path: file for file in patch.files}
        if files.keys() & rendering.files.keys():
            is_first = not files.keys() & theirs.keys()
            subjects[is_first].append(patch.subject)
            theirs |= files if is_first else {}
            texts |= patch.texts
    if not theirs:
        everything = sorted(file.path for patch in patches for file in patch.files)
        some = ", ".join(everything[:3]) + (", …" if len(everything) > 3 else "")
        message = "no patch in it changes a file of this spec"
        raise refusal("unrelated-patch", message, source, f"it changes {some}")
    compared = []
    for path in sorted(rendering.files.keys() | theirs.keys()):
        if path not in theirs:
            compared.append(_alone(path, "", "rendering", "the patch doesn't touch this file"))
        elif path not in rendering.files:
            change = theirs[path].change
            compared.append(
                _alone(path, change, "patch", "beyond the spec, which doesn't render this file")
            )
        else:
            compared.append(_compared(renderer, rendering, theirs[path], texts))
    return Comparison(tuple(subjects[True]), tuple(subjects[False]), tuple(compared))


def _alone(path: str, change: str, side: str, message: str) -> FileComparison:
    identical = False if change == "new" else None
    return FileComparison(
        path, change, side, False, None, False, identical, (Detail("code", message),)
    )


def _compared(
    renderer: Renderer, rendering: Rendering, theirs: FilePrint, texts: dict[str, str]
) -> FileComparison:
    """The answers about a file that both sides have."""
    path, text = theirs.path, rendering.files[theirs.path]
    fragments = [fragment for fragment in rendering.fragments if fragment.file == path]
    added = list(_located(text, fragments))
    parts = [fragment.text for fragment in fragments] or [text]
    ours = [chunk for _, code in added for chunk in code] or list(chunks(path, text))
    code = list(_code(ours, theirs, texts))
    words_of_each = [words for part in parts for words in remarks(path, part)]
    comments = list(_comments([*map(digest, words_of_each)], theirs.comments))
    place = [detail for addition in added for detail in _place(renderer, *addition, theirs, texts)]
    if bool(fragments) == (theirs.change == "new"):
        does = "adds to a file of the kernel" if fragments else "brings the whole file"
        message = f"the spec {does}, which for the patch is a {theirs.change} one"
        message += "; of a patch on top of a spec, name that: --since SPEC" * (not fragments)
        place = [Detail("place", message)]
    identical = None
    bytes_ = []
    if not fragments and theirs.change == "new" and len(theirs.post) >= SHORTEST_ID:
        # Of a patch whose white space is lost, the id may not be that of its words.
        identical = same_id(blob_id(text), theirs.post) and not (code or comments)
        if not (identical or code or comments):
            ids = f"the blob is {blob_id(text)[:12]}, the patch's {theirs.post[:12]}"
            bytes_ = [Detail("bytes", f"white space differs: {ids}")]
    placed = not place if fragments or place else None
    details = (*code, *place, *comments, *bytes_)
    return FileComparison(
        path, theirs.change, "", not code, placed, not comments, identical, details
    )


def _located(
    text: str, fragments: Sequence[Fragment]
) -> Iterator[tuple[Fragment, list[list[Token]]]]:
    """Each fragment's code, with the lines of the rendered skeleton around it."""
    position = 0
    for fragment in fragments:
        position = max(text.find(fragment.text, position), position)
        line = text.count("\n", 0, position) + 1
        yield fragment, list(chunks(fragment.file, fragment.text, line))


def _place(
    renderer: Renderer,
    fragment: Fragment,
    code: Sequence[Sequence[Token]],
    theirs: FilePrint,
    texts: dict[str, str],
) -> Iterator[Detail]:
    """Where spec and patch have a fragment, if not in one place.

    The patch has it in the blocks with most of its code.
    """
    wanted = {chunk_digest(chunk) for chunk in code}
    shares = [len(wanted.intersection(block.code)) for block in theirs.blocks]
    most = max(shares, default=0)
    near = [block for count, block in zip(shares, theirs.blocks, strict=True) if count == most > 0]
    places = place_of(renderer, fragment)
    fitting = set(map(place_digest, places))
    if code and not any(fitting.intersection(block.places) for block in near):
        there = [texts[place] for block in near[:1] for place in block.places if place in texts]
        there = [words for words in there if "'" not in words] + there[:1]
        words = ", ".join(there) or ("elsewhere" if near else "nowhere")
        at = f"{renderer.spec.path}:{fragment.at.line}:{fragment.at.column}"
        what = printable(f"'{_excerpt(code[0])}' goes {places[0]} ({at})", "?")
        message = f"{what}; the patch has it {printable(words, '?')}"
        yield Detail("place", message, code[0][0].line, code[0][0].column)


def place_of(renderer: Renderer, fragment: Fragment) -> list[str]:
    """Where the spec wants a fragment to stand, in words that tell it, each of them enough."""
    landmark: str = fragment.place.landmark
    side = "after" if fragment.place.after else "before"
    if fragment.kind in ("cursor", "step"):
        boot = renderer.spec.guest(fragment.guest).boot
        here = f"in {boot.function}()"
        if fragment.kind == "cursor":
            return [here]
        at = next(index for index, step in enumerate(boot.steps) if step.at == fragment.at)
        # One step is enough, as a spec leaves out those of no matter.
        sides = {"after": boot.steps[:at][::-1], "before": boot.steps[at + 1 :]}
        neighbours = {side: _kernels(steps) for side, steps in sides.items()}
        return [
            f"{here} {side} '{' '.join(c.split())}'" for side, c in neighbours.items() if c
        ] or [here]
    if fragment.kind in ("tables", "borrowed"):
        return [f"{side} {landmark}()"]
    if fragment.kind == "include":
        landmark = renderer.fragment("include", header=landmark)
    elif fragment.kind == "object":
        landmark = renderer.fragment("object", object=landmark)
    return [f"{side} '{' '.join(landmark.split())}'"]


def _kernels(steps: tuple[Step, ...]) -> str:
    """The C of the first step that isn't ours; empty if there is none."""
    return next((step.c for step in steps if not isinstance(step, OwnStep)), "")


def _code(
    ours: Sequence[Sequence[Token]], theirs: FilePrint, texts: dict[str, str]
) -> Iterator[Detail]:
    """How the code differs, theirs quoted as far as its text is known."""
    if theirs.deletions:
        message = f"beyond the spec: the patch removes lines ({theirs.deletions})"
        yield Detail("code", message)
    matcher = matcher_of([*map(chunk_digest, ours)], theirs.code)
    differing = [opcode for opcode in matcher.get_opcodes() if opcode[0] != "equal"]
    for _, start, end, first, last in differing[:MOST_MESSAGES]:
        extra = _excerpt([token for chunk in ours[start:end] for token in chunk])
        known = " ".join(texts.get(digest, "") for digest in theirs.code[first:last])
        missing = f"'{_short(known)}'" if known.strip() else "other code"
        message = f"'{extra}' instead of {missing}" if last > first else f"extra '{extra}'"
        if start == end:
            message = f"missing {missing if known.strip() else 'code'}"
        token = (ours[start] if start < len(ours) else ours[-1] if ours else [None])[0]
        place = (token.line, token.column) if token else (0, 0)
        yield Detail("code", printable(message, "?"), *place)
    if len(differing) > MOST_MESSAGES:
        rest = len(differing) - MOST_MESSAGES
        yield Detail("code", f"and {rest} more differences of code")


def _excerpt(chunk: Sequence[Token]) -> str:
    return _short(shown(chunk))


def _short(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"


def _comments(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Detail]:
    if ours == list(theirs):
        return
    other = (Counter(theirs) - Counter(ours)).total()
    differences = [f"{other} of {len(theirs)} comments worded differently"] if other else []
    if len(ours) != len(theirs):
        differences.append(f"{len(ours)} comments where the patch has {len(theirs)}")
    yield Detail("comments", ", ".join(differences) or "comments in another order")
