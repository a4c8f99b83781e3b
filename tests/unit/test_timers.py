"""The timers of a partition: in order, each once, at the cost of what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.shell.timers import FEW, Timers

MORNING = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
"""08:30 in Shanghai, when everything that came in at night is due at once."""


def later(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def taken(timers: Timers, now: datetime) -> list[tuple[datetime, str]]:
    return list(timers.take(now))


def test_timers_run_out_in_order_of_their_moments_whether_read_or_set() -> None:
    timers = Timers([("c", later(3)), ("a", later(1))])
    timers.set("b", later(2))
    timers.set("d", later(9))
    assert taken(timers, later(5)) == [(later(1), "a"), (later(2), "b"), (later(3), "c")]
    assert timers.next() == later(9)


def test_thousands_at_the_same_second_come_once_each_and_in_a_fixed_order() -> None:
    timers = Timers((f"case-{n:05}", MORNING) for n in reversed(range(5_000)))
    for n in range(5_000, 6_000):
        timers.set(f"case-{n:05}", MORNING)
    assert [case for _, case in timers.take(MORNING)] == [f"case-{n:05}" for n in range(6_000)]
    assert taken(timers, later(1_000)) == []


def test_a_timer_that_moved_runs_out_at_its_new_moment_alone() -> None:
    timers = Timers([("a", later(1)), ("b", later(5))])
    timers.set("a", later(7))
    timers.set("b", later(2))
    assert taken(timers, later(6)) == [(later(2), "b")]
    assert taken(timers, later(9)) == [(later(7), "a")]


def test_a_timer_that_was_taken_back_never_runs_out() -> None:
    timers = Timers([("a", later(1))])
    timers.set("b", later(1))
    for case in ("a", "b"):
        timers.set(case, None)
    assert timers.next() is None
    assert taken(timers, later(9)) == []


def test_a_timer_that_is_set_while_others_run_out_comes_in_its_turn() -> None:
    timers = Timers([("a", later(1)), ("c", later(3))])
    seen = []
    for at, case in timers.take(later(5)):
        seen.append(case)
        if at == later(1):
            timers.set("a", at + timedelta(seconds=1))
    assert seen == ["a", "a", "c"]


def test_looking_ahead_takes_nothing() -> None:
    timers = Timers([("a", later(1)), ("b", later(5))])
    timers.set("c", later(2))
    timers.set("a", later(3))
    assert timers.until(later(4)) == {"a": later(3), "c": later(2)}
    assert len(taken(timers, later(9))) == 3


def test_memory_follows_the_open_cases_however_often_their_timers_move() -> None:
    timers = Timers((f"case-{n}", later(n)) for n in range(100))
    for turn in range(200):
        for n in range(100):
            timers.set(f"case-{n}", later(1_000 + n + turn))
    assert len(timers) <= 3 * 100 + FEW
    assert len(taken(timers, later(10_000))) == 100


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 20)),
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.none() | st.integers(0, 40)) | st.integers(0, 40)
    ),
)
def test_they_do_what_a_plain_table_does(
    begun: dict[str, int], steps: list[tuple[str, int | None] | int]
) -> None:
    """Against a dictionary that is searched through each time."""
    timers, plain = Timers((case, later(at)) for case, at in begun.items()), dict(begun)
    for step in steps:
        if isinstance(step, tuple):
            case, moment = step
            timers.set(case, None if moment is None else later(moment))
            plain.pop(case, None)
            if moment is not None:
                plain[case] = moment
            continue
        due = sorted((at, case) for case, at in plain.items() if at <= step)
        assert taken(timers, later(step)) == [(later(at), case) for at, case in due]
        plain = {case: at for case, at in plain.items() if at > step}
        assert timers.next() == (later(min(plain.values())) if plain else None)
