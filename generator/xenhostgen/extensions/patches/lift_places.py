# SPDX-License-Identifier: GPL-2.0-only
"""Other places for what a tree has no place for as it was lifted; the carry patch moves it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from xenhostgen.extensions.kernel_tree.patching import Reader
from xenhostgen.extensions.patches.lift_guests import lone_objects
from xenhostgen.extensions.patches.lift_input import Input, landmarks
from xenhostgen.extensions.patches.probe import Data


def relocate(data: Data, imported: Input, files: Iterable[str], assumed: dict[str, str]) -> bool:
    """Change the places in these files of a tree; leave out guests whose file has none.

    False if nothing else can be tried. ``assumed`` gets the keys of changed places.
    """
    assert imported.base
    changed = False
    for file in files:
        text = _text(imported.base, file)
        if file == data["object"]["file"]:
            changed |= _place(data["object"], _last_object(text)) or _move(data, imported)
            assumed["object"] = "the neighbour; the carry patch has the place"
        elif file == data["predicates"]["file"]:
            last = _last(landmarks(text.split("\n")))
            changed |= _place(data["predicates"], last) or _without_macros(data)
            assumed["predicates"] = "the landmark; the carry patch has the place"
        else:
            changed |= _leave_out(data, file)
    return changed


def _text(base: Reader, file: str) -> str:
    return (base(file) or b"").decode(errors="surrogateescape")


def _move(data: Data, imported: Input) -> bool:
    """Put the object, and the C file with it, into a folder that has a Makefile."""
    assert imported.base
    for path in sorted(imported.after):
        makefile = str(PurePath(path).with_name("Makefile"))
        if landmark := _last_object(_text(imported.base, makefile)):
            if data["object"]["file"] == makefile:
                return False
            data["object"] = {"file": makefile, "place": {"after": landmark}}
            name = PurePath(data["source"]["file"]).name
            data["source"]["file"] = str(PurePath(makefile).with_name(name))
            return True
    return False


def _place(part: Data, landmark: str) -> bool:
    place = {"after": landmark}
    if not landmark or part["place"] == place:
        return False
    part["place"] = place
    return True


def _without_macros(data: Data) -> bool:
    """Leave out all predicates, some of which the tree has already."""
    had_some = bool(data["predicates"]["macros"])
    data["predicates"]["macros"] = []
    return had_some


def _last_object(makefile: str) -> str:
    """The last object that stands alone on a line of ``obj-y``, outside every condition."""
    return _last(
        [
            statement.words[0]
            for statement in lone_objects(makefile).values()
            if not statement.depth and statement.variable == "obj-y"
        ]
    )


def _last(landmarks: Sequence[str]) -> str:
    """The last that is there once."""
    counts = Counter(landmarks)
    return next((name for name in reversed(landmarks) if counts[name] == 1), "")


def _leave_out(data: Data, file: str) -> bool:
    """Leave out a file's guests; what names them then falls to the rules."""
    names = [name for name, guest in data["guests"].items() if guest["file"] == file]
    for name in names:
        del data["guests"][name]
    return bool(names)
