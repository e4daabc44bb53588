"""When an answer came: by the kernel's clock where it tells, so that a busy generator makes no server look slow.

All times here are whole nanoseconds of `time.monotonic_ns`. Linux notes the arrival of each packet (SO_TIMESTAMPNS,
Documentation/networking/timestamping.rst) and hands it out with the data, in time of the day.
"""

import socket
import struct
import sys
import time
from collections.abc import Sequence

from postflight.load.engine.native import original

_TIMESTAMPNS = 35  # SO_TIMESTAMPNS and SCM_TIMESTAMPNS of asm-generic/socket.h; Python's socket does not name it
_TIMESPEC = struct.Struct("@ll")
_unpack = _TIMESPEC.unpack
ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)  # bytes
_TRIES = 5

Ancillary = Sequence[tuple[int, int, bytes]]


class Clock:
    """Turns time of the day into monotonic time. Owned by one thread."""

    __slots__ = ("_asking", "unix")

    def __init__(self) -> None:
        # the kernel begins to stamp a while after the first socket asks, and ends with the last one: this one stays
        self._asking: socket.socket = original("socket", "socket")(socket.AF_INET, socket.SOCK_DGRAM)
        ask_for_timestamps(self._asking)
        self.unix = 0  # what to add to a monotonic time to get Unix time
        self.set()

    def close(self) -> None:
        """Ask for no more timestamps."""
        self._asking.close()

    def set(self) -> None:
        """Compare the two clocks again: time of the day may be corrected while we run."""
        pairs = []
        for _ in range(_TRIES):
            before, day, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
            pairs.append((after - before, day - (before + after) // 2))
        self.unix = min(pairs)[1]

    def received(self, ancillary: Ancillary) -> int:
        """Return when the last byte of what `recvmsg` returned with this had come, or 0 when the kernel is silent."""
        if not ancillary:
            return 0
        seconds: int
        nanoseconds: int
        seconds, nanoseconds = _unpack(ancillary[0][2])  # the only thing that we ask the kernel for
        return seconds * 1_000_000_000 + nanoseconds - self.unix


def ask_for_timestamps(connection: socket.socket) -> None:
    """Let the kernel say when data came on this socket, where it can."""
    if sys.platform == "linux":
        connection.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
