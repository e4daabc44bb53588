"""What an engine measured in a while: frozen, mergeable without loss, and small enough for a worker's message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from postflight.load.engine.histogram import Histogram

STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
# no whole answer: refused, reset or closed, late, TLS, not HTTP; check: whole, but not what the flow expects of it;
# runner: not the deployment's fault (no name server, no file descriptors, an error in the flow)
ERRORS = ("refused", "reset", "timeout", "tls", "garbage", "check", "runner")
FAILURES = frozenset({"5xx", "refused", "reset", "timeout", "tls", "garbage", "check"})  # of the deployment
ENDINGS = ("started", "missed", "ok", "failed", "unknown", "invalid", "stopped")  # of flows
STARTED, MISSED, OK, FAILED, UNKNOWN, INVALID, STOPPED, WAITING = range(8)  # no enum: its members cost a call each
MAX_MESSAGES = 100  # different ones; what comes beyond is counted as OTHER
OTHER = "(other messages)"


class Key(NamedTuple):
    """What is counted together."""

    second: int  # Unix time of the intended start, whole seconds
    name: str  # of the request, as statistics show it
    outcome: str  # of STATUS_CLASSES or ERRORS


class Message(NamedTuple):
    """An error that happened, in words."""

    name: str  # of the request or flow
    outcome: str
    text: str  # bounded, free of secrets


@dataclass(frozen=True, slots=True)
class Cell:
    """All requests of one key. Histograms are in microseconds.

    `latency` counts from the intended start (first request of a flow) or from when the flow asked (later ones).
    `service` is from sent to received; requests that were never sent are not in it. `queueing` is the wait for one of
    the bounded connections.
    """

    count: int
    bytes: int  # of the bodies, as received
    latency: Histogram
    service: Histogram
    queueing: Histogram

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(
            self.count + other.count,
            self.bytes + other.bytes,
            self.latency + other.latency,
            self.service + other.service,
            self.queueing + other.queueing,
        )


@dataclass(frozen=True, slots=True)
class Flows:
    """How many flows of one kind. `due` = `started` + `missed`; `started` less all that ended is in flight.

    A flow in flight is not always waiting for the deployment: it may rest, or ask again and again whether something is
    ready. So `waiting` tells of the requests, by the second in which they were asked.
    """

    started: int = 0
    missed: int = 0  # due, but as many as allowed were in flight already
    ok: int = 0
    failed: int = 0  # DeploymentFault
    unknown: int = 0  # NotEnoughEvidence: a full pool says nothing about whether previews work
    invalid: int = 0  # any other error: ours
    stopped: int = 0  # by the end of the run
    waiting: int = 0  # requests asked less those that are over: only of the sum of all batches, too

    def __add__(self, other: "Flows") -> "Flows":
        return Flows(*(mine + theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True)))

    @property
    def numbers(self) -> tuple[int, int, int, int, int, int, int, int]:
        """All counts, in the order of `ENDINGS`, and what waits."""
        ended = self.ok, self.failed, self.unknown, self.invalid, self.stopped
        return self.started, self.missed, *ended, self.waiting

    @property
    def due(self) -> int:
        """How many should have started."""
        return self.started + self.missed

    @property
    def in_flight(self) -> int:
        """How many run: only of the sum of all batches since the start."""
        return self.started - self.ok - self.failed - self.unknown - self.invalid - self.stopped

    @property
    def without_an_end(self) -> "Flows":
        """Return those that did not get to an end of their own, and what they wait for: so that it can be left out."""
        return Flows(started=self.in_flight + self.stopped, stopped=self.stopped, waiting=self.waiting)

    def __neg__(self) -> "Flows":
        return Flows(*(-number for number in self.numbers))


@dataclass(frozen=True, slots=True)
class Effort:
    """What the generator itself did: whether what it measured can be believed. See `generator.judge`.

    `lag` is how late requests were written for no other reason than that we were busy (us). `cpu` holds one sample for
    each stretch of about a quarter second: the engine thread's share of a core, in 1/1000. `kernel` and `user` count
    by which clock the ends of answers were told.
    """

    lag: Histogram = field(default_factory=Histogram)
    cpu: Histogram = field(default_factory=Histogram)
    kernel: int = 0
    user: int = 0

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(self.lag + other.lag, self.cpu + other.cpu, self.kernel + other.kernel, self.user + other.user)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was measured since the batch before. The sum of all batches of all workers is the run."""

    cells: Mapping[Key, Cell] = field(default_factory=dict)
    flows: Mapping[tuple[int, str], Flows] = field(default_factory=dict)  # (Unix second of the intended start, name)
    messages: Mapping[Message, int] = field(default_factory=dict)
    effort: Effort = field(default_factory=Effort)

    def __add__(self, other: "Batch") -> "Batch":
        return Batch.sum((self, other))

    @staticmethod
    def sum(batches: "Iterable[Batch]") -> "Batch":
        """Return one batch that holds all of them; but for the bound on different messages nothing is lost."""
        cells: dict[Key, Cell] = {}
        flows: dict[tuple[int, str], Flows] = {}
        messages: dict[Message, int] = {}
        effort = Effort()
        for batch in batches:
            for key, cell in batch.cells.items():
                cells[key] = cells[key] + cell if key in cells else cell
            for place, count in batch.flows.items():
                flows[place] = flows[place] + count if place in flows else count
            for message, times in batch.messages.items():
                count_message(messages, message, times)
            effort += batch.effort
        return Batch(cells, flows, messages, effort)

    def between(self, begin: int, end: int) -> "Batch":
        """Return what was intended to start in Unix seconds begin <= second < end; messages and effort stay whole."""
        return Batch(
            {key: cell for key, cell in self.cells.items() if begin <= key.second < end},
            {place: count for place, count in self.flows.items() if begin <= place[0] < end},
            self.messages,
            self.effort,
        )

    def total(self, name: str | None = None, outcomes: Iterable[str] | None = None) -> Cell:
        """Return all requests of a name (None: of all) with these outcomes (None: any) as one cell."""
        wanted = None if outcomes is None else frozenset(outcomes)
        found = [
            cell
            for key, cell in self.cells.items()
            if (name is None or key.name == name) and (wanted is None or key.outcome in wanted)
        ]
        return Cell(
            sum(cell.count for cell in found),
            sum(cell.bytes for cell in found),
            Histogram.sum(cell.latency for cell in found),
            Histogram.sum(cell.service for cell in found),
            Histogram.sum(cell.queueing for cell in found),
        )

    def flow_total(self, name: str | None = None) -> Flows:
        """Return the counts of all flows of a name (None: of all)."""
        return sum((flows for (_, kind), flows in self.flows.items() if name in (None, kind)), Flows())

    def to_wire(self) -> list[Any]:
        """Return lists, strings and whole numbers, for msgpack or JSON."""
        return [
            [
                [*key, cell.count, cell.bytes, cell.latency.to_wire(), cell.service.to_wire(), cell.queueing.to_wire()]
                for key, cell in self.cells.items()
            ],
            [[*place, *flows.numbers] for place, flows in self.flows.items()],
            [[*message, times] for message, times in self.messages.items()],
            [self.effort.lag.to_wire(), self.effort.cpu.to_wire(), self.effort.kernel, self.effort.user],
        ]

    @classmethod
    def from_wire(cls, wire: list[Any]) -> "Batch":
        """Return what `to_wire` was made of."""
        cells, flows, messages, (lag, cpu, kernel, user) = wire
        return cls(
            {
                Key(second, name, outcome): Cell(count, size, *map(Histogram.from_wire, histograms))
                for second, name, outcome, count, size, *histograms in cells
            },
            {(second, name): Flows(*numbers) for second, name, *numbers in flows},
            {Message(name, outcome, text): times for name, outcome, text, times in messages},
            Effort(Histogram.from_wire(lag), Histogram.from_wire(cpu), kernel, user),
        )


def count_message(messages: dict[Message, int], message: Message, times: int = 1) -> None:
    """Count a message. Of more than `MAX_MESSAGES` different ones the name and outcome are kept, and not the text."""
    if message not in messages and len(messages) >= MAX_MESSAGES:
        message = Message(message.name, message.outcome, OTHER)
    messages[message] = messages.get(message, 0) + times
