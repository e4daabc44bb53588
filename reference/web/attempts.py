"""Bounds how often a password can be guessed: failed attempts for one address within a minute."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

LIMIT = 10  # failed attempts
WINDOW = 60.0  # seconds
_MAX_ADDRESSES = 10_000  # the oldest are forgotten first


@dataclass(slots=True)
class FailedAttempts:
    """Remembers when sign-in failed. Right passwords do not count."""

    clock: Callable[[], float] = time.monotonic
    _failed: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait(self, address: str) -> int:
        """Return the seconds until another attempt is welcome; 0: now."""
        failed = self._failed.get(address)
        if failed is None or len(failed) < LIMIT:
            return 0
        return max(0, math.ceil(failed[0] + WINDOW - self.clock()))

    def note(self, address: str) -> None:
        """Remember that an attempt has failed."""
        self._failed.setdefault(address, deque(maxlen=LIMIT)).append(self.clock())
        self._failed.move_to_end(address)
        while len(self._failed) > _MAX_ADDRESSES:
            self._failed.popitem(last=False)
