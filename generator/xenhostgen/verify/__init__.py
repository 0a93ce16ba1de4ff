# SPDX-License-Identifier: GPL-2.0-only
"""Judging C against a spec: parse it back, run it beside the reference model, report what differs.

In order: harness (what the C is compiled with), build and declarations (what is made of it once),
subject (all of that for one spec and tree). Then the checks: conform (with expectation), behaviour
(with driver, calls, transitions, explore, boots, wrappers), static; extensions bring more. What
becomes of their findings: catalogue, findings, places. ``run`` does one check after another, and
``replay`` a few calls alone; drift lists what differs and is no finding.
"""
