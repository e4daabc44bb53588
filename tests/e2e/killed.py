"""Run `postflight`, and kill this very process (SIGKILL) at one write to a ledger.

    python killed.py WHEN NUMBER -- ARGUMENTS OF POSTFLIGHT

WHEN is `before` the write, `torn` (half of the line is on the disk) or `after` it. NUMBER counts writes from 1, and as
`verdict:NUMBER` those from a watch's verdict on, which is the first of them.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from postflight import journal
from postflight.cli import main

_when, _number = sys.argv[1], int(sys.argv[2].removeprefix("verdict:"))
_waiting = ["verdict"] if sys.argv[2].startswith("verdict:") else []
_writes = itertools.count(1)
_append: Callable[..., str] = journal.Journal.append
_write = os.write


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _append_or_die(self: Any, line: Any) -> str:
    if line.kind in _waiting:
        _waiting.clear()
    if _waiting:
        return _append(self, line)
    written = next(_writes)
    if written == _number and _when == "before":
        _die()
    if written == _number and _when == "torn":
        os.write = _torn  # type: ignore[assignment]
    text = _append(self, line)
    if written == _number and _when == "after":
        _die()
    return text


def _torn(descriptor: int, data: bytes) -> int:
    _write(descriptor, data[: len(data) // 2])
    _die()
    return 0


journal.Journal.append = _append_or_die  # type: ignore[method-assign]
sys.argv = ["postflight", *sys.argv[sys.argv.index("--") + 1 :]]
main()
