"""Read what a process of ours tells through a pipe, line by line, with a deadline."""

import os
import selectors
import time
from collections.abc import Iterator

MAX_LINE = 64 * 1024  # bytes; what is longer loses its beginning


def lines(descriptor: int, until: float) -> Iterator[bytes]:
    """Yield lines until the other side closes. Raises `TimeoutError` at `until` (seconds, monotonic)."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            chunk = os.read(descriptor, MAX_LINE)
            if not chunk:
                return
            *whole, buffer = (buffer + chunk).split(b"\n")
            buffer = buffer[-MAX_LINE:]
            yield from whole
