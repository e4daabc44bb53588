"""What the engine's thread writes down: a few appends a request. Whoever drains makes a `Batch` of it, in bulk."""

import time
from collections import defaultdict

from postflight.load.engine.batch import STATUS_CLASSES, Batch, Cell, Effort, Flows, Key, Message, count_message
from postflight.load.engine.exchange import Exchange
from postflight.load.engine.histogram import Histogram
from postflight.load.engine.received import Received

_SECOND = 1_000_000_000  # ns
_CLASSES = ("", *STATUS_CLASSES)
_POSITIONS = len(Flows().numbers)


class _Cell:
    """A `Cell` in the making; times in ns."""

    __slots__ = ("bytes", "latency", "queueing", "service")

    def __init__(self) -> None:
        self.bytes = 0
        self.latency: list[int] = []
        self.service: list[int] = []
        self.queueing: list[int] = []  # of those that had to: most do not


class Recorder:
    """Samples of one stretch of time. The engine's thread writes; nobody reads before it has given it away."""

    def __init__(self) -> None:
        # (Unix second, name) -> positions of `Flows.numbers`
        self.flows: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * _POSITIONS)
        self._lag: list[int] = []  # ns, of each request that was written
        self.kernel = self.user = 0  # answers whose end was told by this clock
        self._cells: defaultdict[tuple[int, str, str], _Cell] = defaultdict(_Cell)
        self._messages: dict[Message, int] = {}
        self._cpu: int | None = None
        self._began = time.monotonic_ns(), time.thread_time_ns()

    def task(self, second: int, name: str, outcome: str, took: int, lag: int) -> None:
        """Note something beyond HTTP that took so long, of which we came so late (ns)."""
        self._lag.append(lag)
        cell = self._cells[second, name, outcome]
        cell.latency.append(took)
        cell.service.append(took - lag)

    def answer(self, exchange: Exchange, answer: Received, *, rejected: bool, unix: int) -> None:
        """Note an answer. `rejected`: the flow did not expect it; `unix` is what to add for Unix time."""
        if exchange.kernel:
            self.kernel += 1
        else:
            self.user += 1
        status = answer.status
        outcome = "check" if rejected and status < 500 else _CLASSES[status // 100]
        self.exchange(exchange, outcome, len(answer.raw_body), exchange.ended, unix)

    def exchange(self, exchange: Exchange, outcome: str, size: int, ended: int, unix: int) -> None:
        """Note a request that is over, with or without an answer."""
        asked, sent = exchange.asked, exchange.first_sent
        cell = self._cells[(asked + unix) // _SECOND, exchange.name, outcome]
        cell.bytes += size
        cell.latency.append(ended - asked)
        if exchange.queueing:
            cell.queueing.append(exchange.queueing)
        if sent:
            self._lag.append(exchange.lag)
            if exchange.ended:
                cell.service.append(exchange.ended - sent)

    def message(self, name: str, outcome: str, text: str) -> None:
        """Count an error."""
        count_message(self._messages, Message(name, outcome, text))

    def seal(self) -> None:
        """Note what share of a core the thread used since this was made. Called by the thread, at the end."""
        wall, cpu = self._began
        self._cpu = (time.thread_time_ns() - cpu) * 1000 // max(1, time.monotonic_ns() - wall)

    def batch(self) -> Batch:
        """Return what was noted."""
        return Batch(
            {
                Key(*key): Cell(
                    len(cell.latency),
                    cell.bytes,
                    Histogram.of_nanoseconds(cell.latency),
                    Histogram.of_nanoseconds(cell.service),
                    Histogram.of_nanoseconds(cell.queueing) + Histogram.zeros(len(cell.latency) - len(cell.queueing)),
                )
                for key, cell in self._cells.items()
            },
            {place: Flows(*counts) for place, counts in self.flows.items()},
            self._messages,
            Effort(
                Histogram.of_nanoseconds(self._lag),
                Histogram.of({} if self._cpu is None else {self._cpu: 1}),
                self.kernel,
                self.user,
            ),
        )
