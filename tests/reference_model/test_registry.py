# SPDX-License-Identifier: GPL-2.0-only
"""The registry's model against its rules, said a second time for two slots in another way."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from xenhostgen.api import load
from xenhostgen.reference_model.registry import Held, Outcome, Registry, State

REPO = Path(__file__).parents[2]
BUG = Registry(load(REPO / "specs/rfc-v1.yaml"))
ERRNO = Registry(load(REPO / "specs/xenhost.yaml"))
# Types by value: both specs have two for the first slot and one for the second, which requires
# the first.
FIRST, SECOND = {BUG: (1, 3), ERRNO: (1, 2)}, {BUG: 2, ERRNO: 3}

EMPTY: dict[Registry, Held] = {BUG: (0, None), ERRNO: (0, "xenhost_none_ops")}

registries = st.sampled_from([BUG, ERRNO])
types = st.one_of(st.integers(-2, 5), st.sampled_from([-(1 << 31), (1 << 31) - 1, 1 << 30]))
tables = st.sampled_from(["A", "B", None])


def states_of(registry: Registry) -> list[State]:
    firsts = [
        EMPTY[registry],
        *((value, ops) for value in FIRST[registry] for ops in ("A", "B", None)),
    ]
    seconds = [EMPTY[registry], *((SECOND[registry], ops) for ops in ("A", "B", None))]
    return [(first, second) for first in firsts for second in seconds]


def restated_register(
    registry: Registry, state: State, value: int, ops: str | None
) -> State | None:
    """The new state; None for misuse."""
    first, second = state
    if ops is None and registry is ERRNO:
        return None
    if value in FIRST[registry] and first == EMPTY[registry]:
        return ((value, ops), second)
    if value == SECOND[registry] and second == EMPTY[registry] and first != EMPTY[registry]:
        return (first, (value, ops))
    return None


def restated_unregister(registry: Registry, state: State, value: int) -> State | None:
    first, second = state
    if value in FIRST[registry] and first[0] == value and second == EMPTY[registry]:
        return (EMPTY[registry], second)
    if value == SECOND[registry] and second[0] == value:
        return (first, EMPTY[registry])
    held = first[0] == value if value in FIRST[registry] else second[0] == value
    known = value in FIRST[registry] or value == SECOND[registry]
    return state if registry is BUG and known and not held else None


def agrees(outcome: Outcome, state: State, expected: State | None) -> bool:
    if expected is None:
        return outcome.misuse and outcome.state == state
    return not outcome.misuse and outcome.state == expected


@given(registries, st.data(), types, tables)
def test_register(registry: Registry, data: st.DataObject, value: int, ops: str | None) -> None:
    state = data.draw(st.sampled_from(states_of(registry)))
    expected = restated_register(registry, state, value, ops)
    assert agrees(registry.register(state, value, ops), state, expected)


@given(registries, st.data(), types)
def test_unregister(registry: Registry, data: st.DataObject, value: int) -> None:
    state = data.draw(st.sampled_from(states_of(registry)))
    assert agrees(
        registry.unregister(state, value), state, restated_unregister(registry, state, value)
    )


def test_every_state_and_small_value() -> None:
    for registry in (BUG, ERRNO):
        for state in states_of(registry):
            for value in range(-2, 6):
                for ops in ("A", None):
                    expected = restated_register(registry, state, value, ops)
                    assert agrees(registry.register(state, value, ops), state, expected), (
                        state,
                        value,
                        ops,
                    )
                expected = restated_unregister(registry, state, value)
                assert agrees(registry.unregister(state, value), state, expected), (state, value)


@given(registries, st.lists(st.tuples(st.booleans(), types, tables), max_size=12))
def test_reachable_states_keep_the_promises(
    registry: Registry, calls: list[tuple[bool, int, str | None]]
) -> None:
    state = registry.initial
    for registering, value, ops in calls:
        outcome = (
            registry.register(state, value, ops)
            if registering
            else registry.unregister(state, value)
        )
        changed = [n for n in range(2) if outcome.state[n] != state[n]]
        assert len(changed) <= 1
        assert not (outcome.misuse and changed)
        state = outcome.state
        assert state[1] == EMPTY[registry] or state[0] != EMPTY[registry]
        assert registry.visited(state) == tuple(n for n in (0, 1) if state[n][0])


def test_each_misuse_has_its_errno() -> None:
    first, second = ((2, "A"), EMPTY[ERRNO]), ((2, "A"), (3, "A"))
    assert ERRNO.register(first, 0, "A").errno == "-EINVAL"
    assert ERRNO.register(ERRNO.initial, 2, None).errno == "-EINVAL"
    assert ERRNO.register(first, 1, "A").errno == "-EBUSY"
    assert ERRNO.register(ERRNO.initial, 3, "A").errno == "-ENODEV"
    assert ERRNO.unregister(first, 7).errno == "-EINVAL"
    assert ERRNO.unregister(first, 1).errno == "-ENOENT"
    assert ERRNO.unregister(second, 2).errno == "-EBUSY"
    assert ERRNO.unregister(second, 3) == Outcome(first, 6)
    assert BUG.register(first, 1, "A").errno is None


def test_each_outcome_names_its_rule() -> None:
    empty, first, second = ERRNO.initial, ((2, "A"), EMPTY[ERRNO]), ((2, "A"), (3, "A"))
    assert [ERRNO.register(empty, *call).rule for call in ((7, "A"), (2, None))] == [1, 1]
    assert ERRNO.register(first, 1, "A").rule == 2
    assert ERRNO.register(empty, 3, "A").rule == 3
    assert ERRNO.register(empty, 2, "A").rule == 4
    assert ERRNO.unregister(first, 7).rule == 1
    assert [registry.unregister(first, 1).rule for registry in (BUG, ERRNO)] == [6, 6]
    assert ERRNO.unregister(second, 2).rule == 7


def test_possible_states_are_those_of_hosts_where_they_belong() -> None:
    for registry in (BUG, ERRNO):
        here, there = (FIRST[registry][0], "A"), (SECOND[registry], "B")
        assert all(map(registry.is_possible, [registry.initial, (here, there)]))
        assert registry.is_possible((EMPTY[registry], there))  # a hole breaks another rule
        assert not registry.is_possible((there, here))
        assert not registry.is_possible((here, here))
        without_ops = ((FIRST[registry][0], None), EMPTY[registry])
        assert registry.is_possible(without_ops) == (registry is BUG)
    assert not ERRNO.is_possible(((1, "xenhost_none_ops"), EMPTY[ERRNO]))
