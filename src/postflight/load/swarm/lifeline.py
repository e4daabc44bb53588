"""End a process of Locust when whoever started it is gone, also when that was killed: no load that nobody judges."""

import os
import signal

import gevent

from postflight.load.orders import LIFELINE_VARIABLE


def hold_on() -> None:
    """Hold on to the pipe that the starter keeps open, where there is one. Its end ends us, as SIGTERM would."""
    given = os.environ.pop(LIFELINE_VARIABLE, "")
    if given.isdigit():
        gevent.spawn(_wait, int(given))


def _wait(descriptor: int) -> None:
    gevent.os.tp_read(descriptor, 1)  # in a thread of gevent's pool: nothing is ever written to it
    os.kill(os.getpid(), signal.SIGTERM)
