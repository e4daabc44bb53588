"""The platform's own counters, as Prometheus scraped them: raw samples, so that nothing is extrapolated.

Metrics: `http_requests_total` and `http_request_duration_seconds` (with a label status, status_code or code), and
`active_preview_sessions`. Stale data are missing data: a block without a new sample says nothing. So blocks should be
at least as long as the scrape interval.
"""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from postflight.errors import PostflightError
from postflight.signals.clock import Clock
from postflight.signals.counters import Counters, Labels, Series
from postflight.signals.prometheus_api import PrometheusApi
from postflight.signals.reading import Counted, Missing, Reading, Span, counted, missing_because
from postflight.stats.rules import ErrorRate, Gauge, ResponseTime, SequentialRule

T = TypeVar("T")

REQUESTS = "http_requests_total"
DURATIONS = "http_request_duration_seconds_bucket"
GAUGES = {"active_previews": "active_preview_sessions"}  # trigger -> metric; its series are summed
_STATUS = ("status", "status_code", "code")
_LEAST_LOOKBACK = 60.0  # seconds; a series whose last sample is older has gone


class NotSeen(Exception):
    """There is nothing to count, and why."""


class Prometheus:
    """Reads what was scraped of one deployment. `match` chooses its series: `job="web",version="2"`."""

    def __init__(
        self, api: PrometheusApi, rules: Sequence[SequentialRule], gauges: Sequence[Gauge], *, match: str, clock: Clock
    ) -> None:
        """Count from now on. `rules` and `gauges` are the triggers that it feeds, by their names in the plan."""
        self._api = api
        self._match = match
        self._rules = tuple(rules)
        self._gauges = tuple(gauges)
        self._clock = clock
        self._counters = {rule.name: Counters(since=clock.wall()) for rule in rules}
        self._newest: dict[str, float] = {}  # gauge -> time of its last sample

    async def read(self, span: Span) -> Reading:
        """Return what was counted since the last block's samples, once this block is over."""
        await self._clock.sleep_until(span.end)
        lookback = max(_LEAST_LOOKBACK, 3 * (span.end - span.start))
        counts = await asyncio.gather(*(_or_missing(self._count, rule, lookback) for rule in self._rules))
        values = await asyncio.gather(*(_or_missing(self._value, gauge, lookback) for gauge in self._gauges))
        missing = [found.reason for found in (*counts, *values) if isinstance(found, Missing)]
        return Reading(
            counted={rule.name: found for rule, found in zip(self._rules, counts, strict=True)},
            gauges={gauge.name: found for gauge, found in zip(self._gauges, values, strict=True)},
            notes=tuple(dict.fromkeys(f"prometheus: {reason}" for reason in missing)),
        )

    async def _count(self, rule: SequentialRule, lookback: float) -> Counted:
        counters = self._counters[rule.name]
        before = counters.newest
        match rule:
            case ErrorRate():
                selector = self._selector(REQUESTS)
                grown = counters.increases(await self._samples(selector, lookback))
                requests = sum(grown.values())
                bad = sum(growth for labels, growth in grown.items() if _status(labels).startswith("5"))
            case ResponseTime():
                bound = await self._bound(rule.slower_than)
                selector = self._selector(DURATIONS, f'le=~"{_literally(bound)}|\\\\+Inf"')
                grown = counters.increases(await self._samples(selector, lookback))
                requests = sum(growth for labels, growth in grown.items() if ("le", "+Inf") in labels)
                bad = requests - sum(growth for labels, growth in grown.items() if ("le", bound) in labels)
        if counters.newest <= before:
            raise NotSeen("no new sample since the last block; choose blocks as long as the scrape interval (--block)")
        return counted(round(requests), min(max(round(bad), 0), round(requests)))

    async def _value(self, gauge: Gauge, lookback: float) -> float:
        metric = GAUGES[gauge.name]
        last = [series.samples[-1] for series in await self._samples(self._selector(metric), lookback)]
        newest = max(at for at, _ in last)
        if newest <= self._newest.get(gauge.name, -math.inf):
            raise NotSeen(f"no new sample of {metric} since the last block")
        self._newest[gauge.name] = newest
        return math.fsum(value for _, value in last)

    async def _samples(self, selector: str, lookback: float) -> tuple[Series, ...]:
        """Return the raw samples of the last `lookback` seconds. Raises `NotSeen` when there are none."""
        found = tuple(series for series in await self._api.query(f"{selector}[{lookback:.0f}s]") if series.samples)
        if not found:
            raise NotSeen(
                f"Prometheus has no {selector} of the last {lookback:.0f} s: is it scraped, and does it match?"
            )
        return found

    async def _bound(self, slower_than: float) -> str:
        """Return the bucket (as it is written) that begins at the limit, or the next above it.

        Answers between the two count as fast: the trigger becomes a little slower, and its error bound stays.
        """
        buckets = await self._api.query(f"count by (le) ({self._selector(DURATIONS)})")
        bounds = [dict(series.labels).get("le", "") for series in buckets]
        enough = [bound for bound in bounds if _is_finite(bound) and float(bound) >= slower_than]
        if not enough:
            raise NotSeen(f"{DURATIONS} has no bucket at or above {slower_than:g} s, so slow answers cannot be told")
        return min(enough, key=float)

    def _selector(self, metric: str, more: str = "") -> str:
        return f"{metric}{{{','.join(filter(None, (self._match, more)))}}}"


async def _or_missing(read: Callable[..., Awaitable[T]], *arguments: object) -> T | Missing:
    try:
        return await read(*arguments)
    except NotSeen as why:
        return Missing(str(why))
    except PostflightError as error:
        return missing_because(error)


def _status(labels: Labels) -> str:
    found = dict(labels)
    for name in _STATUS:
        if name in found:
            return found[name]
    raise NotSeen(f"{REQUESTS} has none of the labels {', '.join(_STATUS)}, so errors cannot be told")


def _is_finite(bound: str) -> bool:
    try:
        return math.isfinite(float(bound))
    except ValueError:
        return False


def _literally(bound: str) -> str:
    """Return a bound as a PromQL string that holds a regular expression: each backslash is written twice."""
    return re.escape(bound).replace("\\", "\\\\")
