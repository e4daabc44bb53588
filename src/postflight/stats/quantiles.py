"""How well a quantile is known: intervals between two of the measured values, whatever their distribution.

Of n independent values, the number below the q-quantile is binomial(n, q). So the l-th smallest value is at most the
quantile unless fewer than l values lie below it, and the u-th smallest is at least it unless u or more do. No shape of
latencies is assumed, and no mean is taken. Ties (a coarse clock) only make the interval hold more often. Values that
are taken in turns from several operations are not identically distributed; then the number below the quantile of the
mixture varies less than a binomial one does, and the interval holds all the more.

Each bound is wrong with a probability of at most `alpha`. That is what a limit needs: the true quantile is on one side
of it, and only the bound of that side can lead to a wrong answer. Below `fewest_samples` a bound does not exist: for
p95 at 5 %, the largest of 58 values may still be too small, that of 59 is not.

Sources: David, Nagaraja, "Order Statistics" (3rd ed., 2003), section 7.1; Hoeffding, "On the distribution of the
number of successes in independent trials" (1956), for mixtures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from postflight.stats.floor import at_most


@dataclass(frozen=True, slots=True)
class Estimate:
    """A quantile of `samples` values, in their unit. A bound that does not exist is infinite."""

    quantile: float
    middle: float
    low: float
    high: float
    samples: int


def estimate(values: Sequence[float], quantile: float, alpha: float) -> Estimate:
    """Return a quantile and its bounds, each wrong with a probability of at most `alpha`.

    Raises `ValueError` for no values, or a quantile or alpha that is not between 0 and 1.
    """
    _require_share("quantile", quantile)
    _require_share("alpha", alpha)
    if not values:
        raise ValueError("no values, so no quantile")
    ordered, count = sorted(values), len(values)
    below = _rank_below(count, quantile, alpha)
    above = count + 1 - _rank_below(count, 1 - quantile, alpha)  # the mirror image: the u-th smallest from above
    return Estimate(
        quantile,
        ordered[math.ceil(quantile * count) - 1],
        ordered[below - 1] if below else -math.inf,
        ordered[above - 1] if above <= count else math.inf,
        count,
    )


def fewest_samples(quantile: float, alpha: float) -> int:
    """Return the fewest values that have both bounds: 59 for p95 at 5 %, 5 for the median."""
    _require_share("quantile", quantile)
    _require_share("alpha", alpha)
    return math.ceil(math.log(alpha) / math.log(max(quantile, 1 - quantile)))


@dataclass(frozen=True, slots=True)
class Looks:
    """When growing data is looked at, in samples, and what each look may err: together at most `alpha` (Bonferroni)."""

    at: tuple[int, ...]
    alpha: float

    @property
    def each(self) -> float:
        """The alpha of one look."""
        return self.alpha / len(self.at)


def plan_looks(quantile: float, alpha: float, most: int) -> Looks:
    """Return looks from the fewest samples that can decide, doubled until `most`, and an early one.

    The early look is at a quarter of the fewest: that a high quantile is far above its limit shows soon, which spares
    many slow requests; that it is below cannot be shown yet. Raises `ValueError` when `most` samples cannot decide.
    """
    fewest = fewest_samples(quantile, alpha)
    if most < fewest:
        raise ValueError(f"p{quantile * 100:g} at {alpha:g} needs {fewest} samples, and at most {most} are allowed")
    found = (fewest,)
    # more looks make each of them stricter, so that the first needs more samples, and fewer fit
    for doubled in range(most.bit_length()):
        for early in (False, True):
            each = alpha / (doubled + 1 + early)
            first = fewest_samples(quantile, each)
            quarter = math.ceil(first / 4)
            shows = min(quantile, 1 - quantile) ** quarter <= each
            if first * 2**doubled <= most and (shows or not early):
                found = (*(quarter,) * early, *(first * 2**look for look in range(doubled + 1)))
    return Looks(found, alpha)


def _rank_below(count: int, quantile: float, alpha: float) -> int:
    """Return the largest rank l with P(fewer than l of `count` values lie below the quantile) <= alpha; 0: none."""
    low, high = 0, count + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(middle - 1, count, quantile) <= alpha else (low, middle)
    return low


def _require_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1 (p95 is 0.95), not {value:.4g}")
