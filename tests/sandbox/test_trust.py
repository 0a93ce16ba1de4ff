# SPDX-License-Identifier: GPL-2.0-only
"""The environment's word that foreign C is trusted."""

import pytest

from xenhostgen.sandbox.confinement import is_trusting


@pytest.mark.parametrize(("value", "trusted"), [("1", True), ("0", False), ("", False)])
def test_only_a_one_declares_trust(
    value: str, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XENHOSTGEN_UNCONFINED", value)
    assert is_trusting() is trusted
