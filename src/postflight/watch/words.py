"""What the live view and the plain lines both say. No I/O."""

import math

from postflight.model import Quantity, Unit
from postflight.stats.control import Call
from postflight.watch.gauge import GaugeTrigger
from postflight.watch.health import HealthTrigger
from postflight.watch.sequential import SequentialTrigger
from postflight.watch.state import Trigger


def share_of(trigger: Trigger) -> str:
    """Return how much was bad: `3 of 120`, or the largest value of a gauge."""
    match trigger:
        case SequentialTrigger():
            return f"{trigger.breaks.bad} of {trigger.breaks.requests}"
        case HealthTrigger():
            return f"{trigger.failed} of {trigger.checks}"
        case GaugeTrigger():
            return "" if trigger.largest is None else f"at most {trigger.largest:.4g}"


def needed(trigger: Trigger) -> str:
    """Return what a trigger waits for, in a few words."""
    if trigger.call is not None:
        return f"{trigger.rule.do.value}!" if trigger.call.call is Call.ACT else "a person"
    if isinstance(trigger, HealthTrigger):
        failing = [name for name, streak in trigger.streaks.items() if streak.in_a_row]
        gone = [name for name, gaps in trigger.gaps.items() if gaps.stopped]
        return f"{', '.join(failing)} to pass" if failing else f"a signal of {', '.join(gone)}" if gone else "nothing"
    if trigger.gaps.stopped:
        return f"its signal, missing for {trigger.gaps.in_a_row} blocks"
    if isinstance(trigger, GaugeTrigger):
        return "nothing"
    if trigger.breaks.evidence > 1 and (more := trigger.breaks.requests_still_needed()):
        return f"{more} more requests like these fire"
    more = trigger.claim.more_needed
    return f"{more} requests to show it is kept" if more and not trigger.keeps.fired else "nothing"


def clock_time(seconds: float) -> str:
    """Return minutes and seconds: `04:10`."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"


def duration(seconds: float) -> str:
    """Return a duration in words: `34 ms`, `1.5 s`."""
    return str(Quantity(seconds, Unit.SECONDS))


def percentile(ordered: tuple[float, ...], share: float) -> float:
    """Return the smallest value that at least `share` of all do not exceed. `ordered` must not be empty."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
