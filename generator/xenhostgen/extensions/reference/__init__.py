# SPDX-License-Identifier: GPL-2.0-only
"""Writes the reference of the spec language from the model that reads specs."""

COMMANDS = {"reference": "print the reference of the spec language: each key, with examples"}
