"""Time as the watch sees it: a clock to read and a way to wait, so that a test can bring its own."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock in seconds, wall-clock time for what is compared with others, and waiting."""

    def now(self) -> float:
        """Return monotonic seconds."""

    def wall(self) -> float:
        """Return seconds since 1970, UTC."""

    async def sleep_until(self, at: float) -> None:
        """Return at `at` (monotonic seconds), at once when that has passed."""


class SystemClock:
    """The computer's own."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since 1970, UTC."""
        return time.time()

    async def sleep_until(self, at: float) -> None:
        """Sleep; also for no time at all it lets others run."""
        await asyncio.sleep(max(0.0, at - self.now()))
