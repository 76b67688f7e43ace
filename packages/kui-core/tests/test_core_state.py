"""State: a dictionary with attributes."""

import asyncio
import copy
import keyword
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import State

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.from_regex("[a-z][a-z0-9_]*", fullmatch=True).filter(
    lambda name: not hasattr(State, name) and not keyword.iskeyword(name)
)
values = st.integers() | st.text()


@unhurried
@given(st.dictionaries(names, values), st.dictionaries(names, values))
def test_a_state_is_the_dictionary_of_what_was_put_into_it(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    state, plain = State(first), dict(first)
    for name, value in second.items():
        setattr(state, name, value)
        plain[name] = value
    assert state == plain
    assert list(state.items()) == list(plain.items())
    assert all(getattr(state, name) == state[name] == plain[name] for name in plain)
    for name in first:
        delattr(state, name)
        del plain[name]
    assert state == plain


def test_a_missing_attribute_names_what_is_there() -> None:
    with pytest.raises(AttributeError, match=r"^the state has no 'user'; it has: nothing$"):
        _ = State().user
    with pytest.raises(AttributeError, match=r"^the state has no 'user'; it has: a, 1$"):
        del State({"a": 1, 1: 2}).user


def test_the_message_for_a_missing_attribute_stays_short() -> None:
    with pytest.raises(AttributeError, match=r"it has: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, \.\.\.$"):
        _ = State(dict.fromkeys(range(1000))).user


@pytest.mark.parametrize("name", ["items", "copy", "_lock", "__class__"])
def test_the_states_own_names_are_keys_only(name: str) -> None:
    state = State({name: 1})
    with pytest.raises(
        AttributeError, match=rf"'{name}' is the state's own; as a key it is state\['{name}'\]"
    ):
        setattr(state, name, 2)
    with pytest.raises(AttributeError, match="is the state's own"):
        delattr(state, name)
    assert state[name] == 1


COPIES: list[Callable[[State], Any]] = [
    copy.copy,
    copy.deepcopy,
    State.copy,
    lambda state: pickle.loads(pickle.dumps(state)),
]


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_copy_is_a_state_of_its_own(duplicate: Callable[[State], Any]) -> None:
    state = State(user="ada")
    other = duplicate(state)
    other.user = "grace"
    assert type(other) is State
    assert (state.user, other.user) == ("ada", "grace")
    with state, other:  # which have a lock each
        pass


def test_a_state_that_holds_itself_can_be_copied() -> None:
    state = State()
    state.me = state
    other = copy.deepcopy(state)
    assert other.me is other


def test_the_lock_keeps_threads_apart() -> None:
    state = State(busy=False, clashes=0)
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(50):
            with state as held:
                held.clashes += held.busy
                held.busy = True
                held.busy = False

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.clashes == 0


async def test_the_async_lock_keeps_tasks_apart() -> None:
    state = State(log=[])

    async def work(name: str) -> None:
        async with state as held:
            held.log.append(name)
            await asyncio.sleep(0)
            held.log.append(name)

    await asyncio.gather(work("a"), work("b"))
    assert state.log == ["a", "a", "b", "b"]
