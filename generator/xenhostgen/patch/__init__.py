# SPDX-License-Identifier: GPL-2.0-only
"""Reading patches. Read the files in this order: errors, mail, names, body, hunks, blobs, diff."""
