"""A running Locust: what its users asked and what failed, from the statistics of its web interface.

It counts since its test began, and tells totals: a block is what they grew by. When somebody resets them, that block
says nothing: totals that shrink tell it, and that it has counted for a shorter time than before (`total_rps` is the
number of requests by that time), for many requests soon hide that they were reset. Its web
interface renews its answer every 2 s, and workers report every 3 s: choose longer blocks.

Its failures are what its users call so: no answer, 400 and above, and whatever their own checks refuse. It tells no
histogram of response times, so no trigger on them can be held against it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from postflight.errors import PostflightError
from postflight.flow import Response
from postflight.signals.clock import Clock
from postflight.signals.reading import Counted, Missing, Reading, Span, counted, missing_because
from postflight.stats.rules import SequentialRule

PATH = "/stats/requests"
_TOTAL = "Aggregated"  # the row that sums all others, which may be cut off after 500
_ROUNDING = 1e-6  # seconds
_AT_WORK = frozenset({"spawning", "running"})

Get = Callable[[str], Awaitable[Response]]  # raises `DeploymentFault` or `CannotMeasure`; has its own deadline


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    name: str
    num_requests: int = Field(ge=0)
    num_failures: int = Field(ge=0)
    total_rps: float = Field(ge=0, allow_inf_nan=False)


class _Statistics(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    state: str
    stats: tuple[_Row, ...] = Field(strict=False)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counted since the test began, `seconds` ago as far as Locust tells: up to its last request."""

    requests: int
    failures: int
    seconds: float


class Locust:
    """Reads one Locust. `rules` are the triggers on errors that it feeds, by their names in the plan."""

    def __init__(self, url: str, rules: Sequence[SequentialRule], get: Get, clock: Clock) -> None:
        self._url = url.rstrip("/") + PATH
        self._rules = tuple(rules)
        self._get = get
        self._clock = clock
        self._before: Totals | Missing | None = None
        self._one_at_a_time = asyncio.Lock()  # a late answer must not be taken for a later block's

    async def read(self, span: Span) -> Reading:
        """Return by how much the totals grew in this block, once it is over."""
        async with self._one_at_a_time:
            if self._before is None:
                await self._clock.sleep_until(span.start)
                self._before = await self._totals()
        await self._clock.sleep_until(span.end)
        async with self._one_at_a_time:
            before, self._before = self._before, await self._totals()
            found = _grown(before, self._before)
        notes = (f"locust: {found.reason}",) if isinstance(found, Missing) else ()
        return Reading(counted={rule.name: found for rule in self._rules}, notes=notes)

    async def _totals(self) -> Totals | Missing:
        try:
            answer = await self._get(self._url)
            answer.expect(200)
        except PostflightError as error:
            return missing_because(error)
        try:
            found = _Statistics.model_validate_json(answer.body)
        except ValidationError as error:
            return Missing(f"{self._url} is no statistics of Locust: {error.errors()[0]['msg']}")
        if found.state not in _AT_WORK:
            return Missing(f"Locust sends nothing: its state is {found.state[:20]}")
        total = next((row for row in found.stats if row.name == _TOTAL), None)
        if total is None:
            return Missing(f"{self._url} has no row {_TOTAL}")
        seconds = total.num_requests / total.total_rps if total.total_rps else 0.0
        return Totals(total.num_requests, total.num_failures, seconds)


def _grown(before: Totals | Missing | None, now: Totals | Missing) -> Counted:
    if isinstance(now, Missing):
        return now
    if not isinstance(before, Totals):
        return before or Missing("nothing was counted before this block")
    requests, failures = now.requests - before.requests, now.failures - before.failures
    if requests < 0 or not 0 <= failures <= requests or now.seconds < before.seconds - _ROUNDING:
        return Missing("its statistics were reset in this block")
    return counted(requests, failures)
