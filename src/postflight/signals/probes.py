"""Our own requests: every endpoint at each round of a steady schedule, each with a deadline, none waiting for another.

A response time counts from the *intended* start, so that a request that could not leave in time is slow and not
forgotten ("coordinated omission"). What is bad: no answer, a status of 500 and above, a health document that is not
2xx. What is missing: a request that this runner could not make, and one that was refused for asking too often (429).
A block in which the canary was late, or something gave no answer while the runner's own network failed, is missing as
a whole.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from postflight.errors import DeploymentFault, PostflightError
from postflight.flow import Response
from postflight.signals.clock import Clock
from postflight.signals.endpoints import Endpoint
from postflight.signals.reading import MOST_NOTES, Counted, Fault, Missing, Reading, Span, counted, missing_because
from postflight.stats.rules import ErrorRate, ResponseTime, SequentialRule

Fetch = Callable[[Endpoint], Awaitable[Response]]  # raises `DeploymentFault` or `CannotMeasure`; has its own deadline
Trouble = Callable[[float], Awaitable[str | None]]  # what is wrong with this runner at that time
TOO_OFTEN = 429


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rounds at `origin`, `origin + every`, ... (seconds on the watch's clock)."""

    origin: float
    every: float

    def within(self, span: Span) -> Iterator[float]:
        """Yield the intended times of the rounds of a block, its end excluded."""
        number = math.ceil(round((span.start - self.origin) / self.every, 6))
        while (at := self.origin + number * self.every) < span.end - 1e-9:
            yield at
            number += 1


@dataclass(frozen=True, slots=True)
class Probe:
    """One request and its end: good, bad (with what was wrong), or missing."""

    endpoint: Endpoint
    seconds: float
    bad: str = ""
    answered: bool = True
    missing: Missing | None = None


class Probes:
    """Asks all endpoints. `rules` are the triggers that it feeds, by their names in the watch's plan."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        rules: Sequence[SequentialRule],
        schedule: Schedule,
        *,
        fetch: Fetch,
        clock: Clock,
        canary: Trouble,
        network: Trouble,
    ) -> None:
        """`canary` is asked at each round, `network` only when something gave no answer."""
        self._endpoints = tuple(endpoints)
        self._rules = tuple(rules)
        self._schedule = schedule
        self._fetch = fetch
        self._clock = clock
        self._canary = canary
        self._network = network

    async def read(self, span: Span) -> Reading:
        """Make the rounds of a block, and return what came of them when the last request has ended."""
        async with asyncio.TaskGroup() as group:
            probes: list[asyncio.Task[Probe]] = []
            canaries: list[asyncio.Task[str | None]] = []
            for at in self._schedule.within(span):
                await self._clock.sleep_until(at)
                canaries.append(group.create_task(_asked(self._canary, at)))
                probes += [group.create_task(self._probe(endpoint, at)) for endpoint in self._endpoints]
        done = [probe.result() for probe in probes]
        trouble = next((found for canary in canaries if (found := canary.result())), None)
        if trouble is None and not all(probe.answered for probe in done):
            trouble = await self._network(self._clock.now())
        if trouble is not None:
            done = [Probe(probe.endpoint, probe.seconds, missing=Missing(trouble, Fault.RUNNER)) for probe in done]
        return Reading(
            counted={rule.name: _count(rule, done) for rule in self._rules},
            checks={
                endpoint.name: tuple(_passed(probe) for probe in done if probe.endpoint is endpoint)
                for endpoint in self._endpoints
                if endpoint.health
            },
            seconds=tuple(probe.seconds for probe in done if probe.missing is None),
            notes=_notes(done),
        )

    async def _probe(self, endpoint: Endpoint, at: float) -> Probe:
        try:
            response = await self._fetch(endpoint)
        except DeploymentFault as error:
            return Probe(endpoint, self._clock.now() - at, bad=str(error), answered=False)
        except PostflightError as error:
            return Probe(endpoint, self._clock.now() - at, missing=missing_because(error))
        seconds = self._clock.now() - at
        if response.status == TOO_OFTEN:
            return Probe(endpoint, seconds, missing=Missing("asked too often (429): probe less with --every"))
        good = 200 <= response.status < 300 if endpoint.health else response.status < 500
        return Probe(endpoint, seconds, bad="" if good else f"{endpoint.url} answered {response.status}")


async def _asked(trouble: Trouble, at: float) -> str | None:
    return await trouble(at)


def _count(rule: SequentialRule, probes: Sequence[Probe]) -> Counted:
    seen = [probe for probe in probes if probe.missing is None]
    if not seen:
        return next((probe.missing for probe in probes if probe.missing), Missing("no probe was due in this block"))
    match rule:
        case ErrorRate():
            bad = sum(bool(probe.bad) for probe in seen)
        case ResponseTime():  # a request without an answer is slow
            bad = sum(not probe.answered or probe.seconds > rule.slower_than for probe in seen)
    return counted(len(seen), bad)


def _passed(probe: Probe) -> bool | None:
    return None if probe.missing else not probe.bad


def _notes(probes: Sequence[Probe]) -> tuple[str, ...]:
    """Say what was wrong, most frequent first: `web: ... refuses connections (12 times)`."""
    said = Counter(
        f"{probe.endpoint.name}: {probe.missing.reason if probe.missing else probe.bad}"
        for probe in probes
        if probe.bad or probe.missing
    )
    return tuple(f"{text} ({count} times)" if count > 1 else text for text, count in said.most_common(MOST_NOTES))
