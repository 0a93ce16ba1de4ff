# SPDX-License-Identifier: GPL-2.0-only
"""Compare a spec's rendering with the patch that it re-creates: code, place, comments, bytes.

Without PATCH, the rendering is compared with the facts of a patch that the spec names. Exit status
0 means that a compiler sees the same code in the same places; comments may be worded differently.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from xenhostgen.commands.inputs import add_format
from xenhostgen.extensions.kernel_tree.carry import carry_path, is_history, read_carry, with_carry
from xenhostgen.extensions.patches.compare import Comparison, compare
from xenhostgen.extensions.patches.diff import read_diff
from xenhostgen.extensions.patches.fingerprint import fingerprint, shipped
from xenhostgen.extensions.patches.history import prove_states
from xenhostgen.extensions.patches.messages import read_messages
from xenhostgen.extensions.patches.recreation import prove, prove_shown, reader
from xenhostgen.extensions.patches.report import Compared, as_json, show
from xenhostgen.render.files import Renderer
from xenhostgen.report.terminal import say
from xenhostgen.spec.load import load
from xenhostgen.spec.model import Interface
from xenhostgen.spec.source import refusal

EXAMPLES = """\
examples:
  xenhostgen diff specs/rfc-v1.yaml                        against the shipped facts
  xenhostgen diff specs/rfc-v1.yaml rfc.mbox               against a mail, an mbox or a bare diff
  xenhostgen diff my.yaml sent.mbox --tree ../linux --rev v6.12   every byte, by git's object ids
  xenhostgen diff my.yaml more.mbox --since old.yaml       on top of that: the interface's own files
  xenhostgen diff my.yaml more.mbox --tree ../linux --since old.yaml   and every byte of it
  xenhostgen diff series/ sent.mbox --tree ../linux --rev v6.12   and so each state of a history
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "spec", metavar="SPEC", type=Path, help="the spec file, or the folder of an imported series"
    )
    parser.add_argument(
        "patch", metavar="PATCH", type=Path, nargs="?", help="the patch (default: the spec's facts)"
    )
    words = "place the spec into this kernel tree, and compare every byte"
    parser.add_argument("--tree", metavar="DIR", type=Path, help=words)
    parser.add_argument(
        "--since", metavar="SPEC", type=Path, help="the earlier spec that the patch goes on top of"
    )
    parser.add_argument("--rev", metavar="REV", help="use the tree's files at this git revision")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; 1 if code or place differ."""
    if arguments.tree or arguments.rev or arguments.since or is_history(arguments.spec):
        return proved(arguments)
    spec = load(arguments.spec)
    source, comparison = _compared(spec, arguments.patch)
    outcome: Compared = {
        "spec": str(arguments.spec),
        "reference": source,
        "same": comparison.same,
        **asdict(comparison),
    }
    if arguments.format == "json":
        print(as_json(outcome))
    else:
        show(outcome, sys.stdout)
    return 0 if comparison.same else 1


def diff(spec: Interface, patch: Path | None) -> Comparison:
    """A spec's rendering held against a patch, or against the shipped facts of its reference."""
    return _compared(spec, patch)[1]


def _compared(spec: Interface, patch: Path | None) -> tuple[str, Comparison]:
    """The path of the patch or of the facts, and the comparison."""
    carry = read_carry(spec)
    if patch:
        source, prints = patch, [fingerprint(mail, carry) for mail in read_messages([patch])]
    else:
        source, prints = shipped(spec)
    renderer = Renderer(spec.with_(banner=False))  # as no kernel's file has one
    rendering = renderer.everything()
    files = with_carry(spec, rendering.files)
    carried = read_diff(carry, str(carry_path(spec.path)))
    files |= {file.path: file.content for file in carried if file.change == "new"}
    return str(source), compare(renderer, rendering._replace(files=files), prints, str(source))


def proved(arguments: argparse.Namespace) -> int:
    """Compare the bytes of every file, modified ones too; 1 if any differs."""
    shown = arguments.since and not (arguments.rev or is_history(arguments.spec))
    if not (arguments.patch and (arguments.tree or shown)):
        message, hint = "goes with --tree DIR and a PATCH", "name the PATCH after SPEC"
        options = [name for name in ("tree", "rev", "since") if getattr(arguments, name)]
        raise refusal("no-patch", message, f"--{options[0]}" if options else arguments.spec, hint)
    if arguments.since and is_history(arguments.spec):
        hint = f"name one of its states: {arguments.spec}/NN.yaml"
        raise refusal("history", "goes with a spec, not with a history", "--since", hint)
    messages = read_messages([arguments.patch])
    since = arguments.since and load(arguments.since)
    if not arguments.tree:
        states = [prove_shown(load(arguments.spec), arguments.patch, since)]
    else:
        with reader(arguments.tree, arguments.rev) as tree:
            root = str(arguments.tree)
            if is_history(arguments.spec):
                states = list(prove_states(arguments.spec, messages, tree, root))
            else:
                states = [prove(load(arguments.spec), messages, tree, root, since)]
    proofs = [proof for state in states for proof in state]
    if arguments.format == "json":
        print(json.dumps([proof._asdict() for proof in proofs], indent=2))
    else:
        for number, state in enumerate(states, 1):
            if len(states) > 1:
                say(f"{arguments.spec}/{number:02}: {messages[number - 1].subject}", sys.stdout)
            for file in state:
                verdict = "identical" if file.identical else "DIFFERS"
                say(f"  {file.path}: {verdict}, {file.verdict}", sys.stdout)
        identical = sum(proof.identical for proof in proofs)
        files = "files" if arguments.tree else "files of its own; the kernel's need --tree DIR"
        say(f"{arguments.spec}: byte-identical {identical}/{len(proofs)} {files}", sys.stdout)
    return 0 if all(proof.identical for proof in proofs) else 1
