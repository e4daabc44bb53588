"""Requests side by side: some at a time, as a browser loads the parts of a page, and one answer to all of them."""

from collections.abc import Iterator, Sequence

from postflight.errors import PostflightError
from postflight.load.engine.exchange import Exchange
from postflight.load.engine.received import Received

AT_ONCE = 6  # for each visitor, as browsers do it over HTTP/1.1


class Parts:
    """The exchanges of one `Together`. Owned by the loop's thread."""

    __slots__ = ("_exchanges", "_running", "_waiting", "answers", "error")

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = tuple(exchanges)
        self._waiting = list(reversed(self._exchanges))
        self._running: set[Exchange] = set()
        self.answers: dict[Exchange, Received] = {}
        self.error: PostflightError | None = None  # the first

    def begin(self) -> None:
        """Let as many go as may. Raises `CannotMeasure` for one that cannot be sent."""
        while self._waiting and len(self._running) < AT_ONCE:
            exchange = self._waiting.pop()
            self._running.add(exchange)
            exchange.begin()

    def ended(self, exchange: Exchange) -> bool:
        """Note that one is over, begin the next, and return whether all are."""
        self._running.discard(exchange)
        if exchange in self._waiting:  # its deadline passed before its turn came
            self._waiting.remove(exchange)
        for waiting in self._waiting:
            waiting.not_our_lag()  # that its turn had not come
        self.begin()
        return not self._running and not self._waiting

    def in_order(self) -> tuple[Received, ...]:
        """Return the answers in the order of the requests."""
        return tuple(self.answers[exchange] for exchange in self._exchanges)

    @property
    def sent(self) -> bool:
        """Whether something is under way that was sent."""
        return any(exchange.sent for exchange in self._running)

    def withdraw(self) -> None:
        """Let nobody hear of what is not over."""
        for exchange in self._running:
            exchange.withdraw()
        self._running = set()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)
