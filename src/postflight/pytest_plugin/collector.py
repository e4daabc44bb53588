"""From pytest's reports, also those of xdist's workers, to one finding for each check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from postflight.exhibits import Exhibit
from postflight.model import Finding, Measurement, OnBreach, Status, Weakness

MAX_DETAILS = 20_000  # characters of a traceback or log that a finding keeps
MAX_WEAKNESSES = 200  # of one finding
MAX_EXHIBITS = 12  # likewise
NEVER_CALLED = "was set up, but never ran (is one of pytest's --setup-... options given?)"

_MEASUREMENTS = TypeAdapter(tuple[Measurement, ...])
_WEAKNESSES = TypeAdapter(tuple[Weakness, ...])
_EXHIBITS = TypeAdapter(tuple[Exhibit, ...])
# of several phases of one attempt the worst counts
_WORST = [Status.INVALID, Status.BAD, Status.UNKNOWN, Status.EXCLUDED, Status.GOOD]


@dataclass(slots=True)
class _Attempt:
    phases: list[dict[str, Any]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def decisive(self) -> dict[str, Any]:
        """The phase that says what became of the attempt; the call's when all are equal."""
        return min(self.phases, key=lambda phase: (_WORST.index(Status(phase["status"])), phase["when"] != "call"))

    @property
    def status(self) -> Status:
        status = Status(self.decisive["status"])
        return Status.INVALID if status is Status.GOOD and not self.called else status

    @property
    def called(self) -> bool:
        """Whether the test itself ran: with `--setup-only` a suite is all set up, and verifies nothing."""
        return any(phase["when"] == "call" for phase in self.phases)

    @property
    def finished(self) -> bool:
        return any(phase["when"] == "teardown" for phase in self.phases)


class Collector:
    """Gathers what the reports say. One instance in the process that decides."""

    def __init__(self) -> None:
        self._attempts: dict[str, list[_Attempt]] = {}
        self._extra: list[Finding] = []
        self.merged: set[str] = set()  # checks whose causes another finding tells of, when `findings` was called last

    def add(self, finding: Finding) -> None:
        """Add a finding that no test made: the preflight, a collection error, a broken run."""
        self._extra.append(finding)

    def add_report(self, report: pytest.TestReport) -> None:
        """Add one phase of one attempt. Reports without our mark (a crashed worker's) are no results."""
        mark = getattr(report, "postflight", None)
        if mark is None:
            return
        attempts = self._attempts.setdefault(mark["check"], [])
        if not attempts or report.when == "setup":
            attempts.append(_Attempt())
        attempt = attempts[-1]
        attempt.phases.append(mark)
        attempt.seconds += report.duration
        if report.longrepr is not None and not report.skipped:
            attempt.details.append(report.longreprtext[-MAX_DETAILS:])

    def finding(self, check: str) -> Finding | None:
        """Return what is known of one check, once its latest attempt has reached its end."""
        attempts = self._attempts.get(check)
        return _finding(check, attempts) if attempts and attempts[-1].finished else None

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings. A check whose last attempt never reached its end has none: it was lost."""
        complete = {check: tries for check, tries in self._attempts.items() if tries[-1].finished}
        found = [_finding(check, tries) for check, tries in complete.items()]
        causes = {check: _causes(tries) for check, tries in complete.items()}
        kept, self.merged = _told_once(found, causes)
        return (*self._extra, *kept)


def _causes(attempts: list[_Attempt]) -> frozenset[str]:
    return frozenset(cause for attempt in attempts for phase in attempt.phases for cause in phase.get("causes", ()))


def _told_once(findings: Iterable[Finding], causes: Mapping[str, frozenset[str]]) -> tuple[list[Finding], set[str]]:
    """Return the findings, of which each cause is told by the first, and the ids of those that tell of nothing else.

    What is left out never asks for more than what tells of it.
    """
    told: dict[tuple[str, OnBreach], str] = {}
    kept: dict[str, Finding] = {}
    others: dict[str, list[str]] = {}
    for finding in findings:
        known = {(cause, finding.on_breach) for cause in causes[finding.check]}
        if known and finding.status in {Status.BAD, Status.FLAKY} and known <= told.keys():
            others.setdefault(told[min(known)], []).append(finding.check)
            continue
        if finding.status is Status.BAD:
            told |= {one: finding.check for one in known if one not in told}
        kept[finding.check] = finding
    for check, same in others.items():
        names = ", ".join(same)
        details = f"{kept[check].details}\n\nThe same cause made these fail, too: {names}"
        summary = f"{kept[check].summary} ({len(same)} more checks met the same)"
        kept[check] = replace(kept[check], details=details[:MAX_DETAILS], summary=summary)
    return list(kept.values()), {check for same in others.values() for check in same}


def _finding(check: str, attempts: list[_Attempt]) -> Finding:
    status = _status(attempts)
    # the evidence of a flaky check is its first failure
    told = attempts[0] if status is Status.FLAKY else attempts[-1]
    mark = told.decisive
    marks = [phase for attempt in attempts for phase in attempt.phases]
    return Finding(
        check=check,
        stage=mark["stage"],
        status=status,
        on_breach=OnBreach(mark["on_breach"]),
        title=mark["title"],
        summary=mark["summary"] or ("" if told.called else NEVER_CALLED),
        expected=mark["expected"],
        seen=mark["seen"],
        where=mark["where"],
        covers=tuple(mark["covers"]),
        measurements=_measurements(told.phases),
        curl=mark["curl"],
        rerun=mark["rerun"],
        details="\n".join(told.details)[:MAX_DETAILS],
        evidence=tuple(dict.fromkeys(path for phase in marks for path in phase["evidence"])),
        seconds=round(sum(attempt.seconds for attempt in attempts), 3),
        weaknesses=_weaknesses(told.phases),
        exhibits=_exhibits(told.phases),
    )


def _status(attempts: list[_Attempt]) -> Status:
    statuses = [attempt.status for attempt in attempts]
    if Status.INVALID in statuses:
        return Status.INVALID
    if Status.BAD in statuses and statuses[-1] is not Status.BAD:
        return Status.FLAKY
    return statuses[-1]


def _measurements(phases: Iterable[dict[str, Any]]) -> tuple[Measurement, ...]:
    return tuple(m for phase in phases for m in _MEASUREMENTS.validate_json(phase["measurements"]))


def _weaknesses(phases: Iterable[dict[str, Any]]) -> tuple[Weakness, ...]:
    return tuple(w for phase in phases for w in _WEAKNESSES.validate_json(phase["weaknesses"]))


def _exhibits(phases: Iterable[dict[str, Any]]) -> tuple[Exhibit, ...]:
    return tuple(e for phase in phases for e in _EXHIBITS.validate_json(phase["exhibits"]))


def exhibits_as_json(exhibits: Iterable[Exhibit]) -> str:
    """Return pictures as text, for the way from a worker; those beyond the bound are left out."""
    return _EXHIBITS.dump_json(tuple(exhibits)[:MAX_EXHIBITS]).decode()


def weaknesses_as_json(weaknesses: Iterable[Weakness]) -> str:
    """Return weak points as text, for the way from a worker; those beyond the bound are left out."""
    return _WEAKNESSES.dump_json(tuple(weaknesses)[:MAX_WEAKNESSES]).decode()


def measurements_as_json(measurements: Iterable[Measurement]) -> str:
    """Return measurements as text, for the way from a worker."""
    return _MEASUREMENTS.dump_json(tuple(measurements)).decode()
