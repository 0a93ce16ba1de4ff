# SPDX-License-Identifier: GPL-2.0-only
"""Rules 1 to 8: what registering, unregistering and iterating must do.

A state holds for each slot the type's value and the ops table's name; an empty slot has the type
0, and the table ``none`` where there is one, else no table. The rules, by the numbers that specs
and findings use:

1. A slot takes only the types it lists. Any other value is misuse, and so are no ops where the
   spec has an errno for them.
2. Registering into a taken slot is misuse.
3. Registering into a slot whose required slot is empty is misuse.
4. On success exactly that slot changes: its type and its ops pointer are those given.
5. Misuse is reported the way the spec says, and nothing has changed by then.
6. Unregistering a type removes the host of that type and nothing else; another type stays.
7. A slot that another taken slot requires can't be emptied first.
8. Iteration visits exactly the registered hosts, each once, in slot order. The cursor is an lvalue
   without side effects; ``break``, ``else`` and nesting work, and it is NULL in the end.
13. Nothing but the slots changes, and these only by registering and unregistering.
"""

from typing import NamedTuple

from xenhostgen.spec.model import Interface

Held = tuple[int, str | None]
State = tuple[Held, ...]


class Outcome(NamedTuple):
    """What a call must lead to.

    ``rule`` is the rule that decides this case. ``errno`` is the result in C, 0 for success; None
    where misuse is a BUG. ``reason``: why it is misuse, as the spec's errnos are named.
    """

    state: State
    rule: int
    errno: str | None = "0"
    reason: str = ""

    @property
    def misuse(self) -> bool:
        """Whether the call must be refused."""
        return self.errno != "0"


class Registry:
    """The rules for one interface's slots."""

    def __init__(self, spec: Interface) -> None:
        self.misuse = spec.registry.misuse
        values = spec.values
        self.home = {values[name]: n for n, slot in enumerate(spec.slots) for name in slot.accepts}
        index = {slot.name: n for n, slot in enumerate(spec.slots)}
        self.requires = [index[slot.requires] if slot.requires else None for slot in spec.slots]
        self.empty: Held = (0, spec.none or None)
        self.initial: State = (self.empty,) * len(spec.slots)

    def register(self, state: State, type_value: int, ops: str | None) -> Outcome:
        """Rules 1 to 5."""
        home = self.home.get(type_value)
        if home is None:
            return self.refused(state, 1, "type")
        if ops is None and self.misuse:
            return self.refused(state, 1, "ops")
        if self.is_taken(state[home]):
            return self.refused(state, 2, "occupied")
        if self.requires[home] not in (None, *self.visited(state)):
            return self.refused(state, 3, "requires")
        return Outcome((*state[:home], (type_value, ops), *state[home + 1 :]), 4)

    def unregister(self, state: State, type_value: int) -> Outcome:
        """Rules 1 and 5 to 7."""
        home = self.home.get(type_value)
        if home is None:
            return self.refused(state, 1, "type")
        if state[home][0] != type_value:
            # Where misuse is a BUG, removing what isn't there is none: rule 6 only says what stays.
            return self.refused(state, 6, "absent") if self.misuse else Outcome(state, 6)
        if home in [self.requires[taken] for taken in self.visited(state)]:
            return self.refused(state, 7, "required")
        return Outcome((*state[:home], self.empty, *state[home + 1 :]), 6)

    def visited(self, state: State) -> tuple[int, ...]:
        """Rule 8: the indexes of the slots that iteration visits, in order."""
        return tuple(n for n, held in enumerate(state) if self.is_taken(held))

    def is_possible(self, state: State) -> bool:
        """Whether each slot is empty, or holds a host that it may hold."""
        lacking = (None, self.empty[1]) if self.misuse else ()
        return all(
            held == self.empty or (self.home.get(held[0]) == n and held[1] not in lacking)
            for n, held in enumerate(state)
        )

    def is_taken(self, held: Held) -> bool:
        """Whether a slot holds a host."""
        return held != self.empty

    def refused(self, state: State, rule: int, reason: str) -> Outcome:
        """Misuse: the state stays as it is (rule 5)."""
        errno = getattr(self.misuse, reason) if self.misuse else None
        return Outcome(state, rule, errno, reason)
