"""Start the reference platform as a process of its own, learn its addresses, and end it.

Postflight knows it only from outside: its command line and the one JSON line that it prints when it is ready.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from postflight.errors import CannotMeasure

READY_VARIABLE = "POSTFLIGHT_REFERENCE"  # the ready line of one that runs already, for the stages of a gate
START_DEADLINE = 60.0  # seconds; the very first start makes a database cluster
STOP_DEADLINE = 15.0  # seconds
MAX_READY_LINE = 64 * 1024


@contextlib.contextmanager
def reference_platform(arguments: Sequence[str] = ()) -> Iterator[str]:
    """Run the reference platform and yield its ready line.

    One that runs already (its ready line in $POSTFLIGHT_REFERENCE) is used as it is and left running.

    Raises:
        CannotMeasure: it did not become ready; the message ends with its last words.

    """
    if running := os.environ.get(READY_VARIABLE):
        yield running
        return
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "reference", "--until-stdin-closes", *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C is for us: what we created is removed before the platform goes
            )
        except OSError as error:
            raise CannotMeasure(f"the reference platform could not be started: {error}") from error
        try:
            yield _ready_line(process, log)
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """Return our environment with the folder that holds `reference/` on the path: it is not an installed package."""
    paths = [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _ready_line(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    line = b""
    until = time.monotonic() + START_DEADLINE
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if len(line) > MAX_READY_LINE or not selector.select(max(0.0, until - time.monotonic())):
                raise CannotMeasure(f"the reference platform was not ready within {START_DEADLINE:.0f} s{_words(log)}")
            chunk = os.read(process.stdout.fileno(), MAX_READY_LINE)
            if not chunk:
                raise CannotMeasure(f"the reference platform ended before it was ready{_words(log)}")
            line += chunk
    return line.decode()


def _words(log: IO[bytes]) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - 2000))
    text = log.read().decode(errors="replace").strip()
    return f":\n{text}" if text else "; it said nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it: closing its standard input asks, and after the deadline it is told."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    for end in (None, process.terminate, process.kill):
        if end is not None:
            end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_DEADLINE)
            return
