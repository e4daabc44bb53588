"""From the account of a switch to findings (VEL-Z1). No I/O.

- **availability**: 99.9 % of the requests must be answered well, at 99 % confidence. 4603 requests without a failure
  show it, fewer leave it unknown. How many there are depends on the rate and on when the version changed, never on how
  many were bad, so that the exact binomial bound holds.
- **every request**: a blue-green switch need not lose a single one. One that did is a reason to look, also where 99.9 %
  was kept: a longer watch would dilute any gap.
- **change**: the version changed, and once it had, the old one answered no more.

A loss that is over asks for `hold`, since to roll back is to switch once more. Only what is still broken at the end
asks for a rollback.
"""

from dataclasses import replace

from postflight.model import Finding, Measurement, OnBreach, Status, Unit
from postflight.stats.floor import Proof, judge
from postflight.watch.transition.account import Account, End, Window

STAGE = "watch"
OBJECTIVE = 0.999  # VEL-Z1
CONFIDENCE = 0.99
LONGEST_MIX = 5.0  # seconds in which both versions may answer: connections and caches that are still on their way
_MOST_MISSING = 0.5  # of all requests
_LIMIT = "at least 99.9 %"
_COVERS = ("VEL-Z1",)


def findings_of(account: Account) -> list[Finding]:
    """Return one finding for each of the three questions."""
    return [_availability(account), _every_request(account), _change(account)]


def _finding(name: str, title: str, expected: str, *measurements: Measurement) -> Finding:
    return Finding(
        check=f"during deploy: {name}",
        stage=STAGE,
        status=Status.GOOD,
        title=title,
        expected=expected,
        covers=_COVERS,
        measurements=measurements,
    )


def _availability(account: Account) -> Finding:
    available = account.availability
    told = () if available is None else (Measurement("availability", (available,), Unit.RATIO, limit=_LIMIT),)
    base = _finding("availability", "Availability during the deployment", "99.9 % of requests answered well", *told)
    if invalid := _not_measured(account, base):
        return invalid
    claim = judge(OBJECTIVE, CONFIDENCE, requests=account.measured, failures=account.bad)
    match claim.proof:
        case Proof.SHOWN:
            return replace(base, summary=str(claim))
        case Proof.UNKNOWN:
            return replace(base, status=Status.UNKNOWN, on_breach=OnBreach.HOLD, summary=str(claim))
        case Proof.REFUTED:
            broken = _broken_at_the_end(account)
            how = (
                f"and the last {broken} requests were bad"
                if broken
                else "and it is over: to roll back is to switch again"
            )
            on_breach = OnBreach.ROLLBACK if broken else OnBreach.HOLD
            return replace(base, status=Status.BAD, on_breach=on_breach, summary=f"{claim}, {how}")


def _every_request(account: Account) -> Finding:
    base = _finding(
        "every request", "No request is lost that need not be", "each request is answered, and none with 5xx"
    )
    if invalid := _not_measured(account, base):
        return invalid
    if account.bad:
        said = f"{account.count(End.LOST)} requests lost and {account.count(End.FAILED)} failed of {account.measured}"
        worst = max(account.windows, key=lambda window: (window.requests, -window.first))
        return replace(
            base, status=Status.BAD, on_breach=OnBreach.HOLD, summary=f"{said}; {in_words(worst)}", seen=worst.said
        )
    if blind := _blind_at_the_switch(account):
        return replace(base, status=Status.UNKNOWN, on_breach=OnBreach.HOLD, summary=blind)
    return replace(base, summary=f"all {account.measured} requests were answered")


def _change(account: Account) -> Finding:
    expected = f"the version changes, and {LONGEST_MIX:g} s later the old one answers no more"
    base = _finding("change", "One version, then the other", expected)
    change = account.change
    hold = replace(base, on_breach=OnBreach.HOLD)
    if invalid := _not_measured(account, base):
        return invalid
    if change is None:
        versions = [version for version in account.by_version if version]
        seen = f"{versions[0]} answered all the time" if versions else "no answer told its version"
        return replace(hold, status=Status.UNKNOWN, summary=f"no change of versions was seen: {seen}")
    if change.reverted:
        other = " and ".join(change.others)
        return replace(hold, status=Status.BAD, summary=f"{change.old} answers again at the end, after {other}")
    mixed = (
        f"both answered for {change.mixed:.2f} s, {change.old} {change.stragglers} times after {change.new} had begun"
    )
    if change.mixed > LONGEST_MIX:
        return replace(hold, status=Status.BAD, summary=mixed)
    said = f"{change.old} until {change.last_old:.2f} s, {change.new} from {change.first_new:.2f} s on"
    return replace(base, summary=f"{said}; {mixed}" if change.stragglers else said)


def in_words(window: Window) -> str:
    """Say how long a window was: `40 in a row from 12.02 s to 12.80 s: down for 0.78 s at least, 0.82 s at most`."""
    many = f"{window.requests} in a row from {window.first:.2f} s to {window.last:.2f} s"
    most = f"{window.at_most:.2f} s at most" if window.at_most is not None else "how long at most is not known"
    return f"{many}: down for {window.at_least:.2f} s at least, {most}"


def _not_measured(account: Account, base: Finding) -> Finding | None:
    missing = account.count(End.MISSING)
    if missing <= _MOST_MISSING * account.sent and account.measured:
        return None
    why = next((visit.said for visit in account.visits if visit.end is End.MISSING), "no request was sent")
    return replace(base, status=Status.INVALID, summary=f"{missing} of {account.sent} requests say nothing: {why}")


def _broken_at_the_end(account: Account) -> int:
    """Return how many requests were bad at the very end, in a row; 0 when the last one was good."""
    last = account.windows[-1] if account.windows else None
    return last.requests if last and last.before is None else 0


def _blind_at_the_switch(account: Account) -> str:
    """Say so when this runner saw nothing at the one time that matters."""
    change = account.change
    if change is None:
        return ""
    start, end = sorted((change.last_old, change.first_new))
    blind = sum(start <= visit.at <= end for visit in account.visits if visit.end is End.MISSING)
    return (
        f"at the switch itself, {blind} requests say nothing: {account.troubles[0].why}"
        if blind and account.troubles
        else ""
    )
