"""What a test of the load stage raises means the same as the verdict of the run that it stands for."""

import itertools

import pytest

from postflight.errors import CannotMeasure, DeploymentFault, NotEnoughEvidence, PostflightError
from postflight.load.judging.outcome import error_of
from postflight.model import Decision, Finding, OnBreach, Status
from postflight.report.document import About, make_document
from postflight.verdict import decide

ABOUT = About("r1", "velocity", "staging", "https://x.test", True, "", "", "0", "")
BROKEN = {asks: Finding(f"broken-{asks}", "load", Status.BAD, asks, "broken", summary="broken") for asks in OnBreach}
LOST = Finding("workers", "load", Status.INVALID, title="all workers take part", summary="one was killed")
FEW = Finding("p99", "load", Status.UNKNOWN, title="p99", summary="too few")
CUT = Finding("end", "load", Status.INVALID, title="end", summary="was interrupted", voids_run=True)
EXCLUDED = Finding("p90", "load", Status.EXCLUDED, title="p90", summary="a shape that goes up until it breaks")
GOOD = Finding("p50", "load", Status.GOOD, title="p50")


def error(*findings: Finding) -> PostflightError | None:
    verdict = decide(findings, planned=[finding.check for finding in findings], may_roll_back=True)
    return error_of(make_document(ABOUT, verdict))


def asked(error: PostflightError | None) -> Decision:
    match error:
        case None:
            return Decision.PROMOTE
        case DeploymentFault(on_breach=OnBreach.WARN):
            return Decision.PROMOTE
        case DeploymentFault(on_breach=OnBreach.ROLLBACK):
            return Decision.ROLLBACK
        case DeploymentFault() | NotEnoughEvidence():
            return Decision.HOLD
        case CannotMeasure():
            return Decision.INVALID
    raise AssertionError(error)


@pytest.mark.parametrize("seen", list(itertools.product([True, False], repeat=7)))
def test_it_asks_for_what_the_run_was_decided(seen: tuple[bool, ...]) -> None:
    everything = [*BROKEN.values(), LOST, FEW, CUT, GOOD]
    findings = [EXCLUDED, *(finding for finding, there in zip(everything, seen, strict=True) if there)]
    verdict = decide(findings, planned=[finding.check for finding in findings], may_roll_back=True)
    assert asked(error(*findings)) is verdict.decision


def test_a_limit_that_only_warns_hides_neither_a_lost_worker_nor_too_little_evidence() -> None:
    warned = BROKEN[OnBreach.WARN]
    assert isinstance(error(warned, LOST), CannotMeasure)
    assert isinstance(error(warned, FEW), NotEnoughEvidence)


def test_an_interrupted_run_blames_nobody() -> None:
    assert isinstance(error(BROKEN[OnBreach.ROLLBACK], CUT), CannotMeasure)
