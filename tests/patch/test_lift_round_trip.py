# SPDX-License-Identifier: GPL-2.0-only
"""Spec → C → git → format-patch → import → C: the same bytes, and nothing carried."""

import copy
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from interfaces import Data, interfaces, patch_between, trees

from xenhostgen.api import Interface, load, load_text, render
from xenhostgen.extensions.patches.lift import Lifted, lift
from xenhostgen.extensions.patches.yaml_writer import write_yaml

# Each set draws this many; XENHOSTGEN_ROUND_TRIPS=1000 asks for more.
ROUNDS = int(os.environ.get("XENHOSTGEN_ROUND_TRIPS", "13"))


def spec_of(data: Data) -> Interface:
    return load_text(write_yaml(data, "schema.json", {}), "made-up.yaml")


def imported(patch: bytes, folder: Path, onto: Interface | None = None) -> Lifted:
    path = folder / "mail.patch"
    path.write_bytes(patch)
    return lift([path], "lifted.yaml", "schema.json", onto)


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_spec_renders_is_lifted_whole(templates: str, choices: st.DataObject) -> None:
    data = choices.draw(interfaces(templates))
    spec = spec_of(data)
    rendering = render(spec)
    with tempfile.TemporaryDirectory() as name:
        patch = patch_between(Path(name), *trees(spec, rendering))
        note(patch.decode())
        lifted = imported(patch, Path(name))
    note(lifted.text)
    assert not lifted.carry
    assert {share.path: share.same for share in lifted.shares if share.blob} == dict.fromkeys(
        rendering.whole(), True
    )
    again = render(load_text(lifted.text, "again.yaml"))
    assert again.whole() == rendering.whole()
    assert {fragment.text for fragment in again.fragments} == {
        fragment.text for fragment in rendering.fragments
    }


@pytest.mark.parametrize("templates", ["rfc", "kernel"])
@given(choices=st.data())
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_later_patch_adds_is_lifted_on_top(templates: str, choices: st.DataObject) -> None:
    late = choices.draw(interfaces(templates))
    early = copy.deepcopy(late)
    for name in [name for name in early.get("ops", ()) if choices.draw(st.booleans())]:
        del early["ops"][name]
    for op in early.get("ops", {}).values():
        op["tables"] = {
            name: entry
            for name, entry in op.get("tables", {}).items()
            if choices.draw(st.booleans())
        }
    early["fields"] = [field for field in early.get("fields", ()) if choices.draw(st.booleans())]
    before, after = spec_of(early), spec_of(late)
    rendering, older = render(after), render(before)
    assume(older.files != rendering.files)
    with tempfile.TemporaryDirectory() as name:
        patch = patch_between(Path(name), trees(before, older)[1], trees(after, rendering)[1])
        note(patch.decode())
        base = Path(name, "base.yaml")
        base.write_text(write_yaml(early, "schema.json", {}))
        lifted = imported(patch, Path(name), load(base))
    note(lifted.text)
    assert not lifted.carry
    assert not lifted.assumed
    again = render(load_text(lifted.text, "again.yaml"))
    assert again.files == rendering.files
