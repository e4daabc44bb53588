"""Budgets under load, judged while it runs. Pure.

A limit is held against two things: the whole run without its warm-up, and windows of a second or a few. A cumulative
percentile forgives what comes late (one second more for 2.5 s at the end of a minute is no news to its p95), a single
window is noise. So one bad window decides nothing, and several in a row do.

Evidence is the exact binomial of `stats.floor`: "p99.9 at most 1 s" claims that at most 0.1 % are slower. Below the
number of requests that could show it the answer is unknown, never good; and a limit is broken only when as many slow
ones would be unlikely if it were kept.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from postflight.config.load import LoadSettings
from postflight.config.nearest import did_you_mean
from postflight.errors import ConfigError
from postflight.model import Budget, Quantity, Status, Unit
from postflight.stats import floor, rates
from postflight.stats.streaks import ConsecutiveFailures

QUANTILES: Mapping[str, float] = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
MOST_TERMS = 300  # of an exact sum: it is done each second, for each threshold
NAMES = (*(f"latency.{name}" for name in QUANTILES), "errors", "success", "rate", "capacity")


class Latencies(Protocol):
    """A distribution of latencies in seconds. `HdrHistogram` behind it merges exactly (`results.Spread`)."""

    @property
    def count(self) -> int:
        """How many there are."""

    def at(self, quantile: float) -> float:
        """Return the latency that this share does not exceed, in seconds; 0 when there are none."""

    def above(self, limit: float) -> int:
        """Return how many exceed `limit` seconds."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in some seconds: requests that ended, and the flows that they belong to."""

    ended: int  # requests
    failed: int  # of them
    latencies: Latencies
    due: int = 0  # flows that should have started
    done: int = 0  # flows that have ended, however
    succeeded: int = 0  # of them
    broken: int = 0  # of them, by a fault of the deployment: a refusal by a full pool is neither


class Kind(StrEnum):
    """What a limit is about."""

    LATENCY = "latency"
    ERRORS = "errors"
    SUCCESS = "success"  # share of the flows that did what they are for
    RATE = "rate"  # share of the flows that were due which also ended
    CAPACITY = "capacity"  # the highest rate that holds, found by a stepped shape


