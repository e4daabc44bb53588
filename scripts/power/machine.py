"""The machine: what it is, how busy it is, and how to keep it busy on purpose."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BUSY = """import os, time
end = time.monotonic() + {limit}
while time.monotonic() < end and os.getppid() == {parent}: sum(range(20000))"""
LONGEST = 600.0  # seconds after which a busy process ends by itself


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many cores busy until the block ends."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", BUSY.format(limit=LONGEST, parent=os.getpid())], stdin=subprocess.DEVNULL
        )
        for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def load() -> float:
    """Return how many processes have wanted a core in the last minute."""
    return os.getloadavg()[0]
