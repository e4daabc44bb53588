"""Rules without statistics."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postflight.stats.streaks import ConsecutiveFailures, HeldGauge

untimed = settings(deadline=None)  # a slow machine is no failure


@untimed
@given(st.lists(st.booleans() | st.none(), max_size=30), st.integers(1, 4))
def test_consecutive_failures_fire_as_counted_by_hand(outcomes, needed):
    state = ConsecutiveFailures(needed)
    for outcome in outcomes:
        state = state.update(outcome)
    seen = "".join("." if outcome else "x" for outcome in outcomes if outcome is not None)
    assert state.fired == ("x" * needed in seen)
    assert state.missing == outcomes.count(None)


def hold(samples: list[tuple[float, float | None]], **options: float) -> HeldGauge:
    state = HeldGauge(20, hold_for=120, **options)
    for at, value in samples:
        state = state.update(at, value)
    return state


def test_a_gauge_fires_when_it_stays_at_the_level_for_the_whole_time():
    assert not hold([(t, 20) for t in range(0, 120, 30)]).fired
    assert hold([(t, 20) for t in range(0, 121, 30)]).fired


def test_one_sample_below_the_level_begins_anew():
    assert not hold([(t, 19 if t == 60 else 25) for t in range(0, 181, 30)]).fired
    assert hold([(t, 19 if t == 60 else 25) for t in range(0, 211, 30)]).fired


def test_missing_samples_neither_count_nor_clear():
    samples = [(0, 25), (60, 25), (90, None), (200, None), (210, 25), (240, 25)]
    assert hold(samples).held == 90
    assert not hold(samples).fired
    assert hold([*samples, (270, 25)]).fired


def test_a_hole_between_two_samples_does_not_count():
    assert not hold([(0, 25), (1000, 25)]).fired
    assert hold([(0, 25), (1000, 25)], stale_after=1000).fired


def test_a_fired_gauge_stays_fired():
    assert hold([(0, 25), (60, 25), (120, 25), (130, 0)]).fired


def test_clocks_that_run_backwards_are_refused():
    with pytest.raises(ValueError, match="monotonic"):
        hold([(10, 25), (9, 25)])


@pytest.mark.parametrize(
    "make", [lambda: ConsecutiveFailures(0), lambda: HeldGauge(20, 0), lambda: HeldGauge(1, 1, -1)]
)
def test_rules_that_make_no_sense_are_refused(make):
    with pytest.raises(ValueError, match=r"at least 1|above 0"):
        make()
