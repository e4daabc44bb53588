"""Is the new deployment slower than the old one? Measured in rounds, side by side, so that noise hits both.

A round times the old deployment, the new one, and both once more, in an order drawn anew. What disturbs one of them
mostly disturbs its neighbours too and cancels in d = ln(new / old); the mean of d is the ratio of geometric means. Each
side has the same number of turns: one that is asked half as often finds its caches colder, and looked 6 to 12 % slower
on identical code when an answer took less than a millisecond. Neighbouring rounds are alike, so the interval comes from
a circular block bootstrap, which keeps neighbours together.

The answer has a practical margin: `slower` says by more than the margin, `not slower` that it is less than that, and
what lies between is undecided. The control compares the old deployment with itself, in the same rounds: when it shows a
difference where there is none, so may the comparison, and nothing is claimed.

Sources: Politis, Romano, "A circular block-resampling procedure for stationary data" (1992), for the bootstrap;
Schuirmann, "A comparison of the two one-sided tests procedure" (1987), for equivalence within a margin; Hall, Horowitz,
Jing, "On blocking rules for the bootstrap with dependent data" (1995), for blocks that grow as n^(1/3).
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

RESAMPLES = 2_000
FEWEST_ROUNDS = 40  # below, a bootstrap claims more than it knows


class Change(StrEnum):
    """What the rounds say about the new deployment."""

    SLOWER = "slower"  # by more than the margin
    NOT_SLOWER = "not slower"  # by less than the margin, or faster
    UNDECIDED = "undecided"  # more rounds are needed


@dataclass(frozen=True, slots=True)
class Round:
    """Two figures of each side, for example seconds of a request. All above 0."""

    old: float
    new: float
    again: float  # the old one again
    anew: float  # the new one again


@dataclass(frozen=True, slots=True)
class Interval:
    """A ratio of latencies, 1.1 for 10 % slower, and the bounds of its confidence interval."""

    low: float
    middle: float
    high: float

    def judge(self, margin: float) -> Change:
        """Return what this interval shows, at its confidence, against a margin of 0.05 for 5 %."""
        if self.low > 1 + margin:
            return Change.SLOWER
        return Change.NOT_SLOWER if self.high < 1 + margin else Change.UNDECIDED

    def is_none(self, margin: float) -> bool:
        """Whether no difference was shown, or one that is too small to matter."""
        return self.low <= 1 <= self.high or 1 / (1 + margin) < self.low <= self.high < 1 + margin

    def __str__(self) -> str:
        """In words: `+11.2 % (+8.9 % to +13.4 %)`."""
        low, middle, high = (f"{(ratio - 1) * 100:+.1f} %" for ratio in (self.low, self.middle, self.high))
        return f"{middle} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the rounds say so far. `change` is new against old, `control` old against itself."""

    rounds: int
    margin: float
    change: Interval
    control: Interval
    drift: Interval  # the ratio of the later half of the rounds against that of the earlier half

    @property
    def is_quiet(self) -> bool:
        """Whether the instrument sees no difference where there is none."""
        return self.control.is_none(self.margin)

    @property
    def is_steady(self) -> bool:
        """Whether the ratio is that of the beginning: a side that is still warming up approaches the other one."""
        return self.drift.is_none(self.margin)

    @property
    def answer(self) -> Change:
        """The answer; undecided as long as the control or a drift forbids one."""
        return self.change.judge(self.margin) if self.is_quiet and self.is_steady else Change.UNDECIDED


def compare(rounds: Sequence[Round], *, margin: float, alpha: float, seed: int) -> Comparison:
    """Return what the rounds say. Each interval is wrong with a probability of about `alpha`.

    Whoever looks n times at growing data hands in alpha/n. Raises `ValueError` for fewer than `FEWEST_ROUNDS` rounds,
    a time that is not above 0, or a margin or alpha that is none.
    """
    if len(rounds) < FEWEST_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds are too few for an interval: at least {FEWEST_ROUNDS}")
    if not 0 < alpha < 1 or not margin > 0:
        raise ValueError(f"alpha must be between 0 and 1 and the margin above 0, not {alpha:g} and {margin:g}")
    if not all(min(each.old, each.new, each.again, each.anew) > 0 for each in rounds):
        raise ValueError("every time must be above 0 s")
    chance = random.Random(seed)  # noqa: S311 - resampling, not secrets; the same rounds give the same interval
    change = [math.log(each.new * each.anew / (each.old * each.again)) / 2 for each in rounds]
    control = [math.log(each.again / each.old) for each in rounds]
    half = len(change) // 2
    return Comparison(
        len(rounds),
        margin,
        _interval(change, alpha, chance),
        _interval(control, alpha, chance),
        _drift(change[:half], change[half:], alpha, chance),
    )


def _interval(values: Sequence[float], alpha: float, chance: random.Random) -> Interval:
    return _bounds(_resampled_means(values, chance), math.fsum(values) / len(values), alpha)


def _drift(early: Sequence[float], late: Sequence[float], alpha: float, chance: random.Random) -> Interval:
    means = zip(_resampled_means(early, chance), _resampled_means(late, chance), strict=True)
    middle = math.fsum(late) / len(late) - math.fsum(early) / len(early)
    return _bounds([after - before for before, after in means], middle, alpha)


def _bounds(means: Sequence[float], middle: float, alpha: float) -> Interval:
    """Return the percentile interval, as ratios."""
    ordered = sorted(means)
    tail = min(len(ordered) // 2, math.floor(alpha / 2 * len(ordered)))
    return Interval(math.exp(ordered[tail]), math.exp(middle), math.exp(ordered[-1 - tail]))


def _resampled_means(values: Sequence[float], chance: random.Random) -> list[float]:
    """Return the means of `RESAMPLES` series of this length, made of blocks of neighbours; the end joins the start."""
    count = len(values)
    block = max(1, round(2 * count ** (1 / 3)))
    sums = [0.0, *accumulate((*values, *values[:block]))]
    blocks = [sums[start + block] - sums[start] for start in range(count)]
    draws = math.ceil(count / block)
    return [math.fsum(chance.choices(blocks, k=draws)) / (draws * block) for _ in range(RESAMPLES)]
