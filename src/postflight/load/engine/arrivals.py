"""When flows start: an open-model schedule that no slow answer can hold up. Pure.

The rate is integrated exactly: with L(t) the integral of the rate, arrival k of an even schedule lies where
L(t) = k + 1/2, and one of a Poisson process where L(t) is a sum of k unit exponentials (time change of a
non-homogeneous process: Cinlar, "Introduction to Stochastic Processes", 1975, ch. 4.7).
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How arrivals lie within their rate."""

    CONSTANT = "constant"  # evenly spaced
    POISSON = "poisson"  # independent of each other, as those of many users are


class Stage(NamedTuple):
    """A piece of a schedule. The rate (flows a second, of all workers together) goes straight from one to the other."""

    seconds: float
    rate_from: float
    rate_to: float

    @property
    def arrivals(self) -> float:
        """The integral of the rate."""
        return self.seconds * (self.rate_from + self.rate_to) / 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """Stages one after the other, and the part of them that one worker plays.

    Worker i of n takes arrivals i, i + n, i + 2n ... of an even schedule, so that all together keep its spacing. For
    Poisson each plays an independent process of a n-th of the rate: their sum is the whole process.
    """

    stages: tuple[Stage, ...]
    kind: Kind = Kind.CONSTANT
    seed: int = 0  # Poisson only
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.worker < self.workers:
            raise ValueError(f"worker {self.worker} of {self.workers}: expected 0 <= worker < workers")
        for stage in self.stages:
            if not all(math.isfinite(value) and value >= 0 for value in stage):
                raise ValueError(f"{stage}: expected finite seconds and rates from 0 on")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return math.fsum(stage.seconds for stage in self.stages)

    @property
    def expected(self) -> float:
        """How many arrivals it has for all workers together; of a Poisson schedule the mean."""
        return math.fsum(stage.arrivals for stage in self.stages)

    def rate(self, offset: float) -> float:
        """Return the rate (flows a second, all workers) at `offset` seconds; 0 outside of the schedule."""
        begin = 0.0
        for stage in self.stages:
            if begin <= offset < begin + stage.seconds:
                return stage.rate_from + (stage.rate_to - stage.rate_from) * (offset - begin) / stage.seconds
            begin += stage.seconds
        return 0.0

    def offsets(self) -> Iterator[float]:
        """Yield the intended starts of this worker's flows, in seconds from the begin, ascending."""
        return _times(self.stages, self._masses())

    def _masses(self) -> Iterator[float]:
        """Yield the values of L at which this worker's flows start, without an end."""
        if self.kind is Kind.CONSTANT:
            return itertools.count(self.worker + 0.5, self.workers)
        return self._poisson()

    def _poisson(self) -> Iterator[float]:
        draw = random.Random(f"{self.seed}/{self.worker}/{self.workers}").expovariate  # noqa: S311 - no secret
        mass = 0.0
        while True:
            mass += draw(1.0) * self.workers
            yield mass


def _times(stages: Sequence[Stage], masses: Iterator[float]) -> Iterator[float]:
    """Yield where L(t) takes each of the masses."""
    mass = next(masses)
    begin = below = 0.0  # time and L at the start of the stage
    for stage in stages:
        slope = (stage.rate_to - stage.rate_from) / stage.seconds if stage.seconds else 0.0
        above = below + stage.arrivals
        if not slope:
            while mass < above:
                yield begin + (mass - below) / stage.rate_from
                mass = next(masses)
        while mass < above:
            # the root of rate_from * t + slope * t^2 / 2 = x, in the form that loses no digits when the slope is small
            x, rate = mass - below, stage.rate_from
            yield begin + 2 * x / (rate + math.sqrt(max(0.0, rate * rate + 2 * slope * x)))
            mass = next(masses)
        begin, below = begin + stage.seconds, above
