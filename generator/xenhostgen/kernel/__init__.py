# SPDX-License-Identifier: GPL-2.0-only
"""Real kernel trees. In order: source (read a file), spots (find a place), place (put fragments there), build."""
