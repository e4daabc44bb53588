"""Visitors at a steady rate, each on a connection of its own, who come when they are due, whoever was served before.

They ask for the landing page and the health document in turns. A response time counts from the time at which the
request was due, so that nothing is forgotten while the platform stands still ("coordinated omission").
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from postflight.errors import DeploymentFault, PostflightError
from postflight.flow import Response
from postflight.signals.clock import Clock
from postflight.signals.endpoints import Endpoint
from postflight.signals.probes import TOO_OFTEN
from postflight.watch.transition.account import End, Trouble, Visit

Fetch = Callable[[Endpoint], Awaitable[Response]]  # raises `DeploymentFault` or `CannotMeasure`; has its own deadline
Ask = Callable[[float], Awaitable[str | None]]  # what is wrong with this runner at that time
OnVisit = Callable[[Visit], None]

LOOKS_EVERY = 0.1  # seconds between two looks at this runner itself


@dataclass(frozen=True, slots=True)
class Pace:
    """How visitors come. `rate` per second, for `longest` seconds at most.

    They end `settle` seconds after the version last changed: how many come does not depend on how they fare.
    """

    rate: float
    longest: float
    settle: float


@dataclass(slots=True)
class Visits:
    """Sends the requests and keeps what came of each, on a clock that begins at `origin`."""

    endpoints: Sequence[Endpoint]
    pace: Pace
    origin: float
    clock: Clock
    fetch: Fetch
    canary: Ask
    network: Ask
    slower_than: float
    version_header: str
    on_visit: OnVisit = lambda _visit: None
    made: list[Visit] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    _version: str = ""
    _changed: float | None = None
    _suspicious: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until the end of the plan or `stop`; then wait for what is under way."""
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look_at_ourselves())
            under_way: set[asyncio.Task[None]] = set()
            number = 0
            while not stop.is_set() and not self._is_over(at := number / self.pace.rate):
                await self.clock.sleep_until(self.origin + at)
                task = group.create_task(self._visit(self.endpoints[number % len(self.endpoints)], at))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                number += 1
            if under_way:
                await asyncio.wait(under_way)
            looking.cancel()

    def _is_over(self, at: float) -> bool:
        settled = self._changed is not None and at >= self._changed + self.pace.settle
        return settled or at >= self.pace.longest

    async def _visit(self, endpoint: Endpoint, at: float) -> None:
        visit = await self._asked(endpoint, at)
        if visit.end is End.LOST:
            await self._is_it_us(visit)
        if visit.version and visit.version != self._version:
            if self._version:
                self._changed = max(at, self._changed or 0.0)
            self._version = visit.version
        self.made.append(visit)
        self.on_visit(visit)

    async def _asked(self, endpoint: Endpoint, at: float) -> Visit:
        try:
            response = await self.fetch(endpoint)
        except DeploymentFault as error:
            return Visit(at, self._since(at), End.LOST, said=str(error))
        except PostflightError as error:
            return Visit(at, self._since(at), End.MISSING, said=str(error))
        seconds, version = self._since(at), version_of(response, self.version_header)
        if response.status == TOO_OFTEN:
            return Visit(at, seconds, End.MISSING, version, "asked too often (429): a lower --rate")
        if not (200 <= response.status < 300 if endpoint.health else response.status < 500):
            return Visit(at, seconds, End.FAILED, version, f"{endpoint.url} answered {response.status}")
        return Visit(at, seconds, End.SLOW if seconds > self.slower_than else End.GOOD, version)

    def _since(self, at: float) -> float:
        return self.clock.now() - self.origin - at

    async def _look_at_ourselves(self) -> None:
        number = 0
        while True:
            at = number * LOOKS_EVERY
            await self.clock.sleep_until(self.origin + at)
            if trouble := await self.canary(self.origin + at):
                self.troubles.append(Trouble(at, at + self._since(at), trouble))
            number = max(number + 1, int((self.clock.now() - self.origin) / LOOKS_EVERY))

    async def _is_it_us(self, visit: Visit) -> None:
        """When something gave no answer, ask whether our own network works: once for all that are lost meanwhile."""
        if self._suspicious:
            return
        self._suspicious = True
        try:
            if trouble := await self.network(self.clock.now()):
                self.troubles.append(Trouble(visit.at, visit.at + self._since(visit.at), trouble))
        finally:
            self._suspicious = False


def version_of(response: Response, header: str) -> str:
    """Return the release that answered: as the header says, else as a health document's `version`; empty if neither."""
    for name, value in response.headers:
        if name.lower() == header.lower():
            return value[:100]
    if not response.body.lstrip().startswith(b"{"):
        return ""
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return ""
    version = document.get("version") if isinstance(document, dict) else None
    return version[:100] if isinstance(version, str) else ""
