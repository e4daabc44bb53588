"""VEL-S2 to S9: every operation does what the document promises, whatever it is sent. Schemathesis generates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from schemathesis.engine.run import PhaseName

from postflight.contract.documents import Operation
from postflight.contract.fuzzer import Fuzzer, Plan, Report, Tally, evidence
from postflight.contract.owned import Owned
from postflight.errors import CannotMeasure, NotEnoughEvidence
from postflight.model import Unit, Weakness
from postflight.pytest_plugin.fixtures import Exclude, Measure

from .conftest import Stage

pytestmark = [pytest.mark.contract, pytest.mark.covers("VEL-S2", "VEL-S3", "VEL-S4")]

_PATIENCE = (1, 4)  # times of the planned seconds
_BEFORE = pytest.StashKey[Report]()  # on an item: what its first attempt found


def test_examples(operation: Operation, try_out: Callable[[Operation, PhaseName], Report]) -> None:
    """The document's own examples work"""
    try_out(operation, PhaseName.EXAMPLES)


def test_coverage(operation: Operation, try_out: Callable[[Operation, PhaseName], Report]) -> None:
    """Every boundary of every parameter is where the document says"""
    try_out(operation, PhaseName.COVERAGE)


@pytest.mark.measures("contract.reached")
def test_fuzzing(
    operation: Operation,
    try_out: Callable[[Operation, PhaseName], Report],
    fuzzer: Fuzzer,
    measure: Measure,
    exclude: Exclude,
) -> None:
    """Drawn requests are answered as the document says, and valid ones reach what they are about"""
    report = try_out(operation, PhaseName.FUZZING)
    tally = report.tally
    measure("contract.reached", tally.share, unit=Unit.RATIO, where=operation.label)
    if fault := evidence(report, operation):
        raise fault.error()
    if tally.reached:
        return
    seen = ", ".join(f"{count} x {status}" for status, count in sorted(tally.valid.items())) or "none was sent"
    if not fuzzer.client.rules.fuzz and "{" in operation.path:
        exclude(f"nothing may be created here, and nothing was found to try {operation.label} on ({seen})")
    raise NotEnoughEvidence(
        f"no valid call of {operation.label} reached a 2xx ({seen}): nothing is known about what it answers then",
        expected="a 2xx among the answers to valid calls",
        seen=seen,
        where=operation.path,
    )


@pytest.mark.needs("fuzz")
def test_sequences(
    request: pytest.FixtureRequest, fuzzer: Fuzzer, plan: Callable[[PhaseName], Plan],
    sign_in: Callable[[], str | None], adapter: Any, weaknesses: list[Weakness],
) -> None:  # fmt: skip
    """Calls that follow from one another (create, read, change, delete) do what each promises"""
    phase = PhaseName.STATEFUL_TESTING
    # a sequence holds what it creates until its end: what takes of a pool would leave nothing for the checks beside it
    scarce = tuple(getattr(adapter, "scarce", ()))
    report = fuzzer.run(None, phase, plan(phase), token=sign_in(), without=scarce)
    known = request.node.stash.get(_BEFORE, None)
    request.node.stash[_BEFORE] = report
    causes = {fault.cause for fault in known.faults} if known else None
    _tell(report, [one for one in report.faults if causes is None or one.cause in causes], weaknesses)


@pytest.fixture
def try_out(
    request: pytest.FixtureRequest,
    fuzzer: Fuzzer,
    plan: Callable[[PhaseName], Plan],
    stage: Stage,
    token: str | None,
    sign_in: Callable[[], str | None],
    adapter: object,
    need_token: Callable[[Operation, str | None], None],
    weaknesses: list[Weakness],
) -> Callable[[Operation, PhaseName], Report]:
    """A function that runs a phase for an operation and raises what it found.

    When the check is run once more, the very requests that failed are sent again, and nothing else.
    """

    def attempt(operation: Operation, phase: PhaseName) -> Report:
        need_token(operation, token)
        # a token that an operation ends is not the one that the other checks share
        used = sign_in() if operation.label in getattr(adapter, "ends_session", ()) else token
        objects = stage.objects(operation)
        known = request.node.stash.get(_BEFORE, None)
        if known is not None and known.faults:
            _tell(known, list(fuzzer.again(known, token=used, objects=objects)), weaknesses)
            return known
        report = Report((), Tally(), Owned())
        for patience in _PATIENCE:  # a busy runner may need all of its time to draw the first case
            share = replace(plan(phase), seconds=plan(phase).seconds * patience)
            report = fuzzer.run(operation, phase, share, token=used, objects=objects, uses=stage.uses(operation))
            if phase is not PhaseName.FUZZING or report.tally.valid or report.faults:
                break
        request.node.stash[_BEFORE] = report
        _tell(report, list(report.faults), weaknesses)
        return report

    return attempt


def _tell(report: Report, faults: list, weaknesses: list[Weakness]) -> None:  # type: ignore[type-arg]
    """Raise what is the deployment's fault first, and what is the tool's only where there is none."""
    weaknesses.extend(fault.weakness() for fault in faults)
    if faults:
        raise faults[0].error(faults[1:])
    if report.capped:
        raise NotEnoughEvidence(
            "all requests that a run may send were sent before this was looked at to the end; allow more with"
            " `contract: {at_most: ... requests}` in deployments.yaml"
        )
    if report.stumbles:
        error = report.stumbles[0]
        raise CannotMeasure(f"Schemathesis stumbled: {type(error).__name__}: {error}"[:500]) from error
