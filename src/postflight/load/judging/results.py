"""What a run measured, gathered from its workers' batches on the master, and what happened to the workers. No I/O.

Merging loses nothing: the sum of all batches is the run. What is kept of it is bounded: whole seconds for as long as
answers to them may still come, points of a chart after that, and one histogram each for the run and its request names.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from postflight.load.engine.batch import FAILURES, Batch, Cell, Effort, Flows, Message, count_message
from postflight.load.engine.histogram import Histogram
from postflight.load.judging.chart import Point
from postflight.load.judging.thresholds import Counted

HORIZON = 120  # seconds in which an answer may come; longer than every deadline of a flow
LATE = 3  # seconds after which a window is judged though some of its flows still run
SILENCE = 5.0  # seconds without a word after which a worker counts as lost
NOTHING, NO_FLOWS, NO_EFFORT = Histogram(), Flows(), Effort()
REPORT = 0.5  # seconds between two batches of a worker
_US = 1_000_000
OURS = frozenset({"runner"})  # outcomes that say nothing about the deployment


@dataclass(frozen=True, slots=True)
class Spread:
    """Latencies of a histogram in microseconds, asked in seconds (`thresholds.Latencies`)."""

    histogram: Histogram = NOTHING
    pending: int = 0  # requests without an answer yet, of which only
    age: float = 0.0  # seconds are known

    @property
    def count(self) -> int:
        """How many there are."""
        return self.histogram.count + self.pending

    def at(self, quantile: float) -> float:
        """Return the latency in seconds that this share does not exceed."""
        ended = self.histogram.count
        if quantile * self.count > ended:
            return max(self.age, self.histogram.maximum / _US)
        return self.histogram.quantile(quantile * self.count / ended) / _US if ended else 0.0

    def above(self, limit: float) -> int:
        """Return how many exceed `limit` seconds."""
        ended = self.histogram.count
        beyond = round(self.histogram.share_above(round(limit * _US)) * ended)
        return beyond + (self.pending if self.age > limit else 0)


@dataclass(slots=True)
class Tally:
    """What was counted in one second, or in all of them."""

    ended: int = 0
    failed: int = 0
    latency: Histogram = NOTHING
    flows: Flows = NO_FLOWS

    def add(self, cells: Iterable[tuple[str, Cell]], flows: Flows) -> None:
        """Add cells with their outcomes, and flows."""
        mine = [(outcome, cell) for outcome, cell in cells if outcome not in OURS]
        self.ended += sum(cell.count for _, cell in mine)
        self.failed += sum(cell.count for outcome, cell in mine if outcome in FAILURES)
        self.latency = Histogram.sum([self.latency, *(cell.latency for _, cell in mine)])
        self.flows += flows

    def counted(self, age: float | None = None, underway: int = 0) -> Counted:
        """Return it as thresholds read it.

        What waits for an answer after `age` seconds is a request that took so long at least. A flow that runs then and
        does not wait is one of those that take their time, as the start of a preview does: its end is not due yet.
        Without an age it is told how many are `underway` so.
        """
        flows = self.flows
        waiting = max(0, flows.waiting) if age is not None else 0
        underway = max(0, flows.in_flight - waiting) if age is not None else underway
        return Counted(
            ended=self.ended,
            failed=self.failed,
            latencies=Spread(self.latency, waiting, age or 0.0),
            due=flows.due - underway,
            done=flows.ok + flows.failed + flows.unknown + flows.invalid,
            succeeded=flows.ok,
            broken=flows.failed,
        )

    def point(self, at: float) -> Point:
        """Return it as a point of a chart."""
        known = self.latency.count > 0
        p50, p95, p99 = (value / _US if known else None for value in self.latency.quantiles((0.5, 0.95, 0.99)))
        return Point(at, self.flows.due, self.ended, self.failed, p50, p95, p99)


@dataclass(slots=True)
class Worker:
    """What the master knows of a worker. `last_seen` is of the master's monotonic clock, `until` time of the run."""

    last_seen: float
    waits_for: set[str] = field(default_factory=set)  # profiles that it has not prepared yet
    plays: set[str] = field(default_factory=set)  # profiles that it has not ended yet
    heard: dict[str, int] = field(default_factory=dict)  # profile -> how many of its batches have come
    until: float = 0.0  # up to which it has told all
    trouble: str = ""  # why it could not take part, or was lost
    pauses: list[float] = field(default_factory=list)  # seconds by which its reports were late
    effort: Effort = NO_EFFORT
    flows: Flows = NO_FLOWS

    @property
    def done(self) -> bool:
        """Whether it has ended all that it was to do."""
        return not self.plays


