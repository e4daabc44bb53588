"""What the engine's thread writes down: a few additions for each request, made into a `Batch` by whoever asks for it."""

import time

from postflight.load.batch import Batch, Cell, Effort, Flows, Key, Message, count_message
from postflight.load.histogram import HIGHEST, Histogram, bucket_of

_HALF_US, _US = 500, 1000  # ns


class _Cell:
    """A `Cell` in the making."""

    __slots__ = ("bytes", "count", "latency", "queueing", "service")

    def __init__(self) -> None:
        self.count = self.bytes = 0
        self.latency: dict[int, int] = {}
        self.service: dict[int, int] = {}
        self.queueing: dict[int, int] = {}


class Recorder:
    """Counts of one stretch of time. The engine's thread writes; nobody reads before it has given it away."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, str, str], _Cell] = {}
        self._flows: dict[tuple[int, str], list[int]] = {}
        self._messages: dict[Message, int] = {}
        self._lag: dict[int, int] = {}
        self._clocks = [0, 0]  # user, kernel
        self._cpu: int | None = None
        self._began = time.monotonic_ns(), time.thread_time_ns()

    def request(
        self, second: int, name: str, outcome: str, size: int, latency: int, service: int | None, queueing: int
    ) -> None:
        """Note a request that is over. Times in ns; `service` is None when it was never sent."""
        key = (second, name, outcome)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell()
        cell.count += 1
        cell.bytes += size
        _add(cell.latency, latency)
        _add(cell.queueing, queueing)
        if service is not None:
            _add(cell.service, service)

    def sent(self, lag: int) -> None:
        """Note by how many ns a request was written later than it could have been."""
        _add(self._lag, lag)

    def clock(self, *, kernel: bool) -> None:
        """Note which clock told the end of an answer."""
        self._clocks[kernel] += 1

    def flow(self, second: int, name: str, position: int) -> None:
        """Count a flow, at this position of `Flows.numbers`."""
        place = (second, name)
        counts = self._flows.get(place)
        if counts is None:
            counts = self._flows[place] = [0] * len(Flows().numbers)
        counts[position] += 1

    def message(self, name: str, outcome: str, text: str) -> None:
        """Count an error."""
        count_message(self._messages, Message(name, outcome, text))

    def seal(self) -> None:
        """Note what share of a core the thread used since this was made. Called by the thread, at the end."""
        wall, cpu = self._began
        self._cpu = (time.thread_time_ns() - cpu) * 1000 // max(1, time.monotonic_ns() - wall)

    def batch(self) -> Batch:
        """Return what was noted."""
        user, kernel = self._clocks
        return Batch(
            {
                Key(*key): Cell(
                    cell.count, cell.bytes, Histogram(cell.latency), Histogram(cell.service), Histogram(cell.queueing)
                )
                for key, cell in self._cells.items()
            },
            {place: Flows(*counts) for place, counts in self._flows.items()},
            self._messages,
            Effort(Histogram(self._lag), Histogram.of([] if self._cpu is None else [self._cpu]), kernel, user),
        )


def _add(counts: dict[int, int], nanoseconds: int) -> None:
    """Count a time in a histogram of microseconds."""
    bucket = bucket_of(min(max(nanoseconds + _HALF_US, 0) // _US, HIGHEST))
    counts[bucket] = counts.get(bucket, 0) + 1
