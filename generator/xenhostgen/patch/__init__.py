# SPDX-License-Identifier: GPL-2.0-only
"""Patches. What reads them, in order: errors, encoding, mail, names, body, hunks, git, diff.

What compares a rendering with them: code, reference, stored, place, compare. What makes
a spec of them: lift_input, lift_c, lift_header, lift_source, lift_guests, lift_assumed, remainder,
yaml_writer, lift. What writes one: series.
"""
