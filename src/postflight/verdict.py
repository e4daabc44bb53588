"""From findings to a verdict. No I/O.

Two questions, never mixed: is the deployment good, and was the measurement valid. What decides, in this order:

1. a finding that voids the run (the runner's own network broke): invalid, whatever else was seen;
2. a limit broken, measured, that asks for `rollback`: rollback. What else could not be measured does not unmake it;
3. a limit broken, measured, that asks for `hold`: hold;
4. anything that could not be measured, or was lost: invalid;
5. too little evidence, or a check that failed and then passed: hold;
6. nothing measured at all: invalid. Never green on nothing;
7. otherwise promote.

A limit that asks for `warn` is shown and never decides. For an address that `deployments.yaml` does not know nothing is
configured to roll back, so there `rollback` means `hold`.
"""

from collections.abc import Iterable, Sequence

from postflight.model import Decision, Finding, OnBreach, Reason, Status, Verdict

_MEASURED = frozenset({Status.GOOD, Status.BAD, Status.FLAKY, Status.UNKNOWN})
_RANK = {Decision.ROLLBACK: 0, Decision.HOLD: 1, Decision.INVALID: 2, Decision.PROMOTE: 3}


def decide(findings: Iterable[Finding], *, planned: Iterable[str], may_roll_back: bool) -> Verdict:
    """Decide what the pipeline does next.

    Args:
        findings: what the checks found, at most one for each check id.
        planned: ids of all checks that were to run. One without a finding was lost, and that is an invalid measurement.
        may_roll_back: whether a rollback is configured for this deployment at all.

    """
    found = tuple(findings)
    plan = tuple(planned)
    complete = (*found, *_lost(found, plan))
    asked = [(_asks_for(finding, may_roll_back=may_roll_back), finding) for finding in complete]
    reasons = [_reason(decision, finding) for decision, finding in asked if decision is not Decision.PROMOTE]

    if any(_voids(finding) for finding in complete):
        decision = Decision.INVALID
        reasons.sort(key=lambda reason: reason.decision is not Decision.INVALID)
    elif broken := _worst_breach(asked):
        decision = broken
    elif any(asks is Decision.INVALID for asks, _ in asked):
        decision = Decision.INVALID
    elif reasons:
        decision = Decision.HOLD
    elif not any(finding.status in _MEASURED for finding in found if finding.check != "preflight"):
        decision = Decision.INVALID
        reasons = [Reason(decision, "run", _nothing_measured(found, plan))]
    else:
        decision = Decision.PROMOTE
    made_it_first = sorted(reasons, key=lambda reason: (reason.decision is not decision, _RANK[reason.decision]))
    return Verdict(decision, tuple(made_it_first), complete, len(plan))


def _voids(finding: Finding) -> bool:
    return finding.voids_run and finding.status is Status.INVALID


def _worst_breach(asked: Sequence[tuple[Decision, Finding]]) -> Decision | None:
    breaches = {decision for decision, finding in asked if finding.status is Status.BAD} - {Decision.PROMOTE}
    return min(breaches, key=_RANK.__getitem__, default=None)


def _lost(found: Sequence[Finding], planned: Sequence[str]) -> list[Finding]:
    """Return an invalid finding for each planned check that has none: a worker died, or the run was cut short."""
    seen = {finding.check for finding in found}
    summary = "was planned but has no result: the run was cut short or its worker died"
    return [
        Finding(check, stage="run", status=Status.INVALID, title=check, summary=summary)
        for check in dict.fromkeys(planned)
        if check not in seen
    ]


def _asks_for(finding: Finding, *, may_roll_back: bool) -> Decision:
    """Return what one finding alone asks for."""
    if finding.status in {Status.GOOD, Status.EXCLUDED}:
        return Decision.PROMOTE
    if finding.on_breach is OnBreach.WARN and not _voids(finding):
        return Decision.PROMOTE
    if finding.status is Status.INVALID:
        return Decision.INVALID
    if finding.status is Status.BAD and finding.on_breach is OnBreach.ROLLBACK and may_roll_back:
        return Decision.ROLLBACK
    return Decision.HOLD


def _reason(decision: Decision, finding: Finding) -> Reason:
    words = {Status.FLAKY: "failed, then passed when run again: ", Status.UNKNOWN: "too little evidence: "}
    return Reason(decision, finding.check, words.get(finding.status, "") + (finding.summary or "no summary"))


def _nothing_measured(found: Sequence[Finding], planned: Sequence[str]) -> str:
    excluded = sum(finding.status is Status.EXCLUDED for finding in found)
    if excluded:
        return f"nothing was verified: all {excluded} checks are excluded by configuration for this environment"
    if planned:
        return f"nothing was verified: none of {len(planned)} planned checks was measured"
    return "nothing was verified: no check was collected (is the marker, path or platform right?)"