@dataclass(slots=True)
class Series:
    """One profile of a run, second by second. `begin` is the Unix second of its first arrival."""

    begin: int
    warm_up: float
    total: Tally = field(default_factory=Tally)  # without warm-up
    warm: Tally = field(default_factory=Tally)  # only warm-up
    names: dict[tuple[str, str], Cell] = field(default_factory=dict)  # (name, outcome) -> without warm-up
    messages: dict[Message, int] = field(default_factory=dict)
    seconds: dict[int, Tally] = field(default_factory=dict)  # the last HORIZON of them, counted from begin
    past: list[Point] = field(default_factory=list)
    endless: dict[str, dict[int, Flows]] = field(default_factory=dict)  # worker -> second -> `Flows.without_an_end`
    lost: set[str] = field(default_factory=set)  # workers that did not get to tell all
    cut_short: bool = False  # the run was ended early: flows were stopped that may have had more time
    cut_off: int = 0  # flows that did not get to clean up

    def add(self, batch: Batch, worker: str = "") -> None:
        """Add what one worker has measured."""
        found: dict[int, tuple[list[tuple[str, Cell]], Flows]] = {}
        for key, cell in batch.cells.items():
            found.setdefault(key.second - self.begin, ([], Flows()))[0].append((key.outcome, cell))
            if key.second - self.begin >= self.warm_up:
                place = (key.name, key.outcome)
                self.names[place] = self.names[place] + cell if place in self.names else cell
        for (second, _), flows in batch.flows.items():
            cells, known = found.get(second - self.begin, ([], Flows()))
            found[second - self.begin] = (cells, known + flows)
            self._note_endless(worker, second - self.begin, flows)
        for second, (cells, flows) in found.items():
            self.seconds.setdefault(second, Tally()).add(cells, flows)
            (self.total if second >= self.warm_up else self.warm).add(cells, flows)
        for message, times in batch.messages.items():
            count_message(self.messages, message, times)

    def _note_endless(self, worker: str, second: int, flows: Flows) -> None:
        known = self.endless.setdefault(worker, {})
        known[second] = known.get(second, NO_FLOWS) + flows.without_an_end
        if known[second] == NO_FLOWS:
            del known[second]

    @property
    def judged(self) -> Tally:
        """Return the run without its warm-up, as the target can be judged by it."""
        return self._fair(self.total, math.ceil(self.warm_up), math.inf)

    def _fair(self, tally: Tally, first: float, until: float) -> Tally:
        """Return the tally of these seconds without the flows that we ourselves kept from an end.

        Those are the flows of lost workers, and what was stopped early: nobody knows how they would have ended.
        """
        return replace(tally, flows=tally.flows + -self._kept(first, until))

    def _kept(self, first: float, until: float) -> Flows:
        """Return the flows of these seconds that we kept from an end."""
        ours = (known for worker, known in self.endless.items() if self.cut_short or worker in self.lost)
        found = (flows for known in ours for second, flows in known.items() if first <= second < until)
        return sum(found, NO_FLOWS)

    def window(self, first: int, length: int, now: float) -> Tally | None:
        """Return seconds `first` to `first + length`, or None while their answers may still come."""
        age = now - (first + length)
        seconds = range(first, first + length)
        whole = self._fair(sum_tallies(self.seconds.get(s, Tally()) for s in seconds), seconds.start, seconds.stop)
        runs = whole.flows.in_flight > 0 or whole.flows.waiting > 0
        return None if age < 0 or (runs and age < LATE) else whole

    def underway(self, now: float) -> int:
        """Return how many flows run, and may: no answer is held back from them, so that their end is not due yet."""
        return max(0, self.judged.flows.in_flight - self.held(now))

    def held(self, now: float) -> int:
        """Return how many answers are held back: what was asked `LATE` seconds ago or before still waits for them."""
        first, until = math.ceil(self.warm_up), now - LATE
        waiting = (tally.flows.waiting for second, tally in self.seconds.items() if first <= second < until)
        return max(0, sum(waiting) - self._kept(first, until).waiting)

    def forget(self, now: float) -> None:
        """Turn what is older than the horizon into points."""
        for second in sorted(second for second in self.seconds if second < now - HORIZON):
            self.past.append(self.seconds.pop(second).point(second))

    def points(self, until: float) -> list[Point]:
        """Return the run up to `until` (seconds since its begin) as points of a chart: whole seconds only."""
        recent = [self.seconds[second].point(second) for second in sorted(self.seconds)]
        return [point for point in (*self.past, *recent) if 0 <= point.at <= until - 1]

    def queueing(self) -> float:
        """Return the p95 of the wait for a connection, in seconds."""
        return Histogram.sum(cell.queueing for cell in self.names.values()).quantile(0.95) / _US

    def by_name(self) -> Iterator[tuple[str, Mapping[str, Cell]]]:
        """Yield each request name with its outcomes."""
        for name in sorted({name for name, _ in self.names}):
            yield name, {outcome: cell for (named, outcome), cell in self.names.items() if named == name}


