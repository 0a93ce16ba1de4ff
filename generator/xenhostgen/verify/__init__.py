# SPDX-License-Identifier: GPL-2.0-only
"""Judging C against a spec: parse it back, run it beside the reference model, report what differs.

What is read, in order: harness (the folders that C is compiled in), facts, project (a kernel's files, reduced),
expectation, conform, drift. What is run: build, driver, calls, transitions, explore, boots, wrappers. What others
say: static, prove, bounded. What becomes of it: catalogue, findings, places; run does one after another, and
replay a few calls alone. How good the checks are: mutants, mutate, score.
"""
