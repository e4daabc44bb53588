"""How long this process stood still while it waited for somebody: stopped, starved of processor time, or blocked.

Between a request and its answer an event loop has nothing to do, so a timer of its own comes as due; one that comes
late tells that we were not there. That time is ours, and nobody's latency, and it must not count against a deadline.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

import anyio

_EVERY = 0.02  # seconds between two beats
_USUAL = 0.005  # seconds by which a timer is late on a well machine, rounded up to the clock of epoll


class Standstill:
    """Beats in the running asyncio loop until its block ends. `seconds` is by how much the beats came late, so far.

    What it sees late, it adds to the deadline of `scope`.
    """

    def __init__(self, scope: anyio.CancelScope) -> None:
        self.seconds = 0.0
        self._scope = scope

    def __enter__(self) -> Self:
        self._plan()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._look()

    def _plan(self) -> None:
        self._due = time.monotonic() + _EVERY
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._beat)

    def _beat(self) -> None:
        self._look()
        self._plan()

    def _look(self) -> None:
        if (late := time.monotonic() - self._due) > _USUAL:
            self.seconds += late
            self._scope.deadline += late