def sum_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    kept = list(tallies)
    return Tally(
        sum(tally.ended for tally in kept),
        sum(tally.failed for tally in kept),
        Histogram.sum(tally.latency for tally in kept),
        sum((tally.flows for tally in kept), Flows()),
    )


@dataclass(slots=True)
class Results:
    """All of a run: its profiles by name, and its workers by id."""

    series: dict[str, Series] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)

    def add(self, worker: str, profile: str, batch: Batch, *, at: float, until: float, late: float = 0.0) -> None:
        """Add a batch of a worker, received `at` (monotonic), which tells all up to `until` (time of the run)."""
        series = self.series[profile]
        series.add(batch, worker)
        teller = self.workers.setdefault(worker, Worker(at))
        teller.last_seen, teller.until = at, max(teller.until, until)
        teller.flows += batch.flow_total()
        if until - series.begin >= series.warm_up:
            teller.effort += batch.effort
            teller.pauses.append(late)

    def told_until(self) -> float:
        """Return the time of the run up to which every worker that is left has told all; 0 before all have."""
        return min((w.until for w in self.workers.values() if not w.trouble and not w.done), default=0.0)

    def lose_silent(self, now: float) -> None:
        """Mark those as lost that have said nothing for too long: what they were doing says nothing of the target."""
        for name, worker in self.workers.items():
            if not worker.done and now - worker.last_seen > SILENCE:
                self.lose(name, f"said nothing for {SILENCE:g} s: it was killed, or its host or network is gone")

    def lose(self, name: str, words: str) -> None:
        """Mark one as lost, in words that continue a sentence about it; the first ones count."""
        self.workers[name].trouble = self.workers[name].trouble or words
        for series in self.series.values():
            series.lost.add(name)

    def lose_unfinished(self, words: str = "") -> None:
        """Judge nothing by what those do that have not ended; with words they are lost."""
        for name, worker in self.workers.items():
            if worker.done:
                continue
            if words:
                self.lose(name, words)
            for series in self.series.values():
                series.lost.add(name)

    def forgive(self, seconds: float) -> None:
        """Count these seconds for nobody's silence: we ourselves did not listen."""
        for worker in self.workers.values():
            worker.last_seen += seconds

    def follows(self, name: str, profile: str, number: int) -> bool:
        """Whether this is the next batch of a worker. If not, some of what it measured was lost on its way."""
        worker = self.workers[name]
        expected = worker.heard.get(profile, 0)
        worker.heard[profile] = number + 1
        if number != expected:
            self.lose(name, "did not get through with all that it measured: some of its reports were lost on their way")
        return number == expected

    @property
    def ended(self) -> bool:
        """Whether every worker is done or lost."""
        return all(worker.done or worker.trouble for worker in self.workers.values())
