"""Latencies: a bet per block, for slow answers that come in clusters.

"p95 above 5 s" says: more than 5 % of the answers take longer than 5 s. So the limit is a share b of slow answers (a
request without an answer is slow). Slow answers are not independent: one full queue delays all that stand in it. A
likelihood ratio would count each as news. The betting form takes a block's mean xbar as one number and asks only that
its mean is at most b given the past, whatever the dependence inside the block:

    f_j = 1 + lambda_j (xbar - b)         lambda_j b in {.05 ... .97}, so that f_j stays above 0

Mirrored (`below`): f_j = 1 + lambda_j (b - xbar) with lambda_j (1 - b) in the same set. What clusters *across* blocks
still breaks the assumption: choose blocks longer than the queues.

Source: Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 2024).
"""

import math
from dataclasses import dataclass

from postflight.stats.eprocess import SequentialTest

STAKES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.97)  # what one block may lose, as a share of the evidence


@dataclass(frozen=True, slots=True)
class Bets:
    """Bets that the share of bad requests is above `limit`, or below it when `mirrored`.

    Raises `ValueError` for a limit that is not between 0 and 1.
    """

    limit: float
    mirrored: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.limit < 1:
            raise ValueError(f"a limit must be between 0 and 1 (p95 is 0.05), not {self.limit:.4g}")

    def log_factors(self, requests: int, bad: float) -> tuple[float, ...]:
        """Return ln f_j for each stake."""
        mean = bad / requests
        direction, largest_loss = (-1, 1 - self.limit) if self.mirrored else (1, self.limit)
        gain = direction * (mean - self.limit) / largest_loss
        return tuple(math.log1p(stake * gain) for stake in STAKES)


def above(limit: float, *, alpha: float, blocks: int, cap: float = 0.0) -> SequentialTest:
    """Return the test that fires when the share of slow answers is above `limit`."""
    return SequentialTest(Bets(limit), alpha, blocks, cap)


def below(limit: float, *, alpha: float, blocks: int, cap: float = 0.0) -> SequentialTest:
    """Return the mirrored test: it fires when the share of slow answers is below `limit`.

    It is slow: a block without one slow answer multiplies the evidence by at most 1/(1 - limit), so that p95 (5 %) at
    alpha = 1 % takes 136 blocks. See `SequentialTest.fewest_blocks` before you wait for it.
    """
    return SequentialTest(Bets(limit, mirrored=True), alpha, blocks, cap)
