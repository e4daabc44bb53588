"""An alarm to the microsecond. A loop's own timers count whole milliseconds, in which five arrivals may lie."""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

_SECOND = 1_000_000_000  # ns
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME


class Alarm(Protocol):
    """Calls a function at a time of `time.monotonic_ns`, and again in each round of the loop until it is set anew."""

    def set(self, when: int) -> None:
        """Ring at this time, and not before; at once when it has passed."""

    def off(self) -> None:
        """Do not ring."""

    def close(self) -> None:
        """Never ring again."""


def alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    """Return the best alarm that this system has."""
    return _KernelAlarm(loop, ring) if sys.platform == "linux" else _LoopAlarm(loop, ring)


class _Setting(ctypes.Structure):
    """`struct itimerspec` of timerfd_settime(2)."""

    _fields_ = (
        ("interval_seconds", ctypes.c_long),
        ("interval_nanoseconds", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
    )


class _KernelAlarm:
    """timerfd_create(2), which Python has from 3.13 on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        # PyDLL: such a short call is not worth to let other threads take the interpreter
        library = ctypes.PyDLL(None, use_errno=True)
        self._set = library.timerfd_settime
        self._set.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.POINTER(_Setting), ctypes.c_void_p)
        self._loop, self._setting = loop, _Setting()
        self._fd: int = library.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        loop.add_reader(self._fd, ring)

    def set(self, when: int) -> None:
        self._setting.seconds, self._setting.nanoseconds = divmod(max(when, 1), _SECOND)
        self._set(self._fd, _ABSOLUTE, self._setting, None)  # also takes back one that rings already

    def off(self) -> None:
        self._setting.seconds = self._setting.nanoseconds = 0
        self._set(self._fd, _ABSOLUTE, self._setting, None)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class _LoopAlarm:
    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, when: int) -> None:
        self.off()
        self._timer = self._loop.call_later(max(0, when - time.monotonic_ns()) / _SECOND, self._rung)

    def off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        self.off()

    def _rung(self) -> None:
        self.set(0)
        self._ring()
