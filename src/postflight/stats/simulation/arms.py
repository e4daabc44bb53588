"""The rules that are compared: ours, and those that pipelines commonly use. All see the same simulated counts.

An arm tells for each run when it fires, in seconds from the start of the watch; `inf` when it does not.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from postflight.stats.eprocess import SequentialTest
from postflight.stats.simulation.traffic import Clock, Counts

Times = NDArray[np.float64]


class Arm(Protocol):
    """A rule that watches."""

    @property
    def name(self) -> str:
        """What a table calls it."""

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:
        """Return when each run fires, from counts (runs, ticks) of bad requests, the control's too."""


@dataclass(frozen=True, slots=True)
class CappedBlocks:
    """Our rule: `test` fed with blocks of `block` seconds.

    The factors are those of the real code, one for each possible count. Only the recursion is written again, for all
    runs at once; without logarithms, as a run is looked at no more once it has fired. A test holds it against
    `State.update`.
    """

    name: str
    test: SequentialTest
    block: float

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:  # noqa: ARG002 - has no control arm
        """Return the end of the block at which each run fires."""
        width = clock.ticks_in(self.block)
        requests = width * clock.requests
        counts = bad if width == 1 else _sums(bad, width, width)
        table = np.exp([self.test.capped_log_factors(requests, k) for k in range(requests + 1)])
        times = np.full(len(bad), math.inf)
        running = np.arange(len(bad))
        m, s = np.ones((len(bad), table.shape[1])), np.zeros((len(bad), table.shape[1]))
        for block in range(min(counts.shape[1], self.test.blocks)):
            factors = table[counts[running, block]]
            m *= factors
            s += 1
            s *= factors
            fires = (m.mean(axis=1) + s.mean(axis=1) / self.test.blocks) / 2 >= self.test.threshold
            if fires.any():
                times[running[fires]] = (block + 1) * self.block
                running, m, s = running[~fires], m[~fires], s[~fires]
        return times


@dataclass(frozen=True, slots=True)
class FixedWindow:
    """The plans taken literally, "errors above 5 % over 5 minutes": a full window, looked at again and again."""

    limit: float
    window: float = 300.0
    every: float = 10.0
    name: str = "fixed window"

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:  # noqa: ARG002 - has no control arm
        """Return the first look at which the window's rate is above the limit."""
        width, step = clock.ticks_in(self.window), clock.ticks_in(self.every)
        broken = _sums(bad, width, step) > self.limit * width * clock.requests
        return _first(broken, self.window + np.arange(broken.shape[1]) * self.every)


@dataclass(frozen=True, slots=True)
class BadIntervals:
    """Measurements of 30 s; the `needed`th bad one fires (Argo Rollouts: `interval`, `failureLimit: needed - 1`)."""

    limit: float
    interval: float = 30.0
    needed: int = 4
    name: str = "n bad intervals"

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:  # noqa: ARG002 - has no control arm
        """Return the end of the `needed`th bad interval."""
        width = clock.ticks_in(self.interval)
        broken = _sums(bad, width, width) > self.limit * width * clock.requests
        return _first(broken.cumsum(axis=1) >= self.needed, (1 + np.arange(broken.shape[1])) * self.interval)


@dataclass(frozen=True, slots=True)
class RateFor:
    """An alerting rule of Prometheus: `rate(errors[1m])` above the limit, `for: 5m`, evaluated every 15 s."""

    limit: float
    window: float = 60.0
    hold: float = 300.0
    every: float = 15.0
    name: str = "rate[1m] for 5m"

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:  # noqa: ARG002 - has no control arm
        """Return the first evaluation after the condition has held without a gap."""
        step, width = clock.ticks_in(self.every), clock.ticks_in(self.window)
        totals = np.concatenate([np.zeros((len(bad), 1), dtype=np.int64), bad.cumsum(axis=1, dtype=np.int64)], axis=1)
        ends = np.arange(step, clock.ticks + 1, step)
        begins = np.maximum(ends - width, 0)  # the first windows are cut short by the start
        broken = totals[:, ends] - totals[:, begins] > self.limit * (ends - begins) * clock.requests
        looks = math.ceil(self.hold / self.every) + 1
        if broken.shape[1] < looks:
            return np.full(len(bad), math.inf)
        held = _sums(broken.astype(np.int32), looks, 1) == looks
        return _first(held, (np.arange(held.shape[1]) + looks) * self.every)


@dataclass(frozen=True, slots=True)
class MannWhitney:
    """The last intervals' error rates against the control's, by a rank test at every interval, as in Kayenta.

    It asks "worse than the control?", not "above the limit?", and takes alpha anew at every look. One-sided, the
    usual normal approximation with ties and continuity corrected.
    """

    alpha: float
    interval: float = 30.0
    most: int = 10  # intervals that are compared
    least: int = 5
    name: str = "Mann-Whitney"

    def fire_times(self, bad: Counts, control: Counts, clock: Clock) -> Times:
        """Return the end of the first interval at which the deployment ranks worse than its control."""
        width = clock.ticks_in(self.interval)
        ours, theirs = _sums(bad, width, width), _sums(control, width, width)
        looks = np.arange(self.least, ours.shape[1] + 1)
        fires = np.column_stack([self._worse(ours[:, :end], theirs[:, :end]) for end in looks])
        return _first(fires, looks * self.interval)

    def _worse(self, ours: Counts, theirs: Counts) -> NDArray[np.bool_]:
        ours, theirs = ours[:, -self.most :], theirs[:, -self.most :]
        size = ours.shape[1]
        pairs_ours, pairs_theirs = ours[:, :, None], theirs[:, None, :]
        u = (pairs_ours > pairs_theirs).sum(axis=(1, 2)) + (pairs_ours == pairs_theirs).sum(axis=(1, 2)) / 2
        both = np.concatenate([ours, theirs], axis=1)
        tied = (both[:, :, None] == both[:, None, :]).sum(axis=2)  # each value's tie group, itself included
        ties = (tied**2 - 1).sum(axis=1)  # = sum of t^3 - t over the groups
        variance = size * size / 12 * (2 * size + 1 - ties / (2 * size * (2 * size - 1)))
        deviation = u - size * size / 2 - 0.5
        quantile = NormalDist().inv_cdf(1 - self.alpha)
        worse: NDArray[np.bool_] = (deviation > quantile * np.sqrt(variance)) & (variance > 0)
        return worse


def _sums(counts: Counts, width: int, step: int) -> Counts:
    """Return sums over windows of `width` ticks that begin every `step` ticks: (runs, windows). Full windows only."""
    totals = np.concatenate([np.zeros((len(counts), 1), dtype=np.int64), counts.cumsum(axis=1, dtype=np.int64)], axis=1)
    ends = np.arange(width, counts.shape[1] + 1, step)
    sums: Counts = (totals[:, ends] - totals[:, ends - width]).astype(np.int32)
    return sums


def _first(fires: NDArray[np.bool_], times: NDArray[Any]) -> Times:
    """Return for each run the time of its first True, `inf` without one."""
    if fires.shape[1] == 0:
        return np.full(len(fires), math.inf)
    return np.where(fires.any(axis=1), np.asarray(times, dtype=np.float64)[fires.argmax(axis=1)], math.inf)
