"""Tell `postflight gate` what happens, as it happens: one JSON line for each check that has ended."""

import contextlib
import json
import os

import pytest

from postflight.pytest_plugin.collector import Collector
from postflight.stage_process import PROGRESS_VARIABLE


class ProgressWriter:
    """Writes to the descriptor that the gate has given. Registered in the controlling process only."""

    def __init__(self, descriptor: int, collector: Collector, planned: list[str]) -> None:
        self._descriptor = descriptor
        self._collector = collector
        self._planned = planned
        self._again: set[str] = set()  # checks that failed and are about to be run once more

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of a check when its last phase is over and it is not about to be run again."""
        mark = getattr(report, "postflight", None)
        if mark is None:
            return
        check = mark["check"]
        if str(report.outcome) == "rerun":  # pytest-rerunfailures adds this one
            self._again.add(check)
        if report.when != "teardown":
            return
        if check in self._again:
            self._again.remove(check)
            return
        finding = self._collector.finding(check)
        if finding is not None:
            event = {"planned": len(self._planned), "title": finding.title, "status": finding.status.value}
            self._write(event | {"seconds": finding.seconds})

    def _write(self, event: dict[str, object]) -> None:
        with contextlib.suppress(BrokenPipeError):  # the gate is gone; the verdict is still written
            os.write(self._descriptor, json.dumps(event).encode() + b"\n")


def progress_descriptor() -> int | None:
    """Return the descriptor that the gate has given, once: children of ours must not have it."""
    given = os.environ.pop(PROGRESS_VARIABLE, "")
    return int(given) if given.isdigit() else None
