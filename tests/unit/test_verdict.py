"""The table of DESIGN.md's verdicts, and that nothing ever goes green on nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.model import Decision, Finding, OnBreach, Status
from postflight.verdict import decide

GOOD = Finding("good", "smoke", Status.GOOD)


def finding(status: Status, on_breach: OnBreach = OnBreach.ROLLBACK, check: str = "x") -> Finding:
    return Finding(check, "smoke", status, on_breach, summary="because")


def decision(*findings: Finding, known: bool = True, planned: tuple[str, ...] | None = None) -> Decision:
    plan = planned if planned is not None else tuple(f.check for f in findings)
    return decide(findings, planned=plan, may_roll_back=known).decision


@pytest.mark.parametrize(
    ("status", "on_breach", "expected"),
    [
        (Status.BAD, OnBreach.ROLLBACK, Decision.ROLLBACK),
        (Status.BAD, OnBreach.HOLD, Decision.HOLD),
        (Status.BAD, OnBreach.WARN, Decision.PROMOTE),
        (Status.FLAKY, OnBreach.ROLLBACK, Decision.HOLD),
        (Status.UNKNOWN, OnBreach.ROLLBACK, Decision.HOLD),
        (Status.INVALID, OnBreach.ROLLBACK, Decision.INVALID),
        (Status.INVALID, OnBreach.HOLD, Decision.INVALID),
        (Status.INVALID, OnBreach.WARN, Decision.PROMOTE),
        (Status.EXCLUDED, OnBreach.ROLLBACK, Decision.PROMOTE),
        (Status.GOOD, OnBreach.ROLLBACK, Decision.PROMOTE),
    ],
)
def test_one_finding_beside_a_good_one(status: Status, on_breach: OnBreach, expected: Decision) -> None:
    assert decision(GOOD, finding(status, on_breach)) is expected


def test_exit_codes_are_never_those_of_pytest_or_python() -> None:
    assert {d.name: d.exit_code for d in Decision} == {"PROMOTE": 0, "HOLD": 10, "ROLLBACK": 20, "INVALID": 30}


def test_unknown_address_has_nothing_to_roll_back() -> None:
    assert decision(GOOD, finding(Status.BAD), known=False) is Decision.HOLD


def test_nothing_collected_is_invalid() -> None:
    verdict = decide((), planned=(), may_roll_back=True)
    assert verdict.decision is Decision.INVALID
    assert "no check was collected" in verdict.reasons[0].text


def test_only_excluded_is_invalid() -> None:
    verdict = decide((finding(Status.EXCLUDED),), planned=("x",), may_roll_back=True)
    assert verdict.decision is Decision.INVALID
    assert "excluded by configuration" in verdict.reasons[0].text


def test_a_good_preflight_alone_verifies_nothing() -> None:
    assert decision(Finding("preflight", "preflight", Status.GOOD)) is Decision.INVALID


def test_a_lost_result_is_invalid() -> None:
    verdict = decide((GOOD,), planned=("good", "lost"), may_roll_back=True)
    assert verdict.decision is Decision.INVALID
    assert verdict.reasons[0].check == "lost"


def test_a_valid_breach_is_not_unmade_by_what_could_not_be_measured() -> None:
    assert decision(finding(Status.BAD), finding(Status.INVALID, check="y")) is Decision.ROLLBACK
    assert decision(finding(Status.BAD, OnBreach.HOLD), finding(Status.INVALID, check="y")) is Decision.HOLD


def test_invalid_before_flaky() -> None:
    assert decision(finding(Status.FLAKY), finding(Status.INVALID, check="y")) is Decision.INVALID


def test_a_broken_network_voids_every_breach() -> None:
    broken = replace(finding(Status.INVALID, check="network"), voids_run=True)
    verdict = decide((finding(Status.BAD), broken), planned=("x",), may_roll_back=True)
    assert verdict.decision is Decision.INVALID
    assert verdict.reasons[0].check == "network"


def test_reasons_start_with_those_that_decided() -> None:
    verdict = decide(
        (finding(Status.INVALID, check="i"), finding(Status.FLAKY, check="f"), finding(Status.BAD, check="b")),
        planned=("i", "f", "b"),
        may_roll_back=True,
    )
    assert [reason.check for reason in verdict.reasons] == ["b", "f", "i"]


@given(
    st.lists(st.tuples(st.sampled_from(Status), st.sampled_from(OnBreach), st.booleans()), max_size=6), st.booleans()
)
def test_promote_needs_something_good_and_nothing_that_blocks(
    drawn: list[tuple[Status, OnBreach, bool]], known: bool
) -> None:
    findings = [replace(finding(s, b, f"c{i}"), voids_run=v) for i, (s, b, v) in enumerate(drawn)]
    verdict = decide(findings, planned=[f.check for f in findings], may_roll_back=known)
    if verdict.decision is Decision.PROMOTE:
        assert any(f.status not in {Status.EXCLUDED, Status.INVALID} for f in findings)
        blocking = {Status.BAD, Status.FLAKY, Status.UNKNOWN, Status.INVALID}
        assert all(f.on_breach is OnBreach.WARN for f in findings if f.status in blocking)
    else:
        assert verdict.reasons
    if verdict.decision is Decision.ROLLBACK:
        assert known
