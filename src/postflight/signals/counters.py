"""Increases of counters, from raw samples. No I/O.

Prometheus' own `increase()` extrapolates to the window's edges and loses the first value of a series that appears: the
very first errors. Here an increase is what was counted between two samples:

- a value below the one before is a restart: the counter began at 0 again, and counted up to its value;
- a series that appears on an instance that is known already began at 0;
- an instance that appears is a baseline, since nobody knows when it began to count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]  # sorted
_IDENTITY = ("job", "instance")


@dataclass(frozen=True, slots=True)
class Series:
    """One series and its samples: (seconds since 1970, value), in order of time."""

    labels: Labels
    samples: tuple[tuple[float, float], ...]

    @property
    def instance(self) -> Labels:
        """What was scraped, all of its series sharing it."""
        return tuple(label for label in self.labels if label[0] in _IDENTITY)


@dataclass(slots=True)
class Counters:
    """Remembers the last sample of each series. Samples up to `since` (seconds since 1970) are a baseline."""

    since: float
    _last: dict[Labels, tuple[float, float]] = field(default_factory=dict)
    _known: dict[Labels, float] = field(default_factory=dict)  # instance -> time of its first sample

    @property
    def newest(self) -> float:
        """The time of the newest sample so far; minus infinity before the first."""
        return max((at for at, _ in self._last.values()), default=float("-inf"))

    def increases(self, found: Iterable[Series]) -> Mapping[Labels, float]:
        """Return by how much each series grew in its samples that are new."""
        series = tuple(found)
        for each in series:
            for at, _ in each.samples[:1]:
                self._known[each.instance] = min(at, self._known.get(each.instance, at))
        return {each.labels: self._increase(each) for each in series}

    def _increase(self, series: Series) -> float:
        grown = 0.0
        for at, value in series.samples:
            before = self._last.get(series.labels)
            if before is not None and at <= before[0]:
                continue
            self._last[series.labels] = (at, value)
            if at <= self.since:
                continue
            if before is not None:
                grown += value - before[1] if value >= before[1] else value
            elif self._known[series.instance] < at:
                grown += value
        return grown
