"""The highest rate that holds: from steps to an interval, with and without noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from postflight.load.judging.breakpoint import Breakpoint, Outcome, Step, find_breakpoint, next_rate

HELD, BROKEN, UNKNOWN = Outcome.HELD, Outcome.BROKEN, Outcome.UNKNOWN


def steps(*pairs: tuple[float, Outcome]) -> list[Step]:
    return [Step(rate, outcome, f"p95 at {rate:g}" if outcome is BROKEN else "") for rate, outcome in pairs]


def test_the_limit_lies_between_the_highest_that_held_and_the_lowest_that_broke() -> None:
    found = find_breakpoint(steps((10, HELD), (20, HELD), (30, BROKEN), (40, BROKEN)))
    assert found == Breakpoint(20, 30, confirmed=True, why="p95 at 30")
    assert str(found) == "holds 20 /s, breaks at 30 /s: p95 at 30"


def test_a_break_that_was_seen_once_says_so() -> None:
    found = find_breakpoint(steps((10, HELD), (20, BROKEN)))
    assert (found.held, found.broken, found.confirmed) == (10, 20, False)
    assert "seen once only" in str(found)


def test_a_break_below_a_rate_that_held_is_noise() -> None:
    assert find_breakpoint(steps((10, BROKEN), (20, HELD), (30, BROKEN), (30, BROKEN))).held == 20


def test_a_step_that_breaks_and_then_holds_twice_holds() -> None:
    assert find_breakpoint(steps((10, HELD), (20, BROKEN), (20, HELD), (20, HELD))) == Breakpoint(20, None, False)


def test_steps_without_evidence_say_nothing() -> None:
    assert find_breakpoint(steps((10, HELD), (20, UNKNOWN))) == Breakpoint(10, None, confirmed=False)
    assert str(find_breakpoint(steps((10, UNKNOWN)))) == "no step could be judged"
    assert str(find_breakpoint([])) == "no step could be judged"


def test_not_even_the_lowest_rate_may_hold() -> None:
    found = find_breakpoint(steps((10, BROKEN), (10, BROKEN)))
    assert (found.held, found.broken) == (None, 10)
    assert "not even the lowest" in str(found)


def test_a_limit_that_was_not_found_is_said_to_lie_above() -> None:
    assert "the limit lies above" in str(find_breakpoint(steps((10, HELD), (20, HELD))))


@given(limit=some.floats(min_value=5, max_value=400))
def test_the_search_ends_with_an_interval_around_the_truth(limit: float) -> None:
    """A platform that holds exactly up to `limit`: steps of 10 up to 300 find it to a quarter of a step."""
    run: list[Step] = []
    while (rate := next_rate(run, first=10, by=10, up_to=300)) is not None:
        run += steps((rate, HELD if rate <= limit else BROKEN))
        assert len(run) < 50
    found = find_breakpoint(run)
    if limit >= 300:
        assert (found.held, found.broken) == (300, None)
    else:
        assert found.confirmed
        assert (found.held or 0) <= limit < (found.broken or 0)
        assert (found.broken or 0) - (found.held or 0) <= 2.5


@pytest.mark.parametrize("noisy", range(1, 6))
def test_one_noisy_step_does_not_end_the_search(noisy: int) -> None:
    run: list[Step] = []
    while (rate := next_rate(run, first=10, by=10, up_to=100)) is not None:
        honest = HELD if rate <= 55 else BROKEN
        run += steps((rate, BROKEN if len(run) + 1 == noisy else honest))
        assert len(run) < 50
    assert (find_breakpoint(run).held or 0) >= 47.5
