# SPDX-License-Identifier: GPL-2.0-only
"""Proofs of the rules: ACSL contracts by Frama-C, and bounded model checking by cbmc."""

COMMANDS: dict[str, str] = {}
HOOKS = {"check prove": ("frama_c:FramaC", "cbmc:Cbmc"), "needs prove": ("provers:obstacles",)}
