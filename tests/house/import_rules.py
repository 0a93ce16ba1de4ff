# SPDX-License-Identifier: GPL-2.0-only
"""What a test may import of xenhostgen: the public face, and the room that it is a test of."""

ROOMS = {
    "boot": ("extensions.boot", "extensions.kernel_tree"),
    "cli": ("cli", "commands", "extension_points"),
    "csource": ("csource", "sandbox"),
    "explain": ("extensions.explain",),
    "fuzz": ("cli",),
    "kernel": ("extensions.kernel_tree",),
    "mutation": ("extensions.mutation",),
    "overview": ("extensions.overview",),
    "patch": ("extensions.patches", "extensions.kernel_tree"),
    "proof": ("extensions.proof",),
    "reference_model": ("reference_model",),
    "render": ("render", "sandbox"),
    "report": ("report", "extension_points", "extensions.formats"),
    "sandbox": ("sandbox",),
    "spec": ("spec",),
    "verify": ("verify", "sandbox"),
}
"""The packages of each folder of tests, besides ``xenhostgen.api``."""


def allowed(folder: str, module: str) -> bool:
    """Whether a test below ``tests/FOLDER`` may import a module."""
    packages = ("api", *ROOMS.get(folder, ()))
    return any(f"{module}.".startswith(f"xenhostgen.{package}.") for package in packages)
