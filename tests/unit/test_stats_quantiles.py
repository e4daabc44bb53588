"""Intervals of quantiles: against tables, against simulation, and as laws."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.stats.quantiles import estimate, fewest_samples, plan_looks

shares = st.floats(0.01, 0.99)
latencies = st.lists(st.floats(1e-6, 60, allow_nan=False), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("quantile", "alpha", "samples"),
    [(0.95, 0.05, 59), (0.99, 0.05, 299), (0.9, 0.05, 29), (0.5, 0.05, 5), (0.05, 0.05, 59), (0.95, 0.01, 90)],
)
def test_the_fewest_samples_are_those_of_the_tables(quantile: float, alpha: float, samples: int) -> None:
    assert fewest_samples(quantile, alpha) == samples
    values = [float(value) for value in range(samples)]
    enough, too_few = estimate(values, quantile, alpha), estimate(values[:-1], quantile, alpha)
    assert math.isfinite(enough.low)
    assert math.isfinite(enough.high)
    assert math.isinf(too_few.high if quantile >= 0.5 else too_few.low)


def test_the_median_of_ten_is_between_the_second_and_the_ninth() -> None:
    """David, Nagaraja, table of 7.1: P(X_2 <= median <= X_9) = 0.979 for ten values."""
    found = estimate([float(value) for value in range(1, 11)], 0.5, 0.025)
    assert (found.low, found.middle, found.high) == (2, 5, 9)


@given(latencies, shares, st.floats(0.001, 0.4))
def test_an_interval_holds_its_estimate_and_is_made_of_what_was_measured(
    values: list[float], quantile: float, alpha: float
) -> None:
    found = estimate(values, quantile, alpha)
    assert found.middle in values
    assert found.low in {*values, -math.inf}
    assert found.high in {*values, math.inf}
    if alpha <= 0.1:  # with larger ones the bounds come so near that few values' rounding lies between them
        assert found.low <= found.middle <= found.high


@given(latencies, shares, st.floats(0.01, 100))
def test_the_unit_does_not_matter(values: list[float], quantile: float, factor: float) -> None:
    scaled = estimate([value * factor for value in values], quantile, 0.05)
    found = estimate(values, quantile, 0.05)
    assert (scaled.low, scaled.middle, scaled.high) == pytest.approx(
        (found.low * factor, found.middle * factor, found.high * factor)
    )


@given(shares, st.floats(0.001, 0.2), st.integers(0, 2000))
def test_looks_share_their_error_and_never_pass_the_most(quantile: float, alpha: float, more: int) -> None:
    most = fewest_samples(quantile, alpha) + more
    looks = plan_looks(quantile, alpha, most)
    assert fewest_samples(quantile, looks.each) in looks.at[:2]  # before it, at most the early look
    assert list(looks.at) == sorted(set(looks.at))
    assert looks.at[-1] <= most
    assert looks.each * len(looks.at) == pytest.approx(alpha)


def test_looks_at_a_high_quantile_begin_early() -> None:
    assert plan_looks(0.95, 0.05, 400).at == (22, 86, 172, 344)
    assert plan_looks(0.5, 0.05, 60).at == (7, 14, 28, 56)  # a quarter of seven could show nothing


@pytest.mark.parametrize(("quantile", "most"), [(0.5, 80), (0.95, 320)])
def test_bounds_miss_no_more_often_than_they_may(quantile: float, most: int) -> None:
    """Log-normal latencies; every look counts. 400 repetitions: at 5 %, more than 33 misses happen once in 1,000."""
    chance = random.Random(7)
    truth = math.exp({0.5: 0.0, 0.95: 1.6448536}[quantile])
    looks = plan_looks(quantile, 0.05, most)
    missed = {"low": 0, "high": 0}
    for _ in range(400):
        values = [chance.lognormvariate(0, 1) for _ in range(looks.at[-1])]
        found = [estimate(values[:count], quantile, looks.each) for count in looks.at]
        missed["low"] += any(one.low > truth for one in found)
        missed["high"] += any(one.high < truth for one in found)
    assert max(missed.values()) <= 33, missed


def test_turns_of_unlike_operations_miss_less_often() -> None:
    """The 95th percentile of a mixture that is taken in turns: Hoeffding's case."""
    chance = random.Random(11)
    missed = 0
    for _ in range(300):  # one of ten operations takes 1 to 2 s, so p95 of all is 1.5 s
        values = [1 + chance.random() if turn % 10 == 0 else chance.random() / 10 for turn in range(200)]
        found = estimate(values, 0.95, 0.05)
        missed += not found.low <= 1.5 <= found.high
    assert missed <= 15


@pytest.mark.parametrize(("quantile", "alpha"), [(0, 0.05), (1, 0.05), (0.5, 0), (0.5, 1)])
def test_what_is_no_share_is_refused(quantile: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        estimate([1.0], quantile, alpha)


def test_too_few_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match=r"p95 at 0.05 needs 59 samples, and at most 58 are allowed"):
        plan_looks(0.95, 0.05, 58)
    with pytest.raises(ValueError, match="no values"):
        estimate([], 0.5, 0.05)
