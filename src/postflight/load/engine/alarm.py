"""An alarm to the microsecond. A loop's own timers count whole milliseconds, in which five arrivals may lie."""

import asyncio
import ctypes
import os
import struct
import sys
import time
from collections.abc import Callable
from typing import Protocol

_SECOND = 1_000_000_000  # ns
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
_SETTING = struct.Struct("@llll")  # struct itimerspec: seconds and ns of the interval, and of the first time


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


class _KernelAlarm:
    """timerfd_create(2), which Python has from 3.13 on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        # PyDLL: such a short call is not worth to let other threads take the interpreter
        library = ctypes.PyDLL(None)
        self._fd: int = library.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError("no timer: timerfd_create failed; is the limit of open files (ulimit -n) reached?")
        self._setting = ctypes.create_string_buffer(_SETTING.size)
        self._settime = library.timerfd_settime
        # converted once: each conversion by ctypes costs as much as the system call
        fd, flags, setting = ctypes.c_int(self._fd), ctypes.c_int(_ABSOLUTE), ctypes.byref(self._setting)
        self._arguments = (fd, flags, setting, ctypes.c_void_p())
        self._loop = loop
        loop.add_reader(self._fd, ring)

    def set(self, when: int) -> None:
        _SETTING.pack_into(self._setting, 0, 0, 0, *divmod(when if when > 0 else 1, _SECOND))
        self._settime(*self._arguments)  # also takes back one that rings already

    def off(self) -> None:
        _SETTING.pack_into(self._setting, 0, 0, 0, 0, 0)
        self._settime(*self._arguments)

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
