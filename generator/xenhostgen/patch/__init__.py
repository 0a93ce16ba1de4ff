# SPDX-License-Identifier: GPL-2.0-only
"""Patches. What reads them, in order: errors, encoding, mail, names, body, hunks, blobs, diff.

What compares a rendering with them: code, reference, stored, place, difference, compare.
"""
