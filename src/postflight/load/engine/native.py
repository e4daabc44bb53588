"""A native thread, sockets and all, whether gevent has patched this process or not.

Locust patches the standard library, so that `threading` makes greenlets and `socket` waits in gevent's hub. The engine
waits in a loop of its own, beside the hub, and needs what was there before.
"""

import importlib
import socket
import sys
from collections.abc import Callable
from typing import Any


def original(module: str, name: str) -> Any:
    """Return what a module of the standard library holds under a name, as it was before gevent patched it."""
    if (monkey := sys.modules.get("gevent.monkey")) is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)


def start_thread(function: Callable[[], None]) -> None:
    """Run a function in a new thread of the operating system. Nobody waits for it, also not the end of the process."""
    original("_thread", "start_new_thread")(function, ())


def stream_socket(family: int) -> socket.socket:
    """Return a non-blocking TCP socket that sends at once."""
    made: socket.socket = original("socket", "socket")(family, socket.SOCK_STREAM)
    made.settimeout(0)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
