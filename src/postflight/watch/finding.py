"""Findings of a watch, in the words of its triggers. No I/O."""

from dataclasses import replace

from postflight.model import Finding, Measurement, OnBreach, Status
from postflight.stats.control import Call, Judgement
from postflight.stats.rules import Do

STAGE = "watch"


def finding(name: str, expected: str, measurements: tuple[Measurement, ...] = ()) -> Finding:
    """Return a finding of a trigger, still to be judged. Not to be measured is invalid."""
    return Finding(
        check=f"watch {name}",
        stage=STAGE,
        status=Status.INVALID,
        title=f"Trigger {name}",
        expected=expected,
        measurements=measurements,
    )


def bad(base: Finding, do: Do, call: Judgement, seen: str) -> Finding:
    """Return the finding of a trigger that has called: it asks for what it does, or for a hold."""
    acts = call.call is Call.ACT and do is not Do.HOLD
    said = f"{call.reason}; asks for {do.value if call.call is Call.ACT else 'hold'}"
    on_breach = OnBreach.ROLLBACK if acts else OnBreach.HOLD
    return replace(base, status=Status.BAD, on_breach=on_breach, summary=said, seen=seen)


def good(base: Finding, seen: str) -> Finding:
    """Return the finding of a trigger whose limit was shown to be kept."""
    return replace(base, status=Status.GOOD, summary="the limit was kept", seen=seen)


def unknown(base: Finding, why: str) -> Finding:
    """Return the finding of a trigger that says neither: hold."""
    return replace(base, status=Status.UNKNOWN, on_breach=OnBreach.HOLD, summary=why)
