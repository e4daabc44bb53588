"""Error rates: a likelihood ratio per block, for requests that fail independently of each other given the past.

    p_j: logit p_j = logit b + d_j            f_j = (p_j/b)^k * ((1-p_j)/(1-b))^(n-k)

which is exp(d_j k - n ln(1 + b(e^d_j - 1))), the form used here: exact for tiny limits too. Its mean, for n requests
that fail with probability p, is ((1 + p(e^d_j - 1)) / (1 + b(e^d_j - 1)))^n: at most 1 for p <= b when d_j > 0
(`above`), and for p >= b when d_j < 0 (`below`, the mirrored test that says when it is safe to promote).

Sources: Wald (1945), for the ratio; Lindon, Sanden, Shirikian (KDD 2022), for mixing alternatives in deployments.
"""

import math
from dataclasses import dataclass

from postflight.stats.eprocess import SequentialTest

STEPS = (0.15, 0.35, 0.7, 1.2, 2.0, 3.0, 4.5, 7.0)  # at b = 5 %: 5.8, 7.0, 9.6, 14.9, 28, 51, 83, 98 %


@dataclass(frozen=True, slots=True)
class LikelihoodRatios:
    """Likelihood ratios of the alternatives to `limit`. `steps` are the d_j: all above 0, or all below.

    Raises `ValueError` for a limit that is not between 0 and 1.
    """

    limit: float
    steps: tuple[float, ...] = STEPS

    def __post_init__(self) -> None:
        _require_between_0_and_1(self.limit)

    def log_factors(self, requests: int, bad: float) -> tuple[float, ...]:
        """Return ln f_j for each alternative."""
        return tuple(step * bad - requests * math.log1p(self.limit * math.expm1(step)) for step in self.steps)


def above(limit: float, *, alpha: float, blocks: int, cap: float = 0.0) -> SequentialTest:
    """Return the test that fires when the rate is above `limit`; wrongly, with a probability of at most `alpha`."""
    return SequentialTest(LikelihoodRatios(limit), alpha, blocks, cap)


def below(limit: float, *, alpha: float, blocks: int, cap: float = 0.0) -> SequentialTest:
    """Return the mirrored test: it fires when the rate is below `limit`, so that it is safe to promote."""
    return SequentialTest(LikelihoodRatios(limit, tuple(-step for step in STEPS)), alpha, blocks, cap)


def information_bound(limit: float, rate: float, alpha: float) -> float:
    """Return ln(1/alpha)/KL(rate, limit): requests that a test needs on average, even one that knows `rate`.

    No test with this error bound is faster (Wald 1945). Infinite when the rate is not above the limit.
    """
    _require_between_0_and_1(limit)
    if rate <= limit:
        return math.inf
    divergence = rate * math.log(rate / limit)
    if rate < 1:
        divergence += (1 - rate) * math.log((1 - rate) / (1 - limit))
    return math.log(1 / alpha) / divergence


def _require_between_0_and_1(limit: float) -> None:
    if not 0 < limit < 1:
        raise ValueError(f"a limit must be between 0 and 1 (5 % is 0.05), not {limit:.4g}")
