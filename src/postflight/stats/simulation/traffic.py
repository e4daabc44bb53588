"""Traffic that never was: how likely each request of a simulated watch fails (or is slow), tick by tick.

Each model returns an array of probabilities, broadcastable to (runs, ticks); requests then fail independently, given
these. Models are named by what an SRE would call the incident. Times are in seconds.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Clock:
    """A simulated watch: `ticks` of `tick` seconds, each with `requests` requests."""

    ticks: int
    tick: float
    requests: int

    def ticks_in(self, seconds: float) -> int:
        """Return a duration in ticks. Raises `ValueError` when it is not a whole number of them, at least one."""
        ticks = round(seconds / self.tick)
        if ticks < 1 or abs(ticks * self.tick - seconds) > 1e-6:
            raise ValueError(f"{seconds:g} s is not a whole number of ticks of {self.tick:g} s")
        return ticks


class Traffic(Protocol):
    """A model of traffic. `mean` is the share of bad requests in the long run."""

    @property
    def mean(self) -> float:
        """Share of bad requests in the long run."""

    def shares(self, random: np.random.Generator, runs: int, clock: Clock) -> Shares:
        """Return each tick's probability of a bad request, broadcastable to (runs, ticks)."""


@dataclass(frozen=True, slots=True)
class Steady:
    """Independent errors at one rate (iid)."""

    rate: float

    @property
    def mean(self) -> float:
        """Share of bad requests in the long run."""
        return self.rate

    def shares(self, random: np.random.Generator, runs: int, clock: Clock) -> Shares:  # noqa: ARG002 - not random
        """Return one probability for all."""
        return np.full((1, 1), self.rate)


@dataclass(frozen=True, slots=True)
class Outages:
    """A low rate with outages of random (exponential) length, that begin at random: bursts if short."""

    base: float
    every: float  # mean seconds between the beginnings of two outages
    length: float  # mean seconds
    severity: float = 1.0  # share of requests that fail in an outage

    @property
    def mean(self) -> float:
        """Share of bad requests in the long run, outages that overlap counted twice."""
        return self.base + (self.severity - self.base) * self.length / self.every

    @classmethod
    def with_mean(cls, mean: float, *, base: float, length: float, severity: float = 1.0) -> Self:
        """Return outages so rare that the share of bad requests is `mean` in the long run."""
        return cls(base, (severity - base) * length / (mean - base), length, severity)

    def shares(self, random: np.random.Generator, runs: int, clock: Clock) -> Shares:
        """Return the base rate, and in ticks that an outage touches the severity, by how much it covers of them."""
        covered = np.zeros((runs, clock.ticks))
        edges = np.arange(clock.ticks) * clock.tick
        for run, outages in enumerate(random.poisson(clock.ticks * clock.tick / self.every, runs)):
            begins = random.uniform(0, clock.ticks * clock.tick, outages)
            for begin, end in zip(begins, begins + random.exponential(self.length, outages), strict=True):
                overlap = np.minimum(edges + clock.tick, end) - np.maximum(edges, begin)
                covered[run] += np.clip(overlap / clock.tick, 0, 1)
        return self.base + (self.severity - self.base) * np.minimum(covered, 1)


@dataclass(frozen=True, slots=True)
class Flapping:
    """Bad for some seconds, then good for some, on and on: an instance in the pool that crashes and restarts."""

    bad: float
    good: float
    bad_for: float
    good_for: float

    @property
    def mean(self) -> float:
        """Share of bad requests in the long run."""
        return (self.bad * self.bad_for + self.good * self.good_for) / (self.bad_for + self.good_for)

    def shares(self, random: np.random.Generator, runs: int, clock: Clock) -> Shares:
        """Return bad and good stretches; each run begins somewhere in the cycle."""
        cycle = self.bad_for + self.good_for
        phase = (random.uniform(0, cycle, (runs, 1)) + np.arange(clock.ticks) * clock.tick) % cycle
        return np.where(phase < self.bad_for, self.bad, self.good)


@dataclass(frozen=True, slots=True)
class Clustered:
    """Autocorrelated: slow answers come together, because a hidden load (AR(1)) makes all of a moment slow.

    A request is slow when sqrt(r) load + sqrt(1-r) own luck is above a quantile, both standard normal, r =
    `together`. The share of slow requests in the long run is exactly `rate`. Loads `memory` seconds apart correlate
    by 1/e.
    """

    rate: float
    memory: float
    together: float = 0.5

    @property
    def mean(self) -> float:
        """Share of bad requests in the long run."""
        return self.rate

    def shares(self, random: np.random.Generator, runs: int, clock: Clock) -> Shares:
        """Return the probability of a slow answer given the hidden load."""
        keep = np.exp(-clock.tick / self.memory)
        load = random.standard_normal((runs, clock.ticks))
        for tick in range(1, clock.ticks):
            load[:, tick] = keep * load[:, tick - 1] + np.sqrt(1 - keep**2) * load[:, tick]
        normal = NormalDist()
        grid = np.linspace(-9, 9, 3601)
        cumulative = np.array([normal.cdf(point) for point in grid])
        score = (np.sqrt(self.together) * load + normal.inv_cdf(self.rate)) / np.sqrt(1 - self.together)
        return np.asarray(np.interp(score, grid, cumulative), dtype=np.float64)


def count_bad(random: np.random.Generator, shares: Shares, runs: int, clock: Clock) -> Counts:
    """Draw how many of each tick's requests are bad: an array (runs, ticks) of the smallest type that holds them."""
    smallest = np.min_scalar_type(clock.requests)
    if clock.requests == 1:  # much faster than a binomial of one
        return (random.random((runs, clock.ticks), dtype=np.float32) < shares).astype(smallest)
    return random.binomial(clock.requests, np.broadcast_to(shares, (runs, clock.ticks))).astype(smallest)