_UNITS = {
    Kind.LATENCY: Unit.SECONDS,
    Kind.ERRORS: Unit.RATIO,
    Kind.SUCCESS: Unit.RATIO,
    Kind.RATE: Unit.RATIO,
    Kind.CAPACITY: Unit.PER_SECOND,
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A budget, and what of a run it is about. `quantile` is 0 for all but latencies."""

    budget: Budget
    kind: Kind
    quantile: float = 0.0

    @property
    def limit(self) -> Quantity:
        """The limit itself."""
        limit = self.budget.at_most or self.budget.at_least
        assert limit is not None  # noqa: S101 - `BudgetEntry` takes exactly one of them
        return limit


@dataclass(frozen=True, slots=True)
class Reading:
    """What a threshold says. `value` is None while nothing was counted; `words` say why it is not good."""

    threshold: Threshold
    status: Status  # good, bad or unknown
    value: Quantity | None
    words: str = ""
    in_a_row: int = 0  # bad windows up to now
    broken_in_windows: bool = False  # as many in a row as end a run

    @property
    def light(self) -> str:
        """Green, amber or red: amber is not known yet, or good so far while the last windows were bad."""
        if self.status is Status.BAD:
            return "red"
        return "green" if self.status is Status.GOOD and not self.in_a_row else "amber"


def thresholds_of(budgets: Iterable[Budget], profile: str) -> tuple[Threshold, ...]:
    """Return the thresholds of a profile (`preview_start`, as its metrics begin).

    Raises `ConfigError` for a metric that no run measures, or a limit in the wrong unit or direction: it would be
    green on nothing.
    """
    prefix = f"{profile}."
    return tuple(
        _threshold(budget, budget.metric.removeprefix(prefix)) for budget in budgets if budget.metric.startswith(prefix)
    )


def _threshold(budget: Budget, name: str) -> Threshold:
    if name not in NAMES:
        hint = did_you_mean(name, NAMES)
        raise ConfigError(f"{budget.source}: no load test measures {budget.metric!r}{hint}")
    kind = Kind(name.partition(".")[0])
    threshold = Threshold(budget, kind, QUANTILES.get(name.partition(".")[2], 0.0))
    if threshold.limit.unit is not _UNITS[kind]:
        message = f"{budget.source}: {budget.metric} is measured in {_UNITS[kind].value}, but has a limit in"
        raise ConfigError(f"{message} {threshold.limit.unit.value}")
    expected = "at_most" if kind in {Kind.LATENCY, Kind.ERRORS} else "at_least"
    if (budget.at_most is None) == (expected == "at_most"):
        raise ConfigError(f"{budget.source}: a limit of {budget.metric} is written with {expected}")
    return threshold


def read(threshold: Threshold, counted: Counted, confidence: float) -> Reading:
    """Hold a threshold against what was counted, be it a whole run, a step or a window."""
    match threshold.kind:
        case Kind.LATENCY:
            limit = threshold.limit.value
            value = Quantity(counted.latencies.at(threshold.quantile), Unit.SECONDS)
            total, beyond = counted.latencies.count, counted.latencies.above(limit)
            return _share(threshold, value, 1 - threshold.quantile, total, beyond, confidence)
        case Kind.ERRORS:
            value = Quantity(counted.failed / counted.ended if counted.ended else 0.0, Unit.RATIO)
            return _share(threshold, value, threshold.limit.value, counted.ended, counted.failed, confidence)
        case Kind.SUCCESS:
            flows = counted.succeeded + counted.broken
            value = Quantity(counted.succeeded / flows if flows else 0.0, Unit.RATIO)
            return _share(threshold, value, 1 - threshold.limit.value, flows, counted.broken, confidence)
        case Kind.RATE:
            return _rate(threshold, counted)
        case Kind.CAPACITY:
            return Reading(threshold, Status.UNKNOWN, None, "only a shape with steps finds it")


def _share(
    threshold: Threshold, value: Quantity, allowed: float, total: int, beyond: int, confidence: float
) -> Reading:
    """Judge the claim that at most the share `allowed` of `total` is beyond a limit, when `beyond` are."""
    if not total:
        return Reading(threshold, Status.UNKNOWN, None, "nothing was counted yet")
    budget = threshold.budget
    kept = value.value <= threshold.limit.value if budget.at_most else value.value >= threshold.limit.value
    certain = not 0 < allowed < 1  # "no error at all", or "anything"
    if not kept:
        if certain or _refuted(allowed, confidence, total, beyond):
            return Reading(threshold, Status.BAD, value, _broken(threshold, value))
        words = f"{value} of only {total} requests is no proof that {budget.limit} is broken, nor that it is kept"
        return Reading(threshold, Status.UNKNOWN, value, words)
    shown_by = 0 if certain else floor.requests_needed(1 - allowed, confidence) or 0
    needed = max(shown_by, budget.min_samples)
    if total < needed:
        return Reading(threshold, Status.UNKNOWN, value, f"{total} requests, {needed - total} more needed for a claim")
    return Reading(threshold, Status.GOOD, value)


def _refuted(allowed: float, confidence: float, total: int, beyond: int) -> bool:
    """Whether so many beyond the limit would be unlikely if at most the share `allowed` were.

    The exact sum has as many terms as `beyond`. Above a few hundred Chernoff's bound, P(X >= k) <= exp(-n KL(k/n, p)),
    says nearly the same at once, and errs on the side of "not refuted".
    """
    if beyond <= MOST_TERMS:
        return floor.judge(1 - allowed, confidence, requests=total, failures=beyond).proof is floor.Proof.REFUTED
    return rates.information_bound(allowed, beyond / total, 1 - confidence) <= total


def _rate(threshold: Threshold, counted: Counted) -> Reading:
    if counted.due < max(1, threshold.budget.min_samples):
        return Reading(threshold, Status.UNKNOWN, None, "too little was due for a claim")
    value = Quantity(counted.done / counted.due, Unit.RATIO)
    if value.value >= threshold.limit.value:
        return Reading(threshold, Status.GOOD, value)
    return Reading(threshold, Status.BAD, value, _broken(threshold, value))


def _broken(threshold: Threshold, value: Quantity) -> str:
    budget = threshold.budget
    return f"{budget.metric} was {value}, allowed is {budget.limit}" + (f" ({budget.source})" if budget.source else "")


def read_capacity(threshold: Threshold, held: float | None, broken: float | None) -> Reading:
    """Judge the rate that a stepped shape found: `held` is the highest that held, `broken` the lowest that did not."""
    if held is None and broken is None:
        return Reading(threshold, Status.UNKNOWN, None, "no step was finished")
    value = Quantity(held or 0.0, Unit.PER_SECOND)
    if value.value >= threshold.limit.value:
        return Reading(threshold, Status.GOOD, value)
    if broken is not None and broken > threshold.limit.value:
        between = f"the limit lies between {value} and {Quantity(broken, Unit.PER_SECOND)}: smaller steps would tell"
        return Reading(threshold, Status.UNKNOWN, value, between)
    if broken is None:
        return Reading(threshold, Status.UNKNOWN, value, f"all steps held, but none went up to {threshold.limit}")
    return Reading(threshold, Status.BAD, value, _broken(threshold, value))


@dataclass(frozen=True, slots=True)
class Watch:
    """All thresholds of a run, and how many bad windows in a row each has seen."""

    thresholds: tuple[Threshold, ...]
    settings: LoadSettings
    streaks: Mapping[str, ConsecutiveFailures] = field(default_factory=dict)  # metric ->
    windows: int = 0

    def after(self, window: Counted) -> "Watch":
        """Return the state after one more window. One with too few requests for a claim neither counts nor clears."""
        streaks = {t.budget.metric: self._streak(t).update(self._passed(t, window)) for t in self.thresholds}
        return replace(self, streaks=streaks, windows=self.windows + 1)

    def _passed(self, threshold: Threshold, window: Counted) -> bool | None:
        match read(threshold, window, self.settings.confidence):
            case Reading(status=Status.BAD):
                return False
            case Reading(status=Status.GOOD):
                return True
            case Reading(value=None):
                return None
            case reading:  # within the limit though from few requests, or just beyond it, which is no proof
                limit, value = threshold.limit.value, reading.value.value if reading.value else 0.0
                kept = value <= limit if threshold.budget.at_most else value >= limit
                return True if kept else None

    def _streak(self, threshold: Threshold) -> ConsecutiveFailures:
        return self.streaks.get(threshold.budget.metric) or ConsecutiveFailures(self.settings.bad_in_a_row)

    def readings(self, total: Counted) -> tuple[Reading, ...]:
        """Return what each threshold says of the whole run, and of its windows."""
        return tuple(self._reading(threshold, total) for threshold in self.thresholds)

    def _reading(self, threshold: Threshold, total: Counted) -> Reading:
        reading, streak = read(threshold, total, self.settings.confidence), self._streak(threshold)
        if not streak.fired:
            return replace(reading, in_a_row=streak.in_a_row)
        words = reading.words or (
            f"{threshold.budget.metric} broke {threshold.budget.limit} in {self.settings.bad_in_a_row} windows in a row"
            f" of {self.settings.window:g} s each; over the whole run it was {reading.value}"
        )
        return replace(reading, status=Status.BAD, words=words, in_a_row=streak.in_a_row, broken_in_windows=True)


def quantile_name(quantile: float) -> str:
    """Return `p99.9` for 0.999."""
    return "p" + re.sub(r"\.?0+$", "", f"{quantile * 100:.6f}")
