"""What the tests of the history share: runs as they are kept, and a file that holds them."""

from dataclasses import replace
from pathlib import Path

from postflight.history import Entry, History, Series
from postflight.model import Decision, Finding, Measurement, Reason, Status, Unit, Verdict
from postflight.report.document import About, Document, make_document

NOW = 1_790_000_000.0
PROMOTE, HOLD, ROLLBACK, INVALID = Decision.PROMOTE, Decision.HOLD, Decision.ROLLBACK, Decision.INVALID


def entry(name: str = "r1", decision: Decision = PROMOTE, **changes: object) -> Entry:
    made = Entry(name, "gate", "velocity", "staging", "http://x", True, NOW - 60, NOW, decision, decision.exit_code)
    return replace(made, **changes)


def series(value: float, metric: str = "edit.sync", **changes: object) -> Series:
    return replace(Series(metric, Unit.SECONDS, 1, value, value, value), **changes)


def document(*measurements: Measurement, decision: Decision = HOLD, reason: str = "slow") -> Document:
    about = About(
        "r1", "velocity", "staging", "http://x", True, "2026-11-20T10:00:00+00:00", "2026-11-20T10:01:00.500+00:00",
        "0.1", "postflight gate",
    )  # fmt: skip
    found = Finding("smoke/test_it.py::test_x", "smoke", Status.BAD, summary=reason, measurements=measurements)
    made = make_document(about, Verdict(decision, (), (found,), 1))
    return replace(made, verdict=replace(made.verdict, reasons=(Reason(decision, found.check, reason),)))


def kept(file: Path, **only: object) -> list[Entry]:
    with History.at(file, create=False) as opened:
        return opened.runs(**only)


def keep(file: Path, *entries: Entry) -> None:
    with History.at(file) as opened:
        for each in entries:
            opened.add(each)
