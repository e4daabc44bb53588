"""How long to go on measuring: until every budget is decided, or the most samples or the time are spent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from postflight.checks.latency.timing import Gauge, Timing
from postflight.checks.latency.words import tell_where
from postflight.model import Measurement
from postflight.stats.quantiles import Looks, plan_looks

ALPHA = 0.05  # with which one budget's answer may be wrong, over all looks
MOST = 400  # samples of one gauge
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop without an answer: `seconds` for all of it, `longest` for one request (then it has failed)."""

    seconds: float = 30.0
    longest: float = 10.0
    most: int = MOST
    alpha: float = ALPHA


class Sampling(Generic[T]):
    """Takes samples in rounds: each operation once cold and once warm, so that what drifts drifts for all.

    `take(operation, cold)` sends one request; `is_decided` says whether a measurement's budget is kept or broken for
    sure (also when it has none). `shuffle` changes the order of each round in place.
    """

    def __init__(
        self,
        operations: Sequence[T],
        gauges: Sequence[Gauge],
        *,
        take: Callable[[T, bool], Timing],
        is_decided: Callable[[Measurement], bool],
        shuffle: Callable[[list[T]], None],
        clock: Callable[[], float],
        limits: Limits,
    ) -> None:
        self._operations = list(operations)
        self._take = take
        self._is_decided = is_decided
        self._shuffle = shuffle
        self._clock = clock
        self._limits = limits
        self._left: dict[Gauge, list[int]] = {}
        self._looks: dict[Gauge, Looks] = {}
        for gauge in gauges:
            self._looks[gauge] = plan_looks(gauge.quantile, limits.alpha, limits.most)
            self._left[gauge] = list(self._looks[gauge].at)
        self._taken: dict[bool, list[Timing]] = {True: [], False: []}
        self._found: dict[Gauge, Measurement] = {}

    @property
    def timings(self) -> list[Timing]:
        """All that was taken."""
        return [*self._taken[True], *self._taken[False]]

    def run(self) -> list[Measurement]:
        """Take samples, and return a measurement for each gauge, as of the look that decided it."""
        until = self._clock() + self._limits.seconds
        while self._left and self._clock() < until:
            self._shuffle(self._operations)
            for operation in self._operations:
                for cold in sorted({gauge.cold for gauge in self._left}):
                    self._taken[cold].append(self._take(operation, cold))
            for gauge in list(self._left):
                if len(self._taken[gauge.cold]) >= self._left[gauge][0]:
                    self._look(gauge)
        for gauge in list(self._left):  # the time is over: this look takes the place of the next one
            self._look(gauge)
        return [self._found[gauge] for gauge in self._looks]

    def _look(self, gauge: Gauge) -> None:
        taken = self._taken[gauge.cold]
        each = self._looks[gauge].each
        measured = gauge.measure(taken, each, longest=self._limits.longest, cause=tell_where(taken, gauge))
        self._found[gauge] = measured
        del self._left[gauge][0]
        if not self._left[gauge] or self._is_decided(measured):
            del self._left[gauge]
