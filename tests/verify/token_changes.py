# SPDX-License-Identifier: GPL-2.0-only
"""Changes of one token, found by walking the code tokens of a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from xenhostgen.csource.tokens import Kind, Token, code_tokens

_OTHER = {
    **{
        "==": "!=",
        "!=": "==",
        "&&": "||",
        "||": "&&",
        "<": "<=",
        "!": "",
        "++": "--",
        "&": "",
        "*": "",
    },
    **{
        "const": "",
        "static": "",
        "extern": "",
        "break": "",
        "return": "",
        "struct": "union",
        "inline": "",
    },
    **{"int": "long", "uint32_t": "u8", "type": "ops", "ops": "type", "switch": "while"},
    **{"EXPORT_SYMBOL_GPL": "EXPORT_SYMBOL", "BUG": "WARN", "BUG_ON": "WARN_ON", "if": "while"},
    **{
        "EINVAL": "EPERM",
        "EBUSY": "EINVAL",
        "ENODEV": "EBUSY",
        "ENOENT": "EINVAL",
        "NULL": "(void *)8",
    },
    **{"__ro_after_init": "", "asmlinkage": "", "__init": "", "__visible": ""},
}


@dataclass(frozen=True)
class TokenChange:
    """One token of a file that becomes another; ``near`` is the line that it stands on."""

    file: str
    line: int
    column: int
    old: str
    new: str
    near: str

    def __str__(self) -> str:
        return f"{self.file.rsplit('/', 1)[-1]}: {self.near}: {self.old} -> {self.new or 'nothing'}"

    def apply(self, text: str) -> str:
        """The text with this change."""
        lines = text.split("\n")
        row, start = lines[self.line - 1], self.column - 1
        assert row[start:].startswith(self.old)
        lines[self.line - 1] = row[:start] + self.new + row[start + len(self.old) :]
        return "\n".join(lines)


def token_changes(
    file: str, text: str, alike: tuple[tuple[str, ...], ...]
) -> Iterator[TokenChange]:
    """Every token that has another to become: a fixed opposite, or the next of its like."""
    following = {
        name: names[(n + 1) % len(names)] for names in alike for n, name in enumerate(names)
    }
    lines = text.split("\n")
    for token in code_tokens(text):
        new = _other(token, following)
        if new is not None:
            near = " ".join(lines[token.line - 1].split())
            yield TokenChange(file, token.line, token.column, token.text, new, near)


def _other(token: Token, following: dict[str, str]) -> str | None:
    if token.kind is Kind.NUMBER:
        return str(int(token.text, 0) + 1)
    return following.get(token.text, _OTHER.get(token.text))
