"""Repeat a measurement until a limit on its typical value is decided, and no longer.

After each repeat an interval is made of what was measured so far. Wholly within the limit: kept. Wholly outside:
broken. Else one more repeat is needed, and when the most repeats are spent, nothing is claimed.

The interval is Student's, of logarithms: times are multiplied by what disturbs them. Whoever looks at growing data
after each repeat errs more often than each look says, so the looks share alpha: the first one, which decides nearly
everything that is far from its limit, gets half, the others the rest in equal parts. By Bonferroni's inequality the
error over all looks is then at most alpha on either side, however the looks depend on each other.

Three values that happen to lie together say little about the noise, so the interval is never narrower than `spread`,
the least noise that such a measurement has, makes it. And what is measured in steps of 8 ms, or takes 3 ms, is not
noisy in proportion to itself: `resolution` is added before the logarithm is taken.

Two things Student's interval does badly, and the sign test well. A single disturbed value makes it so wide that limits
far away are not decided: at the last look the values' own range counts as an interval too, because n values on one
side of a median happen with a probability of 2^-n at most, whatever their distribution is. And it is about the mean,
which lies above the median where noise is skewed to the right (a disturbance makes slower, never faster): nothing is
called broken while one value keeps the limit.

Sources: Student, "The probable error of a mean" (1908); Lan, DeMets, "Discrete sequential boundaries for clinical
trials" (1983), for alpha spent look by look; Abramowitz, Stegun, "Handbook of Mathematical Functions", 26.7.3 and
26.7.4, for Student's distribution; Arbuthnott (1710), for the sign test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import fmean, stdev

TINY = 1e-9  # stands for 0, which has no logarithm


class Outcome(StrEnum):
    """What the repeats say about a limit."""

    KEPT = "kept"
    BROKEN = "broken"
    MORE = "more"  # one more repeat is needed
    SPENT = "spent"  # the most repeats are spent, and nothing is claimed


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to repeat, and how sure to be. `resolution` is in the unit of the values, `spread` a ratio."""

    fewest: int = 3
    most: int = 8
    alpha: float = 0.01  # on either side, over all looks
    resolution: float = 0.0
    spread: float = 0.03

    def __post_init__(self) -> None:
        if not 2 <= self.fewest <= self.most:
            raise ValueError(f"2 <= fewest <= most, not {self.fewest} and {self.most}")
        if not 0 < self.alpha < 0.5 or self.resolution < 0 or self.spread <= 0:
            raise ValueError("alpha must be between 0 and 0.5, resolution at least 0, and spread above 0")
        if self.alpha_of_range >= self.alpha:
            raise ValueError(f"{self.most} repeats are too few for an alpha of {self.alpha:g}")

    @property
    def alpha_of_range(self) -> float:
        """The part of alpha that the values' own range spends, at the last look."""
        return 0.5**self.most

    def alpha_at(self, repeats: int) -> float:
        """Return the part of alpha that Student's interval after so many repeats spends."""
        shared, later = self.alpha - self.alpha_of_range, self.most - self.fewest
        if later == 0:
            return shared
        return shared / 2 if repeats <= self.fewest else shared / 2 / later


def interval(values: Sequence[float], plan: Plan) -> tuple[float, float]:
    """Return the interval of the typical value at this look. With fewer than `plan.fewest` values it is endless.

    Raises `ValueError` without a value, and for one below 0.
    """
    if not values or min(values) < 0:
        raise ValueError("values are needed, and none of them below 0")
    count = len(values)
    if count < plan.fewest:
        return 0.0, math.inf
    logs = [math.log(max(value + plan.resolution, TINY)) for value in values]
    half = student(1 - plan.alpha_at(count), count - 1) * max(stdev(logs), plan.spread) / math.sqrt(count)
    low, high = (max(0.0, math.exp(fmean(logs) + side * half) - plan.resolution) for side in (-1, 1))
    if count >= plan.most:
        return min(values), min(high, max(values))
    return min(low, *values), high


def judge(bounds: tuple[float, float], at_most: float) -> Outcome:
    """Say on which side of the limit an interval is: kept, broken, or more repeats are needed."""
    low, high = bounds
    if high <= at_most:
        return Outcome.KEPT
    return Outcome.BROKEN if low > at_most else Outcome.MORE


def decide(values: Sequence[float], at_most: float, plan: Plan) -> Outcome:
    """Say whether the limit is kept, broken, another repeat is needed, or the most are spent."""
    outcome = judge(interval(values, plan), at_most) if values else Outcome.MORE
    return Outcome.SPENT if outcome is Outcome.MORE and len(values) >= plan.most else outcome


@lru_cache(maxsize=256)
def student(probability: float, freedom: int) -> float:
    """Return the quantile of Student's distribution: 31.8 for 0.99 at 1 degree of freedom. Above 0.5 only."""
    if not 0.5 < probability < 1 or freedom < 1:
        raise ValueError("a probability between 0.5 and 1, and at least one degree of freedom")
    low, high = 0.0, 2.0
    while _within(high, freedom) < 2 * probability - 1:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 2 * probability - 1 else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """Return P(|T| <= t)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term, total = (cosine, cosine if freedom > 1 else 0.0) if odd else (1.0, 1.0)
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
