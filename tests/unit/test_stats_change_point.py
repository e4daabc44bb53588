"""The last shift of a series: what is found, what is not, and how often nothing is taken for something."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.stats.change_point import _pettitt, last_change


def noisy(seed: int, *levels: tuple[int, float]) -> list[float]:
    """Log-normal values around each level, as runs on a busy machine have them."""
    dice = random.Random(seed)
    return [level * dice.lognormvariate(0, 0.15) for count, level in levels for _ in range(count)]


def test_a_shift_is_found_where_it_is() -> None:
    found = last_change(noisy(1, (20, 1.0), (12, 1.4)), 0.01)
    assert found is not None
    assert abs(found.index - 20) <= 1
    assert found.ratio == pytest.approx(0.4, abs=0.15)


def test_the_last_of_two_shifts_is_told_against_what_was_between_them() -> None:
    found = last_change(noisy(2, (20, 1.0), (20, 2.0), (20, 1.5)), 0.01)
    assert found is not None
    assert (abs(found.index - 40) <= 1, abs(found.start - 20) <= 1) == (True, True)
    assert found.ratio == pytest.approx(-0.25, abs=0.1)


def test_exact_counts_shift_too() -> None:
    found = last_change([170_000.0] * 12 + [190_000.0] * 8, 0.01)
    assert found is not None
    assert (found.index, found.before, found.after) == (12, 170_000, 190_000)
    assert last_change([0.0] * 12 + [3.0] * 12, 0.01).ratio == float("inf")  # type: ignore[union-attr]  # it is found


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [5.0] * 50, [1.0] * 10 + [9.0], [1, 2] * 20])
def test_no_shift_is_told_of_too_little_and_of_one_outlier(values: list[float]) -> None:
    assert last_change(values, 0.01) is None


def test_pettitts_statistic_is_that_of_the_paper() -> None:
    """Of 3 and 3 values that differ wholly: U = 9, and the p-value is capped."""
    assert _pettitt([1, 2, 3, 7, 8, 9]) == (3, pytest.approx(2 * 2.718281828 ** (-6 * 81 / (216 + 36)), rel=1e-6))


@given(st.lists(st.floats(0.001, 1000), max_size=40), st.floats(0.01, 100))
def test_the_unit_does_not_matter(values: list[float], factor: float) -> None:
    found, scaled = last_change(values, 0.2), last_change([value * factor for value in values], 0.2)
    assert (found and found.p) == (scaled and scaled.p) or len({v * factor for v in values}) < len(set(values))


@pytest.mark.parametrize("runs", [15, 40])
def test_series_without_a_shift_alarm_no_more_often_than_they_may(runs: int) -> None:
    """1,000 series at 5 %: more than 66 alarms would happen once in 100."""
    alarms = sum(last_change(noisy(seed, (runs, 1.0)), 0.05) is not None for seed in range(1000))
    assert alarms <= 66


def test_a_quarter_more_is_found_in_most_series() -> None:
    found = [last_change(noisy(seed, (20, 1.0), (20, 1.25)), 0.01) for seed in range(200)]
    assert sum(each is not None and abs(each.index - 20) <= 3 for each in found) >= 160


def test_an_alpha_that_is_none() -> None:
    with pytest.raises(ValueError, match="alpha must be"):
        last_change([1.0], 0)


def test_what_is_mostly_nothing_before_and_after_has_not_shifted_without_end() -> None:
    """Its ranks fall, as fewer of the values are something; what is told of it are medians, and they are the same."""
    found = last_change([0.0, 5.0, 0.0, 5.0, 0.0] * 8 + [0.0] * 60, 0.01)
    assert found is not None
    assert (found.before, found.after, found.ratio) == (0.0, 0.0, 0.0)
