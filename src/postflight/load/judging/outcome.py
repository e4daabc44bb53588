"""What a run of load gives to a test: what it measured, and the error that its verdict means."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postflight.errors import BudgetBroken, CannotMeasure, NotEnoughEvidence, PostflightError
from postflight.load.judging.thresholds import QUANTILES
from postflight.model import Decision, Finding, OnBreach, Status, Unit
from postflight.report.document import Document

_SEVERITY = (OnBreach.ROLLBACK, OnBreach.HOLD, OnBreach.WARN)
_LATENCY = tuple(f"latency.{name}" for name in QUANTILES)


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of a run, by its name in `budgets.yaml`."""

    metric: str
    value: float
    unit: Unit


def metrics_of(profile: str) -> tuple[str, ...]:
    """Return the metrics that every run of a profile measures: for `@pytest.mark.measures`."""
    return tuple(f"{profile.replace('-', '_')}.{name}" for name in (*_LATENCY, "errors", "success", "rate"))


def read_measured(reports: Path, profile: str) -> tuple[Measured, ...]:
    """Return what a run has measured. Raises `CannotMeasure` when it has not."""
    path = reports / "result.json"
    try:
        result: dict[str, Any] = json.loads(path.read_text())["profiles"][profile]
        requests, flows = result["requests"], result["flows"]
        done = flows["ok"] + flows["failed"] + flows["unknown"] + flows["invalid"]
        tried = flows["ok"] + flows["failed"]
        values = [
            *((result["latency"][name], Unit.SECONDS) for name in QUANTILES),
            (requests["failed"] / requests["ended"] if requests["ended"] else 0.0, Unit.RATIO),
            (flows["ok"] / tried if tried else 0.0, Unit.RATIO),
            (done / flows["due"] if flows["due"] else 0.0, Unit.RATIO),
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotMeasure(f"{path} does not say what {profile} measured: {error!r}") from error
    return tuple(Measured(metric, *value) for metric, value in zip(metrics_of(profile), values, strict=True))


def error_of(doc: Document) -> PostflightError | None:
    """Return the error that means what the run's verdict does; a limit that only warns hides nothing else."""
    findings = doc.verdict.findings
    invalid = [finding for finding in findings if finding.status is Status.INVALID]
    broken = sorted(
        (finding for finding in findings if finding.status is Status.BAD),
        key=lambda finding: _SEVERITY.index(finding.on_breach),
    )
    deciding = [finding for finding in broken if finding.on_breach is not OnBreach.WARN]
    voiding = [finding for finding in invalid if finding.voids_run]
    unknown = [finding for finding in findings if finding.status is Status.UNKNOWN]
    for finding in (*voiding, *deciding, *invalid, *unknown, *broken):
        return _error(finding, doc.about.base_url)
    if doc.verdict.decision is Decision.INVALID:  # nothing was measured at all
        return CannotMeasure(doc.verdict.reasons[0].text, where=doc.about.base_url)
    return None


def _error(finding: Finding, where: str) -> PostflightError:
    match finding.status:
        case Status.INVALID:
            return CannotMeasure(_words(finding), where=where)
        case Status.UNKNOWN:
            return NotEnoughEvidence(f"{finding.title}: {finding.summary}")
        case _:
            error = BudgetBroken(_words(finding), expected=finding.expected, seen=finding.seen, where=where)
            error.on_breach = finding.on_breach
            return error


def _words(finding: Finding) -> str:
    return f"{finding.summary}\n{finding.details}" if finding.details else finding.summary
