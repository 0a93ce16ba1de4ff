# SPDX-License-Identifier: GPL-2.0-only
"""What a person or a script gets to see of problems, findings and files."""
