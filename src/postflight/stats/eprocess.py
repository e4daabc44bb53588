"""The sequential test behind the triggers: evidence from block after block, one error bound for the whole watch.

For each alternative j ("errors are at 10 %", "at 30 %", ...) a block of the watch gives a factor f_j whose mean is at
most 1 while the deployment keeps its limit. From these:

    M_j <- M_j * f_j            bad since the watch began
    S_j <- (1 + S_j) * f_j      bad since some block (Shiryaev-Roberts)
    E    = mean(M_j)/2 + mean(S_j)/(2K)         K: blocks in the watch

E_t + (K - t)/(2K) is a non-negative supermartingale that starts at 1. So, by Ville's inequality, a deployment that
keeps its limit has E >= 1/alpha *at any time* of the watch with a probability of at most alpha, however often one
looks.

Factors are capped at c < 1/alpha: E grows in one block to at most c * (E + 1/(2K)), so a single bad block among good
ones, a blip, never fires. A cap only lowers a factor's mean, so the bound stays. All is held in logarithms; nothing
overflows.

Sources: Ville, "Etude critique de la notion de collectif" (1939); Wald, "Sequential tests of statistical hypotheses"
(1945); Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (2022), for
S_j; Lindon, Sanden, Shirikian, "Rapid Regression Detection in Software Deployments through Sequential Testing" (KDD
2022).
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from postflight.stats.blocks import Block

LARGEST_LOG = math.log(sys.float_info.max)


class Factors(Protocol):
    """What one block says about each alternative. See `rates` and `latencies`."""

    @property
    def limit(self) -> float:
        """The share of bad requests up to which (or, mirrored, from which on) every factor has a mean of at most 1."""

    def log_factors(self, requests: int, bad: float) -> tuple[float, ...]:
        """Return ln f_j for each alternative j, not yet capped. `requests` >= 1; `bad` may be an expected number."""


@dataclass(frozen=True, slots=True)
class SequentialTest:
    """A test of one limit over a watch of at most `blocks` blocks, wrong with a probability of at most `alpha`.

    The cap of a block's factors is 2/sqrt(alpha) unless given: 20 at alpha = 1 %. There, two bad blocks at the watch's
    start fire as soon as half of the alternatives see them as bad, and one never does; the same holds for any other
    alpha. Raises `ValueError` for an alpha, cap or number of blocks with which this cannot be kept.
    """

    factors: Factors
    alpha: float
    blocks: int
    cap: float = 0.0  # 0: 2/sqrt(alpha)

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.25:
            raise ValueError(f"alpha must be above 0 and below 25 %, not {self.alpha:.4g}")
        if self.blocks < 1:
            raise ValueError(f"a watch needs at least one block, not {self.blocks}")
        if self.cap == 0:
            object.__setattr__(self, "cap", 2 / math.sqrt(self.alpha))
        if not 1 < self.cap < 1 / self.alpha:
            raise ValueError(
                f"the cap must be above 1 and below 1/alpha = {1 / self.alpha:.4g}, or one bad block alone could fire;"
                f" it is {self.cap:.4g}"
            )

    @property
    def threshold(self) -> float:
        """The evidence at which the test fires: 1/alpha."""
        return 1 / self.alpha

    def start(self) -> "State":
        """Return the state before the first block: evidence 1/2, half of it kept for a break that begins later."""
        alternatives = len(self.factors.log_factors(1, 0))
        return State(self, log_m=(0.0,) * alternatives, log_s=(-math.inf,) * alternatives)

    @property
    def fewest_blocks(self) -> int | None:
        """Blocks that it takes to fire from the start of the watch when all requests are bad (or, mirrored, good).

        None when the watch is too short for that: then the test can never fire.
        """
        many = 1_000_000
        found = [self.start().blocks_still_needed(many, bad) for bad in (0, many)]
        return min((blocks for blocks in found if blocks is not None), default=None)

    def capped_log_factors(self, requests: int, bad: float) -> tuple[float, ...]:
        """Return ln min(c, f_j) for each alternative. No requests are no evidence: all 0."""
        log_cap = math.log(self.cap)
        if requests == 0:
            return (0.0,) * len(self.factors.log_factors(1, 0))
        return tuple(min(log_cap, log_f) for log_f in self.factors.log_factors(requests, bad))


@dataclass(frozen=True, slots=True)
class State:
    """How far a test is. Frozen: `update` returns the next one, so a ledger of blocks reproduces every state."""

    test: SequentialTest
    log_m: tuple[float, ...]  # ln M_j, one per alternative
    log_s: tuple[float, ...]  # ln S_j
    blocks: int = 0  # blocks seen, missing ones included
    missing: int = 0  # blocks without data
    missing_in_a_row: int = 0
    requests: int = 0
    bad: int = 0
    last: Block | None = None  # the last block with data
    fired_at: int | None = None  # number of the block (from 1) at which the test fired; stays, as Ville's bound allows

    def update(self, block: Block) -> "State":
        """Return the state after one more block. Raises `ValueError` past the last block of the watch."""
        if self.blocks == self.test.blocks:
            raise ValueError(
                f"the watch was planned for {self.test.blocks} blocks, and its error bound ends there; start a new one"
            )
        log_f = self.test.capped_log_factors(block.requests, block.bad)
        log_m = tuple(m + f for m, f in zip(self.log_m, log_f, strict=True))
        log_s = tuple(_log_one_plus(s) + f for s, f in zip(self.log_s, log_f, strict=True))
        seen = self.blocks + 1
        fires = _log_evidence(log_m, log_s, self.test.blocks) >= math.log(self.test.threshold)
        return State(
            self.test,
            log_m,
            log_s,
            blocks=seen,
            missing=self.missing + block.missing,
            missing_in_a_row=self.missing_in_a_row + 1 if block.missing else 0,
            requests=self.requests + block.requests,
            bad=self.bad + block.bad,
            last=self.last if block.missing else block,
            fired_at=seen if self.fired_at is None and fires else self.fired_at,
        )

    @property
    def log_evidence(self) -> float:
        """Return ln E."""
        return _log_evidence(self.log_m, self.log_s, self.test.blocks)

    @property
    def evidence(self) -> float:
        """E itself, at most the largest float. At `test.threshold` the test fires."""
        return math.exp(min(self.log_evidence, LARGEST_LOG))

    @property
    def fired(self) -> bool:
        """Whether the evidence has reached the threshold, now or at an earlier block."""
        return self.fired_at is not None

    def requests_still_needed(self, share: float | None = None) -> int | None:
        """Estimate how many more requests until the test fires, if things go on as in the last block with data.

        `share` replaces that block's share of bad requests. Returns 0 when fired, None when nothing was measured yet or
        the test would not fire in the blocks that are left. An estimate: it takes each block at its mean.
        """
        if self.fired:
            return 0
        if self.last is None:
            return None
        requests = self.last.requests
        blocks = self.blocks_still_needed(requests, self.last.bad if share is None else share * requests)
        return None if blocks is None else blocks * requests

    def blocks_still_needed(self, requests: int, bad: float) -> int | None:
        """Return how many more blocks like this one an unfired test takes to fire, None if more than are left."""
        log_f = self.test.capped_log_factors(requests, bad)

        def fires_after(blocks: int) -> bool:
            log_m = tuple(m + blocks * f for m, f in zip(self.log_m, log_f, strict=True))
            log_s = tuple(_log_s_after(blocks, s, f) for s, f in zip(self.log_s, log_f, strict=True))
            return _log_evidence(log_m, log_s, self.test.blocks) >= math.log(self.test.threshold)

        # E is convex in the number of equal blocks, and below the threshold now: it crosses once, so bisect
        low, high = 0, self.test.blocks - self.blocks
        if not fires_after(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fires_after(middle) else (middle, high)
        return high


def _log_one_plus(log_x: float) -> float:
    """Return ln(1 + x) for ln x, without overflow."""
    return max(log_x, 0.0) + math.log1p(math.exp(-abs(log_x)))


def _log_sum(logs: Sequence[float]) -> float:
    """Return ln(sum(exp(x))), without overflow."""
    largest = max(logs)
    if largest == -math.inf:
        return largest
    return largest + math.log(math.fsum(math.exp(log - largest) for log in logs))


def _log_evidence(log_m: Sequence[float], log_s: Sequence[float], blocks: int) -> float:
    """Return ln E = ln(mean(M_j)/2 + mean(S_j)/(2K))."""
    since_start = _log_sum(log_m) - math.log(2 * len(log_m))
    since_later = _log_sum(log_s) - math.log(2 * len(log_s) * blocks)
    return _log_sum((since_start, since_later))


def _log_s_after(blocks: int, log_s: float, log_f: float) -> float:
    """Return ln S after `blocks` equal factors: S f^t + f + f^2 + ... + f^t."""
    if blocks == 0:
        return log_s
    if abs(log_f) < 1e-12:
        restarts = math.log(blocks)
    elif log_f > 0:  # f (f^t - 1)/(f - 1), with the large powers taken out
        restarts = blocks * log_f + math.log1p(-math.exp(-blocks * log_f)) - math.log1p(-math.exp(-log_f))
    else:
        restarts = log_f + math.log1p(-math.exp(blocks * log_f)) - math.log1p(-math.exp(log_f))
    return _log_sum((log_s + blocks * log_f, restarts))
