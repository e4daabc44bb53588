"""The evidence floor: how many requests a claim about a success rate needs. Below it the answer is "unknown".

Exact binomial bounds, not the normal approximation: 0 failures are the usual case here, and there the approximation
claims certainty. Source: Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the
binomial" (1934).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

MOST_REQUESTS = 10**9  # no claim here is about more; keeps the search bounded


class Proof(StrEnum):
    """What the requests say about a claim."""

    SHOWN = "shown"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Claim:
    """`success` (a ratio, 0.995) at `confidence` (0.99), and what `failures` of `requests` say about it.

    `more_needed` is how many more requests without a failure would show it; None when it is answered, or too far off.
    """

    success: float
    confidence: float
    requests: int
    failures: int
    proof: Proof
    more_needed: int | None

    def __str__(self) -> str:
        """In words: `99.5 % at 99 % confidence is unknown from 0 failures in 200 requests: 719 more needed`."""
        text = (
            f"{self.success * 100:.6g} % at {self.confidence * 100:.6g} % confidence is {self.proof}"
            f" from {self.failures} failures in {self.requests} requests"
        )
        return text if self.more_needed is None else f"{text}: {self.more_needed} more needed"


def judge(success: float, confidence: float, *, requests: int, failures: int) -> Claim:
    """Return what `failures` of `requests` say about the claim. Raises `ValueError` for impossible numbers."""
    _require_ratio("success", success)
    _require_ratio("confidence", confidence)
    if not 0 <= failures <= requests:
        raise ValueError(f"0 <= failures <= requests, not {failures} of {requests}")
    limit, doubt = 1 - success, 1 - confidence
    if requests and at_most(failures, requests, limit) <= doubt:
        return Claim(success, confidence, requests, failures, Proof.SHOWN, None)
    if failures and 1 - at_most(failures - 1, requests, limit) <= doubt:
        return Claim(success, confidence, requests, failures, Proof.REFUTED, None)
    needed = requests_needed(success, confidence, failures)
    more = None if needed is None else needed - requests
    return Claim(success, confidence, requests, failures, Proof.UNKNOWN, more)


def requests_needed(success: float, confidence: float, failures: int = 0) -> int | None:
    """Return the fewest requests, `failures` of them bad, that show `success`: 90 for 95 % at 99 %, 919 for 99.5 %.

    None when it would take more than a billion.
    """
    _require_ratio("success", success)
    _require_ratio("confidence", confidence)
    limit, doubt = 1 - success, 1 - confidence
    if failures == 0:
        return math.ceil(math.log(doubt) / math.log1p(-limit))
    low, high = failures, 2 * failures + 1
    while at_most(failures, high, limit) > doubt:
        low, high = high, 2 * high
        if high > MOST_REQUESTS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_most(failures, middle, limit) > doubt else (low, middle)
    return high


def largest_rate(requests: int, failures: int, confidence: float) -> float:
    """Return the one-sided upper Clopper-Pearson bound of the failure rate: 1 when nothing was measured."""
    _require_ratio("confidence", confidence)
    if failures >= requests:
        return 1.0
    low, high = failures / requests, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(failures, requests, middle) > 1 - confidence else (low, middle)
    return high


def rate_interval(requests: int, failures: int, confidence: float) -> tuple[float, float]:
    """Return the two-sided Clopper-Pearson interval of the failure rate: (0, 1) when nothing was measured."""
    each = (1 + confidence) / 2  # half of the doubt on either side
    return 1 - largest_rate(requests, requests - failures, each), largest_rate(requests, failures, each)


def at_most(failures: int, requests: int, rate: float) -> float:
    """Return P(X <= failures) for X ~ Binomial(requests, rate), 0 < rate < 1."""
    if failures >= requests:
        return 1.0
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    log_all = math.lgamma(requests + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(
                log_all - math.lgamma(k + 1) - math.lgamma(requests - k + 1) + k * log_rate + (requests - k) * log_rest
            )
            for k in range(failures + 1)
        ),
    )


def _require_ratio(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1 (99 % is 0.99), not {value:.4g}")
