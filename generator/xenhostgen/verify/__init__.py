# SPDX-License-Identifier: GPL-2.0-only
"""Judging C against a spec: parse it back, run it beside the reference model, report what differs."""
